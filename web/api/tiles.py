"""Map layers as vector tiles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from brain import onemap
from web.deps import Ctx, SignedIn

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"

router = APIRouter(tags=["tiles"])


@router.get("/tiles/regions/{scheme}/{edition}/{z}/{x}/{y}.mvt", response_class=Response)
async def region_tile(
    scheme: str,
    edition: int,
    z: int,
    x: int,
    y: int,
    context: Ctx,
    actor: SignedIn,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Borders of one edition: an MVT layer for each tier, and `labels`. 204: nothing there; 304: nothing changed."""
    return _answer(await onemap.region_tile(context, actor, scheme, edition, z, x, y, if_none_match))


@router.get("/tiles/ground/{z}/{x}/{y}.mvt", response_class=Response)
async def ground_tile(
    z: int,
    x: int,
    y: int,
    context: Ctx,
    actor: SignedIn,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The base map: `land`, `ways`, `compounds`, `buildings`, `names`. 204: nothing; 304: unchanged."""
    return _answer(await onemap.ground_tile(context, actor, z, x, y, if_none_match))


def _answer(tile: onemap.Tile) -> Response:
    headers = {"etag": tile.etag, "cache-control": "private, no-cache"}
    if tile.content is None:
        return Response(status_code=304, headers=headers)
    if not tile.content:
        return Response(status_code=204, headers=headers)
    return Response(tile.content, media_type=MEDIA_TYPE, headers=headers)
