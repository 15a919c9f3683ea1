"""What is known of incidents: one, lists, points, counts, figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor
from brain.context import Context
from data.dictionaries import MAIN_SCHEME
from data.engine import KEY_MAX, scoped_transaction
from data.errors import BadInput, NotFound
from data.queries import query
from layers.geometry import BBox

MOST_KEYS = 2_000
"""Regions of a box that are named one by one; a wider box is read through the scope alone."""

_ONE = query("incidents", "one")
_EVENTS = query("incidents", "events")
_PLACEMENTS = query("incidents", "placements")
_LATEST = query("incidents", "latest")
_LATEST_IN_DEPARTMENT = query("incidents", "latest_in_department")
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


async def one(context: Context, actor: Actor, incident_id: int) -> dict[str, Any]:
    """One incident with its path of regions, its places in departments' schemes, and its events.

    Raises NotFound, also for one not in scope.
    """
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_ONE, {"id": incident_id})).mappings().one_or_none()
        if row is None:
            raise NotFound("incident.unknown", id=incident_id)
        path = (await connection.execute(_PATH, {"key": row["region_key"]})).mappings().all()
        departments = (await connection.execute(_PLACEMENTS, {"id": incident_id})).mappings().all()
        events = (await connection.execute(_EVENTS, {"id": incident_id})).mappings().all()
    return {**row, "path": path, "departments": departments, "events": events}


async def latest(
    context: Context,
    actor: Actor,
    *,
    scheme: str = MAIN_SCHEME,
    region: str | None,
    only_open: bool,
    assigned: bool | None,
    before: int | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Incidents newest first that the actor may see: all, or those in a region of a scheme (by code).

    Of a department's scheme those that lie in it, with its region in place of the main scheme's. Raises NotFound.
    """
    async with scoped_transaction(context.engine, actor.scope) as connection:
        lo, hi = await _interval(connection, scheme, region)
        bound = {
            "lo": lo,
            "hi": hi,
            "before": before if before is not None else KEY_MAX,
            "only_open": only_open,
            "assigned": assigned,
            "limit": limit,
        }
        latest = _LATEST if scheme == MAIN_SCHEME else _LATEST_IN_DEPARTMENT
        return (await connection.execute(latest, bound)).mappings().all()


async def _interval(connection: AsyncConnection, scheme: str, region: str | None) -> tuple[int, int]:
    """The keys of a region, or of a whole scheme; of the main one every key: what is nowhere is listed too."""
    if region is not None:
        found = (await connection.execute(_REGION, {"scheme": scheme, "code": region})).one_or_none()
        if found is None:
            raise NotFound("region.unknown", scheme=scheme, code=region)
        return found.key, found.key_hi
    if scheme == MAIN_SCHEME:
        return 0, KEY_MAX
    row = (await connection.execute(_SCHEME, {"scheme": scheme})).one_or_none()
    if row is None:
        raise NotFound("scheme.unknown", scheme=scheme)
    return row.key_lo, row.key_hi


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
