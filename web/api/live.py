"""The live feed as server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from web.deps import Ctx, SignedIn

router = APIRouter(tags=["live"])


@router.get("/live", response_class=StreamingResponse)
async def live(
    context: Ctx, actor: SignedIn, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """What changes, as it changes: `hello`, `incidents` {ids}, `edition` {scheme, edition}, `reload`, `beat`."""
    cursor = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 19 else None
    return StreamingResponse(
        context.live.stream(actor.scope, cursor, actor.proof),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
