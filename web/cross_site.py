"""Requests that another site makes a browser send: refused where they would change something."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from brain.errors import Forbidden
from web.request_guard import refuse

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSiteGuard:
    """ASGI middleware: answers 403 to an unsafe request that a browser sends from a page of another origin.

    Browsers say so in Sec-Fetch-Site, older ones in Origin; programs send neither and pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is safe or from here."""
        if scope["type"] == "http" and scope["method"] not in SAFE and is_from_elsewhere(Headers(scope=scope)):
            await refuse(Forbidden("request.cross_site"), scope, send)
            return
        await self.app(scope, receive, send)


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin is behind this request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
