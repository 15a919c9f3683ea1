"""Incidents: taking reports in, and what is known of them."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor
from brain.context import Context
from brain.placements import EditionIndex, Placement
from brain.reports import IncidentReport
from data.dictionaries import MAIN_SCHEME
from data.engine import KEY_MAX, scoped_transaction
from data.errors import BadInput, CityError, Conflict, Forbidden, NotFound, Where
from data.queries import query
from layers.crs import axes_look_swapped, check_lonlat, parse_crs, to_wgs84
from layers.geometry import BBox

MOST_KEYS = 2_000
"""Regions of a box that are named one by one; a wider box is read through the scope alone."""

_ADD = query("incidents", "add")
_ID_BY_SOURCE = query("incidents", "id_by_source")
_ONE = query("incidents", "one")
_EVENTS = query("incidents", "events")
_LATEST = query("incidents", "latest")
_BY_IDS = query("incidents", "by_ids")
_KEYS_IN_BOX = query("incidents", "keys_in_box")
_POINTS_IN_REGIONS = query("incidents", "points_in_regions")
_POINTS = query("incidents", "points")
_OPEN_BY_REGION = query("incidents", "open_by_region")
_FIGURES = query("incidents", "figures")
_PATH = query("regions", "path")
_REGION = query("regions", "by_code")
_SCHEME = query("regions", "scheme_by_code")
_TIERS = query("regions", "tiers")
_TAXONOMY = query("categories", "taxonomy")
_CODES = query("categories", "codes")

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""When something may have happened: beyond, it is a slip of the pen, or a date that drivers cannot read back."""


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


async def report_many(context: Context, actor: Actor, given: Sequence[tuple[Where, IncidentReport]]) -> list[Outcome]:
    """Takes reports in, in one transaction: the good ones are written, the bad ones named. One outcome a report."""
    actor.must_be_able_to("report incidents")
    index = await context.placements.current(context.engine)
    known = await _known_categories(context, actor, {one.taxonomy for _, one in given})
    # Placing takes the processor: in a thread, and before the transaction, so that nobody waits for either.
    placed = await asyncio.to_thread(_place, index, given, known)
    outcomes = [Outcome(fault=fault) for fault in placed.faults]
    if placed.good:
        async with scoped_transaction(context.engine, actor.scope) as connection:
            await _add(context, connection, actor, given, placed, outcomes)
    return outcomes


Given = Sequence[tuple[Where, IncidentReport]]
Faults = list[CityError | None]
Floats = NDArray[np.float64]


def _at(where: Where, field: str) -> Where:
    return Where(where.file, where.line, field)


@dataclass(frozen=True, slots=True)
class _Placed:
    """Reports after placing: each one's fault or None; for the `good` ones (positions) coordinates and placement."""

    faults: Faults
    good: list[int]
    lon: Floats
    lat: Floats
    placement: Placement


def _place(index: EditionIndex, given: Given, known: dict[str, frozenset[str] | None]) -> _Placed:
    faults = [_field_fault(one, where, known) for where, one in given]
    lon, lat = _coordinates(given, faults)
    _find_misplaced(given, faults, lon, lat, index.bbox)
    good = [position for position, fault in enumerate(faults) if fault is None]
    return _Placed(faults, good, lon[good], lat[good], index.place(lon[good], lat[good]))


async def _known_categories(context: Context, actor: Actor, taxonomies: set[str]) -> dict[str, frozenset[str] | None]:
    """The codes of each taxonomy there is; None for an open one, which takes any label."""
    known: dict[str, frozenset[str] | None] = {}
    async with scoped_transaction(context.engine, actor.scope) as connection:
        for taxonomy in taxonomies:
            row = (await connection.execute(_TAXONOMY, {"taxonomy": taxonomy})).one_or_none()
            if row is not None:
                codes = await connection.execute(_CODES, {"taxonomy": taxonomy})
                known[taxonomy] = None if row.is_open else frozenset(codes.scalars())
    return known


def _field_fault(given: IncidentReport, where: Where, known: dict[str, frozenset[str] | None]) -> CityError | None:
    if given.taxonomy not in known:
        return BadInput("taxonomy.unknown", where=_at(where, "taxonomy"), taxonomy=given.taxonomy)
    codes = known[given.taxonomy]
    if codes is not None and given.category not in codes:
        return BadInput(
            "category.unknown", where=_at(where, "category"), category=given.category, taxonomy=given.taxonomy
        )
    for field, moment in _moments(given):
        if moment is not None and moment.tzinfo is None:
            return BadInput("time.no_zone", where=_at(where, field), given=moment.isoformat())
        if moment is not None and not EARLIEST <= moment <= LATEST:
            return BadInput("time.out_of_range", where=_at(where, field), given=moment.isoformat())
    if not (math.isfinite(given.x) and math.isfinite(given.y)):
        return BadInput("coordinate.not_finite", where=_at(where, "x"), x=given.x, y=given.y)
    return None


