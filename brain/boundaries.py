"""Borders: examining a set of regions, and publishing it as the next edition of a scheme."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.actor import Actor
from brain.context import Context
from brain.edition_indexes import EditionName
from brain.region_files import RegionSet
from data import queue
from data.dictionaries import MOST_SCHEMES, SCHEME_WIDTH
from data.engine import driver_connection, scoped_transaction
from data.errors import Conflict
from data.queries import query
from layers.coverage import CoverageFault, CoverageReport, check_coverage
from layers.geometry import as_multipolygon, geodesic_area_m2, label_points
from layers.regions import assign_keys, heirs

Progress = Callable[[str, int, int], None]
"""Called with a step's name, and how much of it is done and to do."""

_TIERS = query("regions", "tiers")
_SCHEME = query("regions", "scheme_by_code")
_ADD_SCHEME = query("regions", "add_scheme")
_NAME_SCHEME = query("regions", "name_scheme")
_ADD_EDITION = query("regions", "add_edition")
_ALL_CODES = query("regions", "all_codes")
_CURRENT_BORDERS = query("regions", "current_borders")
_CLOSE_REGIONS = query("regions", "close_regions")
_CLOSE_BORDERS = query("regions", "close_borders")
_RENAME = query("regions", "rename_regions")
_STAGING = query("regions", "staging")
_ONE_AT_A_TIME = query("regions", "publish_one_at_a_time")
_ADD_REGIONS = query("regions", "add_staged_regions")
_ADD_BORDERS = query("regions", "add_staged_borders")
_ADD_LINEAGE = query("regions", "add_lineage")
_REFRESH_STATISTICS = query("regions", "refresh_statistics")

_COPY = "copy staged_region (key, key_hi, code, name, tier, parent_key, is_new, area_m2, geom, label) from stdin"


@dataclass(frozen=True, slots=True)
class Changes:
    """How a set of regions differs from the current edition: numbers of regions."""

    added: int
    changed: int
    unchanged: int
    ended: int


@dataclass(frozen=True, slots=True)
class EditionSummary:
    """A published edition and how it differs from the one before."""

    scheme: str
    edition_id: int
    seq: int
    changes: Changes


async def tier_depths(context: Context, actor: Actor) -> dict[str, int]:
    """The installation's tiers and their depths."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return {row.tier: row.depth for row in await connection.execute(_TIERS)}


def examine(regions: RegionSet, progress: Progress) -> CoverageReport:
    """Every fault of a set that can be read: repaired rings, overlaps, gaps, protrusions. Takes a while."""
    report = check_coverage(regions.layers, progress=lambda done, total: progress("examine", done, total))
    # The rings were repaired on reading; they are listed all the same.
    rings = [
        CoverageFault(
            "invalid_ring", layer.tier, (layer.codes[r.index],), 0.0, r.lon, r.lat, shapely.Point(r.lon, r.lat)
        )
        for layer, repairs in zip(regions.layers, regions.repairs, strict=True)
        for r in repairs
    ]
    # A region may skip a tier: it has a parent all the same, though none in the tier just above.
    with_parent = {
        code
        for layer, parents in zip(regions.layers, regions.parents, strict=True)
        for code, parent in zip(layer.codes, parents, strict=True)
        if parent is not None
    }
    report.faults[:] = rings + [
        fault for fault in report.faults if fault.kind != "orphan" or fault.codes[0] not in with_parent
    ]
    return report


async def preview(context: Context, actor: Actor, scheme: str, regions: RegionSet, progress: Progress) -> Changes:
    """What publishing `regions` would change; nothing is written. Raises Conflict as `publish` would."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_SCHEME, {"scheme": scheme})).one_or_none()
        if row is None:
            return Changes(len(regions), 0, 0, 0)
        return (await _plan_for(connection, row, regions, progress)).changes


