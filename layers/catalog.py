"""The map layers: which tiers of which edition are drawn at which zoom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from data.queries import query

MOST_TIERS_DRAWN = 3
"""The finest tiers of a zoom that are drawn together; the line's weight tells them apart."""

TIERS_LABELLED = 2

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
    tiers: tuple[TierLayer, ...]

    def drawn_at(self, zoom: int) -> tuple[TierLayer, ...]:
        """The tiers drawn at a zoom, coarse to fine."""
        return tuple(layer for layer in self.tiers if layer.min_zoom <= zoom)[-MOST_TIERS_DRAWN:]


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
    return EditionLayer(scheme, edition.scheme_id, edition_id, tiers)
