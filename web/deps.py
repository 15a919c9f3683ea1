"""What routes ask for: the context, the signed-in actor, the caller's language."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Query, Request

from brain import sessions, tokens
from brain.actor import Actor, Origin, Via
from brain.context import Context
from brain.errors import BadInput, Forbidden, Language, Where
from web.errors import language_of

COOKIE = "citybrain_session"
SAFE = ("GET", "HEAD")
"""All that is allowed to who looks at the product as somebody else."""


def get_context(request: Request) -> Context:
    """The open resources of this process."""
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(get_context)]


def origin_of(request: Request, via: Via) -> Origin:
    """Where a request comes from, for the audit log."""
    return Origin(via, request.client.host if request.client else None)


async def get_actor(request: Request, context: Ctx) -> Actor:
    """Who asks, with today's rights: a connector by its token, a person by their session. Raises Unauthenticated."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return (await tokens.actor(context, token.strip())).coming_from(origin_of(request, "token"))
    actor = await sessions.actor(context, request.cookies.get(COOKIE, ""))
    if actor.viewer is not None and request.method not in SAFE:
        raise Forbidden("view.read_only")
    return actor.coming_from(origin_of(request, "session"))


async def get_person(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """Who asks, by a session: a token changes nothing of its account. Raises Unauthenticated, Forbidden."""
    if actor.proof is None or actor.proof.kind != "session":
        raise Forbidden("token.not_here")
    return actor


SignedIn = Annotated[Actor, Depends(get_actor)]
InPerson = Annotated[Actor, Depends(get_person)]
CallerLanguage = Annotated[Language, Depends(language_of)]


def get_bbox(
    bbox: Annotated[str, Query(description="west,south,east,north in degrees (EPSG:4326)")],
) -> tuple[float, float, float, float]:
    """A box as OGC API writes it. Raises BadInput."""
    parts = bbox.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise BadInput("bbox.malformed", where=Where(field="bbox"), given=bbox[:80]) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput("bbox.malformed", where=Where(field="bbox"), given=bbox[:80])
    return west, south, east, north


Box = Annotated[tuple[float, float, float, float], Depends(get_bbox)]