def _moments(given: IncidentReport) -> tuple[tuple[str, datetime | None], ...]:
    return (
        ("occurred_at", given.occurred_at),
        ("reported_at", given.reported_at),
        ("closed_at", given.closed_at),
    )


def _coordinates(given: Given, faults: Faults) -> tuple[Floats, Floats]:
    """Longitudes and latitudes (EPSG:4326) of the reports without fault, NaN elsewhere; adds faults of the CRS."""
    x = np.array([one.x for _, one in given], dtype=np.float64)
    y = np.array([one.y for _, one in given], dtype=np.float64)
    lon, lat = np.full_like(x, np.nan), np.full_like(y, np.nan)
    by_crs: dict[str, list[int]] = {}
    for position, (_, one) in enumerate(given):
        if faults[position] is None:
            by_crs.setdefault(one.crs, []).append(position)
    for name, here in by_crs.items():
        try:
            lon[here], lat[here] = to_wgs84(x[here], y[here], parse_crs(name))
        except CityError as fault:
            for position in here:
                faults[position] = fault.at(_at(given[position][0], "crs"))
    return lon, lat


def _find_misplaced(given: Given, faults: Faults, lon: Floats, lat: Floats, bbox: BBox) -> None:
    """Adds faults for axes that look swapped, unless confirmed, and for coordinates that are nowhere on earth."""
    swapped = axes_look_swapped(lon, lat, bbox)
    finite, in_range = check_lonlat(lon, lat)
    for position, (where, one) in enumerate(given):
        if faults[position] is not None:
            continue
        if swapped[position] and not one.axes_confirmed:
            faults[position] = BadInput("coordinate.swapped", where=_at(where, "axes_confirmed"), x=one.x, y=one.y)
        elif not (finite[position] and in_range[position]):
            faults[position] = BadInput("coordinate.out_of_range", where=_at(where, "x"), x=one.x, y=one.y)


async def _add(
    context: Context,
    connection: AsyncConnection,
    actor: Actor,
    given: Given,
    placed: _Placed,
    outcomes: list[Outcome],
) -> None:
    """Writes the placed reports that lie in the actor's scope; fills `outcomes` in place."""
    good, placement = placed.good, placed.placement
    mine = []
    for row, position in enumerate(good):
        if actor.scope.holds(int(placement.keys[row])):
            mine.append(row)
        else:
            outcomes[position] = Outcome(fault=Forbidden("incident.outside_scope", where=given[position][0]))
    if not mine:
        return
    reports = [given[good[row]][1] for row in mine]
    rows = np.array(mine)
    nearest = placement.nearest_m[rows]
    bound = {
        "sources": [one.source for one in reports],
        "source_ids": [one.source_id for one in reports],
        "taxonomies": [one.taxonomy for one in reports],
        "categories": [one.category for one in reports],
        "titles": [one.title for one in reports],
        "descriptions": [one.description for one in reports],
        "occurred_ats": [one.occurred_at for one in reports],
        "reported_ats": [one.reported_at for one in reports],
        "closed_ats": [one.closed_at for one in reports],
        "original_xs": [one.x for one in reports],
        "original_ys": [one.y for one in reports],
        "original_crses": [one.crs for one in reports],
        "lons": placed.lon[rows].tolist(),
        "lats": placed.lat[rows].tolist(),
        "places": [one.place for one in reports],
        "region_keys": placement.keys[rows].tolist(),
        "placed_codes": [placement.codes[row] if placement.assigned[row] else None for row in mine],
        "on_borders": placement.on_border[rows].tolist(),
        "nearest_ms": [None if math.isnan(metres) else metres for metres in nearest.tolist()],
        "attributes": [None if one.attributes is None else json.dumps(one.attributes) for one in reports],
        "edition_id": placement.edition_id,
        "actor_id": actor.account_id,
        "actor_name": actor.name,
    }
    added = {(row.source, row.source_id): row for row in await connection.execute(_ADD, bound)}
    for row, one in zip(mine, reports, strict=True):
        new = added.pop((one.source, one.source_id), None)
        if new is not None:
            far = not new.assigned and float(placement.nearest_m[row]) > context.settings.far_m
            outcomes[good[row]] = Outcome(id=new.id, is_new=True, assigned=new.assigned, far=far)
    if len(given) == 1 and outcomes[0].id is None:
        known = await connection.execute(
            _ID_BY_SOURCE, {"source": given[0][1].source, "source_id": given[0][1].source_id}
        )
        outcomes[0] = replace(outcomes[0], id=known.scalar_one_or_none())


