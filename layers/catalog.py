"""The map layers: which tiers of which edition, and what of the ground, is drawn and named at which zoom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from data.queries import query

MOST_TIERS_DRAWN = 3
"""The finest tiers of a zoom that are drawn together; the line's weight tells them apart."""

TIERS_LABELLED = 2

WAYS_FROM = {"expressway": 0, "trunk": 0, "secondary": 12, "street": 14, "lane": 15}
"""From which zoom ways of a kind are drawn."""

OPEN_LAND = ("water", "park", "farmland")
"""The uses of land that are drawn from afar; the others follow from `ALL_LAND_FROM` on."""

ALL_LAND_FROM = 12
BRIDGES_FROM = 14
BUILDINGS_FROM = 15

WALLED = ("estate", "campus")
"""The uses of compounds that have a wall around them."""

WALLS_FROM = 15

WAY_NAMES_FROM = {"expressway": 13, "trunk": 13, "secondary": 14, "street": 15, "lane": 17}
AREA_NAMES_FROM = {"water": 12, "park": 14, "campus": 14, "mall": 15, "estate": 15}
BUILDING_NAMES_FROM = 17

_EDITION = query("regions", "edition")
_EDITION_TIERS = query("regions", "edition_tiers")


@dataclass(frozen=True, slots=True)
class TierLayer:
    """One tier present in an edition. `min_zoom` is 0 for the coarsest, so that no zoom is empty."""

    tier: str
    depth: int
    min_zoom: int
    name_zh: str
    name_en: str
    regions: int


@dataclass(frozen=True, slots=True)
class EditionLayer:
    """The borders of one edition of one scheme, as a map layer. `tiers` run coarse to fine."""

    scheme: str
    scheme_id: int
    edition_id: int
    published_at: datetime
    tiers: tuple[TierLayer, ...]

    def drawn_at(self, zoom: int) -> tuple[TierLayer, ...]:
        """The tiers drawn at a zoom, coarse to fine."""
        return tuple(layer for layer in self.tiers if layer.min_zoom <= zoom)[-MOST_TIERS_DRAWN:]


@dataclass(frozen=True, slots=True)
class GroundLayer:
    """What of the ground is drawn at one zoom, and what of it is named. `land` is None for all uses."""

    ways: tuple[str, ...]
    land: tuple[str, ...] | None
    bridges: bool
    walled: tuple[str, ...]
    buildings: bool
    named_ways: tuple[str, ...]
    named_areas: tuple[str, ...]
    named_buildings: bool


def ground_layer(zoom: int) -> GroundLayer:
    """The layer of the ground at a zoom."""
    return GroundLayer(
        ways=_from(WAYS_FROM, zoom),
        land=OPEN_LAND if zoom < ALL_LAND_FROM else None,
        bridges=zoom >= BRIDGES_FROM,
        walled=WALLED if zoom >= WALLS_FROM else (),
        buildings=zoom >= BUILDINGS_FROM,
        named_ways=_from(WAY_NAMES_FROM, zoom),
        named_areas=_from(AREA_NAMES_FROM, zoom),
        named_buildings=zoom >= BUILDING_NAMES_FROM,
    )


def _from(first_zooms: dict[str, int], zoom: int) -> tuple[str, ...]:
    return tuple(kind for kind, first in first_zooms.items() if first <= zoom)


async def region_layer(connection: AsyncConnection, scheme: str, edition_id: int) -> EditionLayer | None:
    """The layer of one edition, or None if the scheme has no such edition."""
    edition = (await connection.execute(_EDITION, {"scheme": scheme, "edition_id": edition_id})).one_or_none()
    if edition is None:
        return None
    rows = await connection.execute(_EDITION_TIERS, {"scheme_id": edition.scheme_id, "edition_id": edition_id})
    tiers = tuple(
        TierLayer(row.tier, row.depth, row.min_zoom if place else 0, row.name_zh, row.name_en, row.regions)
        for place, row in enumerate(rows)
    )
    return EditionLayer(scheme, edition.scheme_id, edition_id, edition.published_at, tiers)
