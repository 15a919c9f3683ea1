"""Sessions: where an account is signed in, and ending that. In person only."""

from __future__ import annotations

from fastapi import APIRouter

from brain import sessions
from web.deps import Ctx, InPerson
from web.schemas.account import SessionSummary

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.get("")
async def list_sessions(context: Ctx, actor: InPerson, login: str | None = None) -> list[SessionSummary]:
    """One's own sessions, or those of an account (`login`) that one keeps."""
    found = await sessions.list_sessions(context, actor, login or actor.login)
    return [SessionSummary.model_validate(one) for one in found]


@router.delete("/{session_id}", status_code=204)
async def end_session(session_id: int, context: Ctx, actor: InPerson) -> None:
    """Ends one's own session, or one of an account that one keeps; its live stream ends with it."""
    await sessions.end(context, actor, session_id)


@router.post("/end-others", status_code=204)
async def end_other_sessions(context: Ctx, actor: InPerson) -> None:
    """Ends all of one's own sessions but this one."""
    await sessions.end_others(context, actor)
