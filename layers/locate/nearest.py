"""How far it is to regions, on the WGS 84 ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.crs import Floats
from layers.geometry import WGS84_ELLIPSOID

SAME_DISTANCE_M = 3e-3
"""Distances that differ by less count as equal: the lattice moves borders by a millimetre."""

_EARTH_RADIUS_M = 6_371_000.0
_PROJECTED_TO_M = 5_000_000.0
_EXACT_TO_M = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """Circles on the ellipsoid, each with one region's box inside: a sieve that never loses the nearest region."""

    lon: Floats
    lat: Floats
    radius: Floats
    upward: Floats

    @classmethod
    def of(cls, bounds: Floats) -> Balls:
        west, south, east, north = bounds.T
        lon, lat = (west + east) / 2, (south + north) / 2
        below, above = (WGS84_ELLIPSOID.inv(lon, lat, west, corner)[2] for corner in (south, north))
        return cls(lon, lat, np.maximum(below, above), _upward(lon, lat))

    def within_reach(self, lon: float, lat: float) -> NDArray[np.intp]:
        """Those that may hold the nearest region: no farther at their nearest than any is at its farthest.

        First by the angle between the verticals (the ellipsoid's radii of curvature lie between 6,335 and 6,400 km, and
        a metre covers the arc cosine's error), then, for the few that remain, by the geodesic itself.
        """
        angle = np.arccos(np.clip(self.upward @ _upward(lon, lat), -1.0, 1.0))
        near = np.flatnonzero(6_335_000 * angle - self.radius - 1 <= (6_400_000 * angle + self.radius + 1).min())
        x, y = np.full(len(near), lon), np.full(len(near), lat)
        centre = WGS84_ELLIPSOID.inv(x, y, self.lon[near], self.lat[near])[2]
        kept: NDArray[np.intp] = near[centre - self.radius[near] <= (centre + self.radius[near]).min()]
        return kept


def _upward(lon: Floats | float, lat: Floats | float) -> Floats:
    x, y = np.radians(lon), np.radians(lat)
    return np.stack((np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)), axis=-1)


def nearest_edges(
    lon: float, lat: float, corners: Floats, ring: NDArray[np.intp], owner: NDArray[np.int32]
) -> tuple[NDArray[np.int32], Floats]:
    """The owners of the edges that may be nearest to a point, and their distances in metres.

    `corners` (n, 2) in degrees, `ring` (n,) the ring of each, `owner` of each ring.

    In the azimuthal equidistant projection around the point, distances from it are true, but an edge that is straight
    in degrees is bent, by less than length²/(2 R)·(1 + tan latitude). Beyond a quarter of the way round the earth the
    projection stretches without end, but there no edge comes nearer than its ends by more than that either. Edges out
    of the question are dropped, the rest cut in eight, until the bend is less than a tenth of a millimetre.
    """
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    start, end, whose = corners[edges], corners[edges + 1], owner[ring[edges]]
    while True:
        a, b = _azimuthal(lon, lat, start), _azimuthal(lon, lat, end)
        along = b - a
        share = -np.einsum("ij,ij->i", a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
        at_end = np.minimum(np.hypot(*a.T), np.hypot(*b.T))
        beside = np.hypot(*(a + np.clip(share, 0.0, 1.0)[:, None] * along).T)
        distance = np.where(at_end < _PROJECTED_TO_M, beside, at_end)

        east, north = np.radians(end - start).T
        slope = np.radians(np.clip(np.abs(start[:, 1]), 0.0, 89.0))
        length2 = (north**2 + (east * np.cos(slope)) ** 2) * _EARTH_RADIUS_M**2
        bend = length2 / (2.0 * _EARTH_RADIUS_M) * (1.0 + np.tan(slope))
        likely = distance - bend <= (distance + bend).min() + SAME_DISTANCE_M
        if bend[likely].max() < _EXACT_TO_M:
            return whose[likely], distance[likely]
        cuts = np.linspace(0.0, 1.0, 9)[:, None, None]
        points = start[likely] + cuts * (end[likely] - start[likely])
        start, end, whose = points[:-1].reshape(-1, 2), points[1:].reshape(-1, 2), np.tile(whose[likely], 8)


def _azimuthal(lon: float, lat: float, places: Floats) -> Floats:
    """Places in metres east and north of a point: true distance, true direction."""
    x, y = np.full(len(places), lon), np.full(len(places), lat)
    azimuth, _, distance = WGS84_ELLIPSOID.inv(x, y, places[:, 0].copy(), places[:, 1].copy())
    turn = np.radians(azimuth)
    return np.column_stack((distance * np.sin(turn), distance * np.cos(turn)))
