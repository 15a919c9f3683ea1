"""Catalog entries as Mapbox vector tiles (extent 4096, EPSG:3857 tiling)."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from data.queries import query
from layers.catalog import TIERS_LABELLED, EditionLayer, ground_layer

MAX_ZOOM = 18
WORLD_M = 40_075_016.6856
"""The side of the world in EPSG:3857."""

_REGIONS = query("tiles", "regions")
_LABELS = query("tiles", "labels")
_HAS_OVERVIEW = query("tiles", "has_overview")
_GROUND_REVISION = query("tiles", "ground_revision")
_LAND = query("tiles", "land")
_WAYS = query("tiles", "ways")
_COMPOUNDS = query("tiles", "compounds")
_BUILDINGS = query("tiles", "buildings")
_GROUND_NAMES = query("tiles", "ground_names")


def is_tile(z: int, x: int, y: int) -> bool:
    """Whether such a tile exists and is served."""
    return 0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z


async def has_overview(connection: AsyncConnection, layer: EditionLayer) -> bool:
    """Whether the layer's simplified shapes are there yet; until then low zooms are drawn from the exact ones."""
    return bool((await connection.execute(_HAS_OVERVIEW, {"scheme_id": layer.scheme_id})).scalar_one())


async def region_tile(connection: AsyncConnection, layer: EditionLayer, z: int, x: int, y: int) -> bytes:
    """One tile: an MVT layer for each tier drawn at `z`, named by it, and `labels`; empty bytes if nothing is there."""
    drawn = layer.drawn_at(z)
    where = {"scheme_id": layer.scheme_id, "edition_id": layer.edition_id, "z": z, "x": x, "y": y}
    parts = []
    for tier in drawn:
        finer = [other.min_zoom for other in layer.tiers if other.depth > tier.depth]
        bound = {**where, "depth": tier.depth, "layer": tier.tier, "overview": bool(finer) and z < finer[0] + 1}
        parts.append((await connection.execute(_REGIONS, bound)).scalar_one())
    labelled = [tier.depth for tier in drawn[-TIERS_LABELLED:]]
    parts.append((await connection.execute(_LABELS, {**where, "depths": labelled})).scalar_one())
    return b"".join(bytes(part) for part in parts if part is not None)


@lru_cache(64)
def region_rules(layer: EditionLayer) -> str:
    """What decides how the borders of an edition are drawn, as a short text: the questions, the tiers of each zoom."""
    drawn = [layer.drawn_at(zoom) for zoom in range(MAX_ZOOM + 1)]
    return _short(_REGIONS, _LABELS, TIERS_LABELLED, layer, drawn)


@cache
def ground_rules() -> str:
    """What decides how the ground is drawn, as a short text: the questions and what is asked at each zoom."""
    asked = [ground_layer(zoom) for zoom in range(MAX_ZOOM + 1)]
    return _short(_LAND, _WAYS, _COMPOUNDS, _BUILDINGS, _GROUND_NAMES, asked)


def _short(*rules: object) -> str:
    return hashlib.sha256("\n".join(map(str, rules)).encode()).hexdigest()[:12]


async def ground_revision(connection: AsyncConnection) -> str:
    """What the ground is now, as a text that changes whenever ground is loaded or changed, or the installation is new.

    It is when the installation's first borders were published, and the greatest id of each table of the ground: ids
    come from sequences that never go back, rows are only ever added, and each maximum is one look into a primary key.
    What a register changes in place is counted where it is noted.
    """
    return str((await connection.execute(_GROUND_REVISION)).scalar_one())


async def ground_tile(connection: AsyncConnection, z: int, x: int, y: int) -> bytes:
    """One tile: MVT layers `land`, `ways`, `compounds`, `buildings`, `names`, as far as drawn; empty bytes if none is.

    What is less than a pixel is left out, and outlines keep within half a pixel of the truth.
    """
    layer = ground_layer(z)
    where = {"z": z, "x": x, "y": y, "pixel": WORLD_M / 256 / 2**z}
    ways = {"kinds": list(layer.ways), "bridges": layer.bridges}
    asked: list[tuple[TextClause, dict[str, object]]] = [
        (_LAND, {"uses": None if layer.land is None else list(layer.land)}),
        (_WAYS, ways),
    ]
    if layer.walled:
        asked.append((_COMPOUNDS, {"uses": list(layer.walled)}))
    if layer.buildings:
        asked.append((_BUILDINGS, {}))
    if layer.named_areas:
        named = {"kinds": list(layer.named_ways), "uses": list(layer.named_areas), "buildings": layer.named_buildings}
        asked.append((_GROUND_NAMES, named))
    parts = [(await connection.execute(question, {**where, **bound})).scalar_one() for question, bound in asked]
    return b"".join(bytes(part) for part in parts if part is not None)
