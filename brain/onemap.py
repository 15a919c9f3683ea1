"""The one map (一张图): what the city consists of, its borders and its ground as tiles."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row

from brain.actor import Actor
from brain.context import Context
from data.engine import scoped_transaction
from data.errors import NotFound
from data.queries import query
from layers import tiles
from layers.catalog import EditionLayer, TierLayer, region_layer
from layers.geometry import BBox

_TIERS = query("regions", "tiers")
_SCHEMES = query("regions", "schemes")
_EXTENT = query("regions", "extent")


@dataclass(frozen=True, slots=True)
class SchemeOverview:
    """One scheme with its current edition; a scheme without an edition has no extent and no tiers."""

    row: Row[tuple[object, ...]]
    bbox: BBox | None
    tiers: tuple[TierLayer, ...]


@dataclass(frozen=True, slots=True)
class City:
    """What a map needs to know before it draws."""

    tiers: list[Row[tuple[object, ...]]]
    schemes: list[SchemeOverview]
    home: BBox | None


async def city(context: Context, actor: Actor) -> City:
    """Tiers, schemes with their editions, and where this actor's map opens."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        tier_rows = list(await connection.execute(_TIERS))
        schemes = []
        for row in (await connection.execute(_SCHEMES)).all():
            layer = await region_layer(connection, row.scheme, row.edition_id) if row.edition_id else None
            schemes.append(SchemeOverview(row, _bbox(row), layer.tiers if layer else ()))
        home = next((scheme.bbox for scheme in schemes if scheme.row.is_main), None)
        keys = [role.key for role in actor.roles if role.key is not None]
        if keys and len(keys) == len(actor.roles):
            home = _bbox((await connection.execute(_EXTENT, {"keys": keys})).one()) or home
    return City(tier_rows, schemes, home)


@dataclass(frozen=True, slots=True)
class Tile:
    """One vector tile and the tag that tells whether it is still the same."""

    etag: str
    content: bytes | None


async def region_tile(
    context: Context, actor: Actor, scheme: str, edition_id: int, z: int, x: int, y: int, known_etag: str | None
) -> Tile:
    """A tile of an edition's borders; without content if the asker has it already. Raises NotFound."""
    _must_be_tile(z, x, y)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        layer = context.region_layers.get(edition_id)
        if layer is None or layer.scheme != scheme:
            layer = await region_layer(connection, scheme, edition_id)
            if layer is None:
                raise NotFound("edition.unknown", scheme=scheme, edition=edition_id)
            _remember(context, layer)
        overview = int(await tiles.has_overview(connection, layer))
        etag = f'"{tiles.region_rules(layer)}.{edition_id}.{overview}.{z}.{x}.{y}"'
        if etag == known_etag:
            return Tile(etag, None)
        return Tile(etag, await tiles.region_tile(connection, layer, z, x, y))


async def ground_tile(context: Context, actor: Actor, z: int, x: int, y: int, known_etag: str | None) -> Tile:
    """A tile of the base map; without content if the asker has it already. Raises NotFound."""
    _must_be_tile(z, x, y)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        etag = f'"{tiles.ground_rules()}.{await tiles.ground_revision(connection)}.{z}.{x}.{y}"'
        return Tile(etag, None if etag == known_etag else await tiles.ground_tile(connection, z, x, y))


def _must_be_tile(z: int, x: int, y: int) -> None:
    if not tiles.is_tile(z, x, y):
        raise NotFound("tile.unknown", z=z, x=x, y=y)


def _remember(context: Context, layer: EditionLayer) -> None:
    """Keeps the layers of the editions in use; the oldest goes first."""
    context.region_layers[layer.edition_id] = layer
    while len(context.region_layers) > 16:
        context.region_layers.pop(next(iter(context.region_layers)))


def _bbox(row: Row[tuple[object, ...]]) -> BBox | None:
    return None if row.west is None else (row.west, row.south, row.east, row.north)
