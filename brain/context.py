"""What every use case needs: settings, database, placing index, live feed, map layers. Opened once a process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from brain.live import Live
from brain.placements import Placements
from brain.settings import Settings
from data.engine import open_engine
from layers.catalog import EditionLayer


@dataclass(frozen=True, slots=True)
class Context:
    """The open resources of one process."""

    settings: Settings
    engine: AsyncEngine
    placements: Placements
    live: Live
    region_layers: dict[int, EditionLayer]


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Connects as the application's role; everything is closed again at the end."""
    engine = open_engine(settings.app_url)
    placements = Placements(engine, settings.home)
    live = Live(engine, settings.app_url, on_editions=placements.exchange_soon)
    try:
        yield Context(settings, engine, placements, live, {})
    finally:
        await live.close()
        await placements.close()
        await engine.dispose()
