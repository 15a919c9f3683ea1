"""Taking reports in: checked, placed, and written with their first events."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from psycopg.errors import DeadlockDetected, UniqueViolation
from psycopg.types.json import Jsonb
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor
from brain.context import Context
from brain.incident_rows import add_departments, ewkb, stage
from brain.placements import CityIndex, Placement
from brain.report_checks import Categories, Faults, Floats, Given, check
from brain.reports import IncidentReport
from data.engine import Scope, scoped_transaction
from data.errors import BadInput, CityError, Conflict, Forbidden, Where
from data.queries import query

_NUMBERS = query("incidents", "numbers")
_ADD_STAGED = query("incidents", "add_staged")
_ADD_UNKNOWN = query("incidents", "add_unknown")
_ADDED = query("incidents", "added")
_ID_BY_SOURCE = query("incidents", "id_by_source")
_TAXONOMY = query("categories", "taxonomy")
_CODES = query("categories", "codes")

MOST_WRITING = 2
"""Transactions at once for one stream of chunks: while one is being sent, the database works on the other."""

Tag = TypeVar("Tag")
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report: added, known already, or refused with a fault."""

    id: int | None = None
    is_new: bool = False
    assigned: bool = False
    far: bool = False
    fault: CityError | None = None


async def report(context: Context, actor: Actor, given: IncidentReport) -> tuple[int, bool, list[CityError]]:
    """Takes one report in: the incident's id, whether it is new, and warnings. Raises BadInput, Forbidden, Conflict."""
    outcome = (await report_many(context, actor, [(Where(), given)]))[0]
    if outcome.fault is not None:
        raise outcome.fault
    if outcome.id is None:
        # Known by its source's id, but not to this person: the id is taken, the incident is not shown.
        raise Conflict("incident.known_elsewhere", source=given.source, source_id=given.source_id)
    warnings: list[CityError] = [BadInput("incident.far", metres=context.settings.far_m)] if outcome.far else []
    return outcome.id, outcome.is_new, warnings


async def report_many(context: Context, actor: Actor, given: Given) -> list[Outcome]:
    """Takes reports in, in one transaction: the good ones are written, the bad ones named. One outcome a report."""
    actor.must_be_able_to("report_incidents")
    return await _write(context, actor, await _prepare(context, actor, given))


