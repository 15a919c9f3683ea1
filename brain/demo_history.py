"""Loads the demo city's past: incidents with their whole logs, at the times when all that is supposed to have been."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.incident_rows import add_departments, ewkb, stage
from brain.placements import Placement
from data.demo.city import DemoCity
from data.demo.history import TAXONOMIES, History, Part
from data.demo.rhythms import invented
from data.engine import driver_connection, scoped_transaction
from data.queries import query

_CATEGORIES = query("categories", "names")
_FIRST_PUBLISHED = query("regions", "first_published")
_REFRESH_STATISTICS = query("regions", "refresh_statistics")
_IS_THERE = query("incidents", "is_there")
_NUMBERS = query("incidents", "numbers")
_BRING_LOG = query("incidents", "bring_log")
_STAGE_EVENTS = query("incidents", "stage_events")
_COPY_STAGED_EVENTS = query("incidents", "copy_staged_events")
_ADD_WITH_LOG = query("incidents", "add_staged_with_log")

_EVENT_TYPES = ("int8", "int8", "int8", "text", "text", "jsonb")
"""A moment is copied as what PostgreSQL makes of it: microseconds since 2000."""

_SINCE_2000_S = 946_684_800
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Ids = NDArray[np.int64]


async def load_history(context: Context, city: DemoCity, days: int, progress: Callable[[str, int, int], None]) -> None:
    """The `days` (at most 365) before the city's borders were published, in parts, each in a transaction of its own.

    What an interrupted run has loaded is not loaded again. `progress` is told, for the step "history", how many
    incidents of about how many are done. Raises Conflict without regions.
    """
    history = await _history(context, city, days)
    done = 0
    making = asyncio.create_task(_next(context, history, 0))
    try:
        for number in range(len(history)):
            part = await making
            if number + 1 < len(history):
                making = asyncio.create_task(_next(context, history, number + 1))
            if part:
                await _add(context, part)
                done += len(part)
            progress("history", done, max(done, history.about))
    finally:
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        await connection.execute(_REFRESH_STATISTICS)


async def _history(context: Context, city: DemoCity, days: int) -> History:
    """It ends when the first borders were published, so that it is the same one when it is gone on with."""
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        end = (await connection.execute(_FIRST_PUBLISHED)).scalar_one()
        categories = [
            (taxonomy, row.code, row.name)
            for taxonomy in TAXONOMIES.values()
            for row in await connection.execute(_CATEGORIES, {"taxonomy": taxonomy})
        ]
    return await asyncio.to_thread(History, city, categories, end, days, city.seed)


async def _next(context: Context, history: History, number: int) -> Part | None:
    """A part that is not there yet."""
    asked = {"sources": invented()["sources"]["names"], "source_id": history.first_source_id(number)}
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        if (await connection.execute(_IS_THERE, asked)).scalar_one():
            return None
    return await asyncio.to_thread(history.part, number)


async def _add(context: Context, part: Part) -> None:
    """Places a part in the editions in force, and writes it."""
    lon, lat = part.points.T
    written = False
    while not written:
        index = await context.placements.current()
        placement = await asyncio.to_thread(index.place, lon, lat)
        async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
            written = await context.placements.keep(connection, index)
            if written:
                await _write(connection, part, placement)


async def _write(connection: AsyncConnection, part: Part, placement: Placement) -> None:
    numbered = (await connection.execute(_NUMBERS, {"count": len(part)})).one()
    ids = np.array(numbered.numbers, dtype=np.int64)
    await stage(connection, _lines(part, placement, ids))
    await connection.execute(_STAGE_EVENTS)
    driver = await driver_connection(connection)
    async with driver.cursor() as cursor, cursor.copy(_COPY_STAGED_EVENTS.text) as copy:
        copy.set_types(_EVENT_TYPES)
        for line in _event_lines(part, placement, ids):
            await copy.write_row(line)
    await connection.execute(_BRING_LOG)
    await connection.execute(_ADD_WITH_LOG)
    await add_departments(connection, placement, np.arange(len(part)), ids)


def _lines(part: Part, placement: Placement, ids: Ids) -> Iterator[tuple[Any, ...]]:
    edition_id = placement.edition.edition_id
    columns = zip(
        ids.tolist(),
        part.source,
        part.source_id,
        part.taxonomy,
        part.category,
        part.title,
        part.description,
        part.state,
        _moments(part.occurred_at),
        _moments(part.reported_at),
        _moments(part.closed_at),
        *part.points.T.tolist(),
        ewkb(*part.points.T),
        part.place,
        placement.keys.tolist(),
        placement.codes.tolist(),
        placement.assigned.tolist(),
        placement.on_border.tolist(),
        placement.nearest_m.tolist(),
        strict=True,
    )
    for *told, x, y, point, place, key, code, assigned, on_border, nearest_m in columns:
        yield (
            *told, x, y, "EPSG:4326", point, place, key, edition_id, code if assigned else None, assigned, on_border,
            None if assigned else nearest_m, None,
        )  # fmt: skip


def _event_lines(part: Part, placement: Placement, ids: Ids) -> Iterator[tuple[Any, ...]]:
    incident = part.walks.incident
    return zip(
        ids[incident].tolist(),
        placement.keys[incident].tolist(),
        ((part.walks.at - _SINCE_2000_S) * 1_000_000).tolist(),
        part.actions,
        part.actors,
        (None if reason is None else Jsonb({"reason": reason}) for reason in part.reasons),
        strict=True,
    )


def _moments(seconds: Ids) -> Iterator[datetime | None]:
    """Moments of Unix time; what is negative has not been yet."""
    return (None if moment < 0 else _EPOCH + timedelta(seconds=moment) for moment in seconds.tolist())