async def publish(
    context: Context,
    actor: Actor,
    scheme: str,
    regions: RegionSet,
    *,
    note: str,
    progress: Progress,
    names: tuple[str, str] | None = None,
) -> EditionSummary:
    """Makes `regions` the next edition of `scheme`, which is made if it is not there. All or nothing.

    `names` are the scheme's from now on, in Chinese and English; a new one is called by its code without them.
    Regions keep their key by their code; those no longer in the set end, and where their area went is kept.
    Raises Forbidden; Conflict where a code was used by another region, or keys run out.
    """
    actor.must_be_able_to("publish_borders")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await connection.execute(_ONE_AT_A_TIME)
        row = await _scheme(connection, scheme)
        plan = await _plan_for(connection, row, regions, progress)
        # Only now the first write: while a writing transaction is open, the live feed reads everything since again.
        if names is not None:
            await connection.execute(_NAME_SCHEME, {"scheme_id": row.id, "name_zh": names[0], "name_en": names[1]})
        edition = (await connection.execute(_ADD_EDITION, {"scheme_id": row.id, "note": note})).one()
        await _write(connection, row.id, edition.id, plan, progress)
        await connection.execute(_REFRESH_STATISTICS)
        await queue.defer(connection, "simplify_borders", scheme=scheme)
        progress("index", 0, 1)
        await context.placements.prepare(connection, EditionName(row.id, scheme, edition.id, edition.published_at))
        progress("index", 1, 1)
        await audit.record(
            connection,
            "publish_borders",
            kind="scheme",
            object_id=scheme,
            reason=note or None,
            details={"edition": edition.seq, **asdict(plan.changes)},
        )
    return EditionSummary(scheme, edition.id, edition.seq, plan.changes)


