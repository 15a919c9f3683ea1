"""A catalog entry as Mapbox vector tiles (extent 4096, buffer 64, EPSG:3857 tiling)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from data.queries import query
from layers.catalog import TIERS_LABELLED, EditionLayer

MAX_ZOOM = 18

_REGIONS = query("tiles", "regions")
_LABELS = query("tiles", "labels")
_HAS_OVERVIEW = query("tiles", "has_overview")


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
