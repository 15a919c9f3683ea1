"""Simplified borders for low zooms, neighbours keeping one edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Transformer

from layers.coverage import simplify_coverage
from layers.crs import Geometries
from layers.geometry import as_multipolygon

METRES_PER_PIXEL = 2 * np.pi * 6378137 / 256
"""Web mercator metres a pixel at zoom 0, tiles of 256 pixels."""

TOLERANCE_PIXELS = 0.5


def overviews(wkbs: Sequence[bytes], zoom: int) -> Geometries:
    """Multipolygons in EPSG:3857, simplified to half a pixel at `zoom`, of one tier's borders (WKB, EPSG:4326)."""
    geoms = shapely.from_wkb(np.array(wkbs, dtype=object))
    to_mercator = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    moved = shapely.transform(geoms, lambda points: np.column_stack(to_mercator.transform(points[:, 0], points[:, 1])))
    return as_multipolygon(simplify_coverage(moved, TOLERANCE_PIXELS * METRES_PER_PIXEL / 2**zoom))
