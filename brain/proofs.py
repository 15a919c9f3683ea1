"""What somebody came in by, and whether it still counts: asked for open streams, all of a process at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from brain.actor import Proof
from brain.settings import Settings
from data.engine import SYSTEM, scoped_transaction
from data.queries import query

_ENDED = query("sessions", "ended_among")


def limits(settings: Settings, now: datetime) -> dict[str, datetime]:
    """A session begun or last used no later than these is over."""
    return {
        "created_after": now - timedelta(hours=settings.session_hours),
        "seen_after": now - timedelta(minutes=settings.session_idle_minutes),
    }


class Proofs:
    """The proofs of one installation."""

    def __init__(self, engine: AsyncEngine, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock

    async def ended_among(self, proofs: Collection[Proof]) -> set[Proof]:
        """Those that have been ended, revoked or left unused too long, and those of disabled accounts."""
        now = self._clock()
        asked = {
            "sessions": [proof.id for proof in proofs if proof.kind == "session"],
            "tokens": [proof.id for proof in proofs if proof.kind == "token"],
            "now": now,
        }
        async with scoped_transaction(self._engine, SYSTEM) as connection:
            rows = await connection.execute(_ENDED, asked | limits(self._settings, now))
            return {Proof(row.kind, row.id) for row in rows}
