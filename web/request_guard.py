"""What no route needs to see: bodies beyond their limit, and addresses with a NUL in them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brain.errors import BadInput, CityError, TooLarge
from web.errors import MEDIA_TYPE, language_of, problem


class RequestGuard:
    """ASGI middleware: answers 413 to a body of more than `limit` bytes, declared or streamed; 422 to a NUL.

    `limit_of` holds other limits by path.
    """

    def __init__(self, app: ASGIApp, limit: int, limit_of: Mapping[str, int]) -> None:
        self.app = app
        self.limit = limit
        self.limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counting what it brings."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit_of.get(scope["path"], self.limit)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if "\0" in scope["path"] or b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
            await refuse(BadInput("request.nul"), scope, send)
            return
        if declared.isdigit() and int(declared) > limit:
            await refuse(TooLarge("body.too_large", limit=limit), scope, send)
            return
        size = 0
        refused = False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge("body.too_large", limit=limit)
            return message

        async def or_refused(message: Message) -> None:
            """Whatever a route makes of a body cut off at its limit, the answer is ours."""
            nonlocal refused
            if size > limit and not refused:
                refused = True
                await refuse(TooLarge("body.too_large", limit=limit), scope, send)
            elif not refused:
                await send(message)

        await self.app(scope, counted, or_refused)


async def refuse(fault: CityError, scope: Scope, send: Send) -> None:
    """Answers in place of every route, with a problem response."""
    answer = problem(fault, language_of(Request(scope)))
    body = answer.model_dump_json(exclude_none=True).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
