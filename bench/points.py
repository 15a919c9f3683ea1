"""Points to be placed, in random order: where regions are dense, all over the box, and exactly on borders."""

from __future__ import annotations

import numpy as np
import shapely

from layers.crs import Floats, Geometries

AWKWARD = 10_000
"""How many points lie on borders exactly: half at vertices, half in the middle of edges."""

_SEED = 20_260_702
_ALL_OVER = 0.1
_MARGIN = 0.05


def points_for(geoms: Geometries, count: int, awkward: int = AWKWARD) -> Floats:
    """`count` points in degrees, shape (count, 2), in random order; `awkward` of them, or half, on borders.

    A tenth of the others lie anywhere in the box and a margin around it. The rest are like incidents: any region is as
    likely as another, so there are most where regions are small.
    """
    random = np.random.default_rng(_SEED)
    corners, owner = shapely.get_coordinates(geoms, return_index=True)
    awkward = min(awkward, count // 2)
    anywhere = int((count - awkward) * _ALL_OVER)
    points = np.concatenate(
        (
            _on_borders(random, geoms, awkward),
            _anywhere(random, corners, anywhere),
            _like_incidents(random, corners, owner, len(geoms), count - awkward - anywhere),
        )
    )
    return points[random.permutation(len(points))]


def _on_borders(random: np.random.Generator, geoms: Geometries, count: int) -> Floats:
    rings = shapely.get_rings(shapely.get_parts(geoms))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    middles = random.choice(edges, count // 2)
    return np.concatenate((random.choice(corners, count - count // 2), (corners[middles] + corners[middles + 1]) / 2))


def _anywhere(random: np.random.Generator, corners: Floats, count: int) -> Floats:
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = _MARGIN * (high - low)
    return random.uniform(low - margin, high + margin, (count, 2))


def _like_incidents(
    random: np.random.Generator, corners: Floats, owner: np.ndarray, regions: int, count: int
) -> Floats:
    """Somewhere between the middle of a region and one of its vertices."""
    begins = np.searchsorted(owner, np.arange(regions + 1))
    region = random.integers(0, regions, count)
    vertex = random.integers(begins[region], begins[region + 1])
    sums = np.add.reduceat(corners, begins[:-1])
    middle = (sums / np.diff(begins)[:, None])[region]
    return middle + np.sqrt(random.uniform(0.0, 1.0, count))[:, None] * (corners[vertex] - middle)
