"""The HTTP application: the API under /api, the console everywhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from brain.context import open_context
from brain.settings import Settings
from web import console, errors
from web.api import (
    account,
    accounts,
    audit,
    categories,
    city,
    incidents,
    invitations,
    live,
    pushdown,
    records,
    regions,
    registers,
    session,
    sessions,
    tiles,
)
from web.cross_site import CrossSiteGuard
from web.request_guard import RequestGuard
from web.security_headers import SecurityHeaders

STATIC = Path(__file__).with_name("static")


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application for one installation; connects when it is started."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_context(settings) as context:
            context.live.start()
            app.state.context = context
            yield

    app = FastAPI(
        title="citybrain",
        version=metadata.version("citybrain"),
        summary="Regions, incidents and the live map of one city.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={422: {"model": errors.Problem, "content": {errors.MEDIA_TYPE: {}}}},
        generate_unique_id_function=lambda route: route.name,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    limit_of = {"/api/incidents/batch": settings.batch_limit}
    limit_of |= dict.fromkeys((f"/api{path}" for path in registers.paths()), settings.register_limit)
    app.add_middleware(RequestGuard, limit=settings.body_limit, limit_of=limit_of)
    app.add_middleware(CrossSiteGuard)
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    for room in (
        session,
        sessions,
        account,
        accounts,
        invitations,
        city,
        categories,
        regions,
        tiles,
        incidents,
        records,
        registers,
        pushdown,
        live,
        audit,
    ):
        app.include_router(room.router, prefix="/api")
    console.install(app, STATIC)
    return app
