"""Regions: what is known of one, what lies below it, and which one covers a point."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor
from brain.context import Context
from data.dictionaries import MAIN_SCHEME
from data.engine import scoped_transaction
from data.errors import NotFound
from data.queries import query

_BY_CODE = query("regions", "by_code")
_PATH = query("regions", "path")
_BORDER = query("regions", "border")
_CHILDREN = query("regions", "children")
_COVERING = query("regions", "covering")
_BY_ALIAS = query("regions", "by_alias")
_COUNTS = query("incidents", "region_counts")
_COUNTS_IN_DEPARTMENT = query("incidents", "region_counts_in_department")


@dataclass(frozen=True, slots=True)
class RegionCard:
    """One region with its path (coarse to fine, itself last). `counts` is None where it is not in the actor's scope.

    Departments' regions are in nobody's scope; there `counts` are of those incidents that the actor may see.
    """

    row: Row[tuple[Any, ...]]
    path: Sequence[RowMapping]
    counts: RowMapping | None


async def card(context: Context, actor: Actor, scheme: str, code: str) -> RegionCard:
    """What everybody may know of a region, and its incidents for those who may see them. Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = await _region(connection, scheme, code)
        counts, interval = None, {"lo": row.key, "hi": row.key_hi}
        if scheme != MAIN_SCHEME:
            counts = (await connection.execute(_COUNTS_IN_DEPARTMENT, interval)).mappings().one()
        elif actor.scope.holds("see_incidents", row.key):
            counts = (await connection.execute(_COUNTS, interval)).mappings().one()
        return RegionCard(row, await _path(connection, row.key), counts)


async def border(context: Context, actor: Actor, scheme: str, code: str) -> dict[str, Any]:
    """A region's exact border as a GeoJSON feature (RFC 7946). Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_BORDER, {"scheme": scheme, "code": code})).one_or_none()
    if row is None:
        raise NotFound("region.unknown", scheme=scheme, code=code)
    properties = {"code": row.code, "name": row.name, "tier": row.tier}
    return {"type": "Feature", "id": row.code, "properties": properties, "geometry": json.loads(row.geometry)}


async def children(
    context: Context, actor: Actor, scheme: str, parent: str | None, after: str, limit: int
) -> Sequence[RowMapping]:
    """Regions directly below `parent` (None: the roots), by code, from the one after `after` on."""
    bound = {"scheme": scheme, "parent": parent, "after": after, "limit": limit}
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return (await connection.execute(_CHILDREN, bound)).mappings().all()


async def by_alias(context: Context, actor: Actor, scheme: str, alias: str) -> Sequence[RowMapping]:
    """The regions that an alias stands for: a zone without a code of its own, another authority's code."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return (await connection.execute(_BY_ALIAS, {"scheme": scheme, "alias": alias})).mappings().all()


async def covering(context: Context, actor: Actor, scheme: str, lon: float, lat: float) -> Sequence[RowMapping]:
    """The regions that cover a point (EPSG:4326), coarse to fine; none outside of all. The tie rule decides borders."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        found = (await connection.execute(_COVERING, {"scheme": scheme, "lon": lon, "lat": lat})).one_or_none()
        return [] if found is None else await _path(connection, found.key)


async def _region(connection: AsyncConnection, scheme: str, code: str) -> Row[tuple[Any, ...]]:
    row = (await connection.execute(_BY_CODE, {"scheme": scheme, "code": code})).one_or_none()
    if row is None:
        raise NotFound("region.unknown", scheme=scheme, code=code)
    return row


async def _path(connection: AsyncConnection, key: int) -> Sequence[RowMapping]:
    return (await connection.execute(_PATH, {"key": key})).mappings().all()
