"""What a map needs to know before it draws, and the figures of the day."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from brain import incidents, onemap
from web.deps import Ctx, SignedIn
from web.schemas.base import Names
from web.schemas.incidents import Figures
from web.schemas.regions import City, EditionRef, Scheme, Tier, TierPresent

router = APIRouter(tags=["city"])


@router.get("/city")
async def city(request: Request, context: Ctx, actor: SignedIn) -> City:
    """Tiers, schemes with their editions, and where this person's map opens."""
    found = await onemap.city(context, actor)
    settings = context.settings
    return City(
        name=Names(zh=settings.city_name_zh, en=settings.city_name_en),
        version=request.app.version,
        tiers=[Tier(tier=row.tier, depth=row.depth, name=_names(row), min_zoom=row.min_zoom) for row in found.tiers],
        schemes=[_scheme(scheme) for scheme in found.schemes],
        home=found.home,
    )


@router.get("/figures/today")
async def figures(context: Ctx, actor: SignedIn) -> Figures:
    """Incidents the caller may see: open, reported today, open and outside every region, all."""
    return Figures.model_validate(dict(await incidents.figures(context, actor)))


def _names(row: Any) -> Names:
    return Names(zh=row.name_zh, en=row.name_en)


def _scheme(scheme: onemap.SchemeOverview) -> Scheme:
    row: Any = scheme.row
    edition = None
    if row.edition_id is not None:
        edition = EditionRef(id=row.edition_id, seq=row.seq, valid_from=row.valid_from, published_at=row.published_at)
    return Scheme(
        scheme=row.scheme,
        name=_names(row),
        is_main=row.is_main,
        edition=edition,
        bbox=scheme.bbox,
        tiers=[
            TierPresent(
                tier=layer.tier, depth=layer.depth, name=_names(layer), min_zoom=layer.min_zoom, count=layer.regions
            )
            for layer in scheme.tiers
        ],
    )