async def one(context: Context, actor: Actor, incident_id: int) -> dict[str, Any]:
    """One incident with its path of regions and its events. Raises NotFound, also for one not in scope."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_ONE, {"id": incident_id})).mappings().one_or_none()
        if row is None:
            raise NotFound("incident.unknown", id=incident_id)
        path = (await connection.execute(_PATH, {"key": row["region_key"]})).mappings().all()
        events = (await connection.execute(_EVENTS, {"id": incident_id})).mappings().all()
    return {**row, "path": path, "events": events}


async def latest(
    context: Context,
    actor: Actor,
    *,
    region: str | None,
    only_open: bool,
    assigned: bool | None,
    before: int | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Incidents newest first, of one region (code in the main scheme) or of all the actor may see. Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        lo, hi = 0, KEY_MAX
        if region is not None:
            found = (await connection.execute(_REGION, {"scheme": MAIN_SCHEME, "code": region})).one_or_none()
            if found is None:
                raise NotFound("region.unknown", scheme=MAIN_SCHEME, code=region)
            lo, hi = found.key, found.key_hi
        bound = {
            "lo": lo,
            "hi": hi,
            "before": before if before is not None else KEY_MAX,
            "only_open": only_open,
            "assigned": assigned,
            "limit": limit,
        }
        return (await connection.execute(_LATEST, bound)).mappings().all()


async def by_ids(context: Context, actor: Actor, ids: list[int]) -> Sequence[RowMapping]:
    """Those of these incidents that the actor may see, newest first."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return (await connection.execute(_BY_IDS, {"ids": ids})).mappings().all()


async def points(
    context: Context, actor: Actor, bbox: BBox, *, only_open: bool, limit: int
) -> tuple[Sequence[RowMapping], bool]:
    """Incidents in a box (EPSG:4326), newest first, and whether there are more than `limit`.

    The grid is the index: row policies keep spatial indexes from being used, so the regions of the box are asked
    for first and their keys bound.
    """
    box = dict(zip(("west", "south", "east", "north"), bbox, strict=True))
    async with scoped_transaction(context.engine, actor.scope) as connection:
        keys = await _keys_in_box(connection, box)
        bound = {**box, "only_open": only_open, "limit": limit + 1}
        if keys is None:
            rows = (await connection.execute(_POINTS, bound)).mappings().all()
        else:
            rows = (await connection.execute(_POINTS_IN_REGIONS, {**bound, "keys": keys})).mappings().all()
    return rows[:limit], len(rows) > limit


async def _keys_in_box(connection: AsyncConnection, box: dict[str, float]) -> list[int] | None:
    """Keys of every region of every tier that the box touches, or None if they are too many to name."""
    scheme = (await connection.execute(_SCHEME, {"scheme": MAIN_SCHEME})).one()
    bound = {**box, "scheme_id": scheme.id, "limit": MOST_KEYS + 1}
    keys = list((await connection.execute(_KEYS_IN_BOX, bound)).scalars())
    return keys if len(keys) <= MOST_KEYS else None


async def open_counts(context: Context, actor: Actor, tier: str, bbox: BBox) -> dict[str, int]:
    """Open incidents by region code, for the regions of `tier` that a box touches. Raises BadInput (tier)."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        depths = {row.tier: row.depth for row in await connection.execute(_TIERS)}
        if tier not in depths:
            raise BadInput("tier.unknown", tier=tier, tiers=", ".join(depths))
        scheme = (await connection.execute(_SCHEME, {"scheme": MAIN_SCHEME})).one()
        bound = dict(zip(("west", "south", "east", "north"), bbox, strict=True))
        rows = await connection.execute(_OPEN_BY_REGION, {**bound, "scheme_id": scheme.id, "depth": depths[tier]})
        return {row.code: row.open for row in rows}


async def figures(context: Context, actor: Actor) -> RowMapping:
    """Open, reported today, open and unassigned, and all incidents that the actor may see."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return (await connection.execute(_FIGURES, {"zone": context.settings.time_zone})).mappings().one()
