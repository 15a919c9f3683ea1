"""Regions: cards, borders, lists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from brain import regions
from brain.errors import BadInput, Where
from web.deps import Ctx, SignedIn
from web.schemas.base import RegionRef
from web.schemas.regions import Counts, EditionRef, RegionCard, RegionChild, RegionPage

router = APIRouter(tags=["regions"])


@router.get("/regions/{scheme}")
async def list_regions(
    scheme: str,
    context: Ctx,
    actor: SignedIn,
    parent: Annotated[str | None, Query(description="Regions below this code; without it the roots.")] = None,
    near: Annotated[str | None, Query(description="lon,lat: the regions covering that point, coarse to fine.")] = None,
    alias: Annotated[str | None, Query(description="The regions that this other name or code stands for.")] = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RegionPage:
    """Regions below a parent, by code; or those that cover a point; or those of an alias."""
    if near is not None:
        covering = await regions.covering(context, actor, scheme, *_lonlat(near))
        return RegionPage(items=[RegionChild.model_validate(dict(row)) for row in covering], next=None)
    if alias is not None:
        found = await regions.by_alias(context, actor, scheme, alias)
        return RegionPage(items=[RegionChild.model_validate(dict(row)) for row in found], next=None)
    rows = await regions.children(context, actor, scheme, parent, cursor, limit + 1)
    items = [RegionChild.model_validate(dict(row)) for row in rows[:limit]]
    return RegionPage(items=items, next=items[-1].code if len(rows) > limit else None)


@router.get("/regions/{scheme}/{code}")
async def region(scheme: str, code: str, context: Ctx, actor: SignedIn) -> RegionCard:
    """One region with its path, and its incidents for those who may see them."""
    card = await regions.card(context, actor, scheme, code)
    row = card.row
    return RegionCard(
        scheme=row.scheme,
        code=row.code,
        name=row.name,
        tier=row.tier,
        parent=row.parent,
        path=[RegionRef(**_ref(above)) for above in card.path],
        children=row.children,
        area_km2=row.area_m2 / 1e6,
        bbox=(row.west, row.south, row.east, row.north),
        label=(row.label_lon, row.label_lat),
        edition=EditionRef(id=row.edition_id, seq=row.seq, valid_from=row.valid_from, published_at=row.published_at),
        in_scope=card.counts is not None,
        incidents=None if card.counts is None else Counts(**card.counts),
    )


@router.get("/regions/{scheme}/{code}/border")
async def region_border(scheme: str, code: str, context: Ctx, actor: SignedIn) -> dict[str, Any]:
    """A region's exact border as a GeoJSON feature."""
    return await regions.border(context, actor, scheme, code)


def _ref(row: Any) -> dict[str, str]:
    return {"code": row["code"], "name": row["name"], "tier": row["tier"]}


def _lonlat(given: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in given.split(","))
    except ValueError:
        raise BadInput("point.malformed", where=Where(field="near"), given=given[:80]) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput("coordinate.out_of_range", where=Where(field="near"), x=lon, y=lat)
    return lon, lat
