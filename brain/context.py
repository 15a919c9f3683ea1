"""What every use case needs: settings, database, placing index, live feed, map layers. Opened once a process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from brain.live import Live
from brain.placements import Placements
from brain.proofs import Proofs
from brain.settings import Settings
from data.engine import open_engine
from layers.catalog import EditionLayer


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The open resources of one process."""

    settings: Settings
    engine: AsyncEngine
    placements: Placements
    live: Live
    region_layers: dict[int, EditionLayer]
    clock: Callable[[], datetime]
    """What time it is, with zone: sessions, waits and codes go by it."""


@asynccontextmanager
async def open_context(settings: Settings, clock: Callable[[], datetime] = _now) -> AsyncIterator[Context]:
    """Connects as the application's role; everything is closed again at the end."""
    engine = open_engine(settings.app_url)
    placements = Placements(engine, settings.home)
    proofs = Proofs(engine, settings, clock)
    live = Live(engine, settings.app_url, on_editions=placements.exchange_soon, ended_among=proofs.ended_among)
    try:
        yield Context(settings, engine, placements, live, {}, clock)
    finally:
        await live.close()
        await placements.close()
        await engine.dispose()
