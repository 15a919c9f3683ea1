"""What routes ask for: the context, the signed-in actor, the caller's language."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Query, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from brain import accounts
from brain.actor import Actor, Origin, Via
from brain.context import Context
from brain.errors import BadInput, Language, Unauthenticated, Where
from web.errors import language_of

COOKIE = "citybrain_session"


def get_context(request: Request) -> Context:
    """The open resources of this process."""
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(get_context)]


def signer(context: Context) -> URLSafeTimedSerializer:
    """Signs and reads session cookies with a key of its own."""
    return URLSafeTimedSerializer(context.settings.derived("session cookie"))


def origin_of(request: Request, via: Via) -> Origin:
    """Where a request comes from, for the audit log."""
    return Origin(via, request.client.host if request.client else None)


async def get_actor(request: Request, context: Ctx) -> Actor:
    """Who asks, with today's rights. Raises Unauthenticated."""
    try:
        account_id = signer(context).loads(
            request.cookies.get(COOKIE, ""), max_age=int(context.settings.session_hours * 3600)
        )
    except BadSignature:
        raise Unauthenticated("account.not_signed_in") from None
    return (await accounts.actor(context, int(account_id))).coming_from(origin_of(request, "session"))


SignedIn = Annotated[Actor, Depends(get_actor)]
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