async def report_chunks(
    context: Context, actor: Actor, chunks: AsyncIterator[tuple[Tag, Given]]
) -> AsyncGenerator[tuple[Tag, list[Outcome]], None]:
    """`report_many` for one chunk after the other, each in a transaction of its own; the outcomes under their tags.

    While the database writes some, the next one is read, checked and placed. They are numbered in their order. Where
    the source breaks off, what came before is written; where the reader does, what is under way is not.
    """
    actor.must_be_able_to("report_incidents")
    writing: deque[tuple[Tag, asyncio.Task[list[Outcome]]]] = deque()
    try:
        async for tag, given in chunks:
            prepared = await _prepare(context, actor, given) if given else None
            while len(writing) >= MOST_WRITING:
                yield writing[0][0], await writing[0][1]
                writing.popleft()
            writing.append((tag, asyncio.create_task(_write(context, actor, prepared))))
        while writing:
            yield writing[0][0], await writing[0][1]
            writing.popleft()
    except Exception:  # of the source, or of a chunk: the others that were handed over are written all the same
        await asyncio.gather(*(task for _, task in writing), return_exceptions=True)
        raise
    finally:
        for _, task in writing:
            task.cancel()
        await asyncio.gather(*(task for _, task in writing), return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Reports ready to be written: each one's fault or None; for the `good` ones (positions) coordinates and places.

    `order` is that of their numbers, by the time of the report: newest first by number is newest first in time.
    `numbers` has one for each report, `now` is the database's time.
    """

    given: Given
    known: Categories
    index: CityIndex
    faults: Faults
    good: list[int]
    lon: Floats
    lat: Floats
    placement: Placement
    order: NDArray[np.intp]
    numbers: list[int]
    now: datetime


async def _prepare(context: Context, actor: Actor, given: Given) -> _Prepared:
    index = await context.placements.latest()
    async with scoped_transaction(context.engine, actor.scope) as connection:
        known = await _known_categories(connection, {one.taxonomy for _, one in given})
        numbered = (await connection.execute(_NUMBERS, {"count": len(given)})).one()
    # Placing takes the processor: in a thread, and before the transaction, so that nobody waits for either.
    return await asyncio.to_thread(_placed, index, given, known, numbered.numbers, numbered.now)


def _placed(index: CityIndex, given: Given, known: Categories, numbers: list[int], now: datetime) -> _Prepared:
    faults, lon, lat = check(given, known, index.bbox)
    good = [position for position, fault in enumerate(faults) if fault is None]
    lon, lat = lon[good], lat[good]
    order = sorted(range(len(good)), key=lambda row: _in_time(given[good[row]][1]))
    placement = index.place(lon, lat)
    ordered = np.array(order, dtype=np.intp)
    return _Prepared(given, known, index, faults, good, lon, lat, placement, ordered, numbers, now)


def _in_time(one: IncidentReport) -> tuple[float, str, str]:
    return math.inf if one.reported_at is None else one.reported_at.timestamp(), one.source, one.source_id


async def _known_categories(connection: AsyncConnection, taxonomies: set[str]) -> Categories:
    known: dict[str, frozenset[str] | None] = {}
    for taxonomy in taxonomies:
        row = (await connection.execute(_TAXONOMY, {"taxonomy": taxonomy})).one_or_none()
        if row is not None:
            codes = await connection.execute(_CODES, {"taxonomy": taxonomy})
            known[taxonomy] = None if row.is_open else frozenset(codes.scalars())
    return known


async def _write(context: Context, actor: Actor, prepared: _Prepared | None) -> list[Outcome]:
    """Writes what was prepared; where borders were published meanwhile, it is placed in them first."""
    if prepared is None:
        return []
    while prepared.good:
        try:
            async with scoped_transaction(context.engine, actor.scope) as connection:
                if await context.placements.keep(connection, prepared.index):
                    return await _add(connection, actor, prepared, context.settings.far_m)
        except OperationalError as fault:
            # The same reports, in another order of time, in two transactions at once: one of them begins again.
            if not isinstance(fault.orig, DeadlockDetected):
                raise
        else:
            index = await context.placements.current()
            given, known, numbers, now = prepared.given, prepared.known, prepared.numbers, prepared.now
            prepared = await asyncio.to_thread(_placed, index, given, known, numbers, now)
    return [Outcome(fault=fault) for fault in prepared.faults]


async def _add(connection: AsyncConnection, actor: Actor, prepared: _Prepared, far_m: float) -> list[Outcome]:
    """Writes the placed reports that lie in the actor's scope. One outcome a report."""
    given, good, placement = prepared.given, prepared.good, prepared.placement
    outcomes = [Outcome(fault=fault) for fault in prepared.faults]
    in_scope = _in_scope(actor.scope, placement.keys)
    for row in np.flatnonzero(~in_scope).tolist():
        outcomes[good[row]] = Outcome(fault=Forbidden("incident.outside_scope", where=given[good[row]][0]))
    rows = prepared.order[in_scope[prepared.order]]
    if not len(rows):
        return outcomes
    numbers = prepared.numbers[: len(rows)]
    ids = np.array(numbers, dtype=np.int64)
    is_new = await _copied(connection, _lines(prepared, rows, numbers), ids)
    await add_departments(connection, placement, rows[is_new], ids[is_new])
    assigned = placement.assigned[rows]
    far = ~assigned & (placement.nearest_m[rows] > far_m)
    for row, *outcome in zip(rows.tolist(), numbers, is_new.tolist(), assigned.tolist(), far.tolist(), strict=True):
        outcomes[good[row]] = Outcome(*outcome) if outcome[1] else Outcome()
    if len(given) == 1 and outcomes[0].id is None:
        one = given[0][1]
        known = await connection.execute(_ID_BY_SOURCE, {"source": one.source, "source_id": one.source_id})
        outcomes[0] = replace(outcomes[0], id=known.scalar_one_or_none())
    return outcomes


async def _copied(connection: AsyncConnection, lines: Iterable[tuple[Any, ...]], ids: Ids) -> Mask:
    """Writes lines of the table of incidents; which of these ids were not known already. A trigger writes first events.

    By way of a temporary table, since nothing can be copied into one with row policies. Many are mostly all new, and
    for those that are, PostgreSQL need not look twice; of the others the known ones are the oldest, met soon.
    """
    await stage(connection, lines)
    if len(ids) > 1:
        try:
            async with connection.begin_nested():
                await connection.execute(_ADD_STAGED)
                return np.ones(len(ids), dtype=np.bool_)
        except IntegrityError as fault:
            if not isinstance(fault.orig, UniqueViolation):
                raise
    await connection.execute(_ADD_UNKNOWN)
    return np.isin(ids, list((await connection.execute(_ADDED)).scalars()))


def _in_scope(scope: Scope, keys: Ids) -> Mask:
    """Where reports may be written: `Scope.holds` for many keys."""
    held = np.zeros(len(keys), dtype=np.bool_)
    for lo, hi in scope.of("report_incidents"):
        held |= (lo <= keys) & (keys <= hi)
    return held


def _lines(prepared: _Prepared, rows: NDArray[np.intp], numbers: list[int]) -> Iterator[tuple[Any, ...]]:
    """The lines of the table of incidents for these rows of the placement."""
    placement = prepared.placement
    edition_id, now = placement.edition.edition_id, prepared.now
    columns = zip(
        (prepared.given[prepared.good[row]][1] for row in rows.tolist()),
        numbers,
        ewkb(prepared.lon[rows], prepared.lat[rows]),
        placement.keys[rows].tolist(),
        placement.codes[rows].tolist(),
        placement.assigned[rows].tolist(),
        placement.on_border[rows].tolist(),
        placement.nearest_m[rows].tolist(),
        strict=True,
    )
    for one, number, point, key, code, assigned, on_border, nearest_m in columns:
        yield (
            number, one.source, one.source_id, one.taxonomy, one.category, one.title, one.description,
            "reported" if one.closed_at is None else "closed", one.occurred_at, one.reported_at or now, one.closed_at,
            one.x, one.y, one.crs, point, one.place, key, edition_id, code if assigned else None, assigned, on_border,
            None if assigned else nearest_m, None if one.attributes is None else Jsonb(one.attributes),
        )  # fmt: skip