async def _plan_for(connection: AsyncConnection, scheme: Row[Any], regions: RegionSet, progress: Progress) -> _Plan:
    known = {old.code: old for old in await connection.execute(_ALL_CODES, {"scheme_id": scheme.id})}
    rows = await connection.execute(_CURRENT_BORDERS, {"scheme_id": scheme.id})
    borders = {row.region_key: bytes(row.wkb) for row in rows}
    return await asyncio.to_thread(_plan, scheme, regions, known, borders, progress)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a publish writes: rows for the staging table, keys that end, names, lineage."""

    changes: Changes
    staged: list[tuple[Any, ...]]
    changed_keys: list[int]
    ended: list[int]
    renamed: tuple[list[int], list[str]]
    lineage: list[tuple[int, int, float]]


def _plan(
    scheme: Row[Any], regions: RegionSet, known: dict[str, Any], borders: dict[int, bytes], progress: Progress
) -> _Plan:
    keys = _keys(scheme, regions, known)
    staged: list[tuple[Any, ...]] = []
    changed: list[int] = []
    shapes_of: dict[str, list[tuple[int, Any]]] = {}
    done = 0
    for layer, names, parents in zip(regions.layers, regions.names, regions.parents, strict=True):
        shapes = as_multipolygon(layer.geoms)
        wkbs = shapely.to_wkb(shapes)
        fresh = np.array(
            [borders.get(keys[code][0]) != wkb for code, wkb in zip(layer.codes, wkbs, strict=True)], dtype=bool
        )
        places = np.flatnonzero(fresh)
        areas = geodesic_area_m2(shapes[places])
        labels = shapely.to_wkb(shapely.set_srid(label_points(shapes[places]), 4326), hex=True, include_srid=True)
        geoms = shapely.to_wkb(shapely.set_srid(shapes[places], 4326), hex=True, include_srid=True)
        for place, area, label, geom in zip(places.tolist(), areas.tolist(), labels, geoms, strict=True):
            code, parent = layer.codes[place], parents[place]
            key, key_hi = keys[code]
            is_new = code not in known
            shapes_of.setdefault(layer.tier, []).append((key, shapes[place]))
            if not is_new:
                changed.append(key)
            parent_key = None if parent is None else keys[parent][0]
            staged.append((key, key_hi, code, names[place], layer.tier, parent_key, is_new, area, geom, label))
        done += len(layer.codes)
        progress("prepare", done, len(regions))
    present = {code for layer in regions.layers for code in layer.codes}
    ended = [old for code, old in known.items() if old.is_current and code not in present]
    renamed = [
        (keys[code][0], name)
        for layer, names in zip(regions.layers, regions.names, strict=True)
        for code, name in zip(layer.codes, names, strict=True)
        if code in known
    ]
    added = len(staged) - len(changed)
    return _Plan(
        Changes(added, len(changed), len(regions) - len(staged), len(ended)),
        staged,
        changed,
        [old.key for old in ended],
        ([key for key, _ in renamed], [name for _, name in renamed]),
        [
            line
            for tier in shapes_of
            for line in _lineage([old for old in ended if old.tier == tier], borders, shapes_of[tier])
        ],
    )


def _keys(scheme: Row[Any], regions: RegionSet, known: dict[str, Any]) -> dict[str, tuple[int, int]]:
    code_of = {old.key: code for code, old in known.items()}
    new_codes: list[str] = []
    new_parents: list[str | None] = []
    for layer, parents in zip(regions.layers, regions.parents, strict=True):
        for code, parent in zip(layer.codes, parents, strict=True):
            old = known.get(code)
            if old is None:
                new_codes.append(code)
                new_parents.append(parent)
            elif not old.is_current:
                raise Conflict("region.code_reused", code=code)
            elif old.tier != layer.tier or code_of.get(old.parent_key) != parent:
                raise Conflict("region.moved", code=code)
    taken = {code: (old.key, old.key_hi) for code, old in known.items()}
    return taken | assign_keys(new_codes, new_parents, (scheme.key_lo, scheme.key_hi), taken)


def _lineage(ended: list[Any], borders: dict[int, bytes], fresh: list[tuple[int, Any]]) -> list[tuple[int, int, float]]:
    """Where the area of ended regions of a tier went: to regions of that tier that are new or have grown."""
    if not ended:
        return []
    old = shapely.from_wkb(np.array([borders[region.key] for region in ended], dtype=object))
    new = np.array([shape for _, shape in fresh], dtype=object)
    return [(ended[heir.old].key, fresh[heir.new][0], heir.share) for heir in heirs(old, new)]


async def _scheme(connection: AsyncConnection, scheme: str) -> Row[Any]:
    found = (await connection.execute(_SCHEME, {"scheme": scheme})).one_or_none()
    if found is not None:
        return found
    added = (await connection.execute(_ADD_SCHEME, {"scheme": scheme, "name": scheme, "width": SCHEME_WIDTH})).one()
    if added.key_hi >= MOST_SCHEMES * SCHEME_WIDTH:
        raise Conflict("scheme.too_many", most=MOST_SCHEMES)
    return added


async def _write(connection: AsyncConnection, scheme_id: int, edition_id: int, plan: _Plan, progress: Progress) -> None:
    bound = {"scheme_id": scheme_id, "edition_id": edition_id}
    await connection.execute(_CLOSE_REGIONS, {"edition_id": edition_id, "keys": plan.ended})
    await connection.execute(_CLOSE_BORDERS, {"edition_id": edition_id, "keys": plan.ended + plan.changed_keys})
    await connection.execute(_RENAME, {"keys": plan.renamed[0], "names": plan.renamed[1]})
    await connection.execute(_STAGING)
    driver = await driver_connection(connection)
    async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for place, row in enumerate(plan.staged, 1):
            await copy.write_row(row)
            if place % 1000 == 0 or place == len(plan.staged):
                progress("write", place, len(plan.staged))
    await connection.execute(_ADD_REGIONS, bound)
    await connection.execute(_ADD_BORDERS, bound)
    if plan.lineage:
        await connection.execute(
            _ADD_LINEAGE,
            {
                "edition_id": edition_id,
                "from_keys": [old for old, _, _ in plan.lineage],
                "to_keys": [new for _, new, _ in plan.lineage],
                "shares": [share for _, _, share in plan.lineage],
            },
        )
