"""How far it is to regions, on the WGS 84 ellipsoid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from layers.crs import Floats
from layers.geometry import WGS84_ELLIPSOID, BBox

SAME_DISTANCE_M = 3e-3
"""Distances that differ by less count as equal: the lattice moves borders by a millimetre."""

_EARTH_RADIUS_M = 6_371_000.0
_PROJECTED_TO_M = 5_000_000.0
_EXACT_TO_M = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """Which regions may be nearest to a point, told by their boxes: never without the nearest.

    The boxes stand in a tree. For points so near a pole or the antimeridian that a box around them is none in degrees,
    there are circles on the ellipsoid, each with one region's box inside.
    """

    tree: STRtree
    lon: Floats
    lat: Floats
    radius: Floats
    upward: Floats

    @classmethod
    def of(cls, bounds: Floats) -> Sieve:
        """Of boxes: west, south, east, north in degrees, shape (n, 4)."""
        west, south, east, north = bounds.T
        lon, lat = (west + east) / 2, (south + north) / 2
        below, above = (WGS84_ELLIPSOID.inv(lon, lat, west, corner)[2] for corner in (south, north))
        tree = STRtree(shapely.box(west, south, east, north))
        return cls(tree, lon, lat, np.maximum(below, above), _upward(lon, lat))

    def likely(self, lon: float, lat: float) -> int:
        """A region that is near, though perhaps not the nearest."""
        return int(self.tree.nearest(shapely.Point(lon, lat)))

    def within(self, reach: BBox) -> NDArray[np.intp]:
        """Those whose boxes touch a box in degrees, ascending."""
        return np.sort(self.tree.query(shapely.box(*reach)))

    def within_reach(self, lon: float, lat: float) -> NDArray[np.intp]:
        """Those that may hold the nearest region: no farther at their nearest than any is at its farthest; ascending.

        First by the angle between the verticals (the ellipsoid's radii of curvature lie between 6,335 and 6,400 km, and
        a metre covers the arc cosine's error), then, for the few that remain, by the geodesic itself.
        """
        angle = np.arccos(np.clip(self.upward @ _upward(lon, lat), -1.0, 1.0))
        near = np.flatnonzero(6_335_000 * angle - self.radius - 1 <= (6_400_000 * angle + self.radius + 1).min())
        x, y = np.full(len(near), lon), np.full(len(near), lat)
        centre = WGS84_ELLIPSOID.inv(x, y, self.lon[near], self.lat[near])[2]
        kept: NDArray[np.intp] = near[centre - self.radius[near] <= (centre + self.radius[near]).min()]
        return kept


def reach_of(lon: float, lat: float, corners: Floats) -> BBox | None:
    """A box in degrees with everything in it that is no farther from a point than the nearest of some corners.

    None where such a box is none in degrees. What lies within a distance has its vertical within distance / 6,335 km
    of the point's, since no radius of curvature is smaller.
    """
    x, y = np.full(len(corners), lon), np.full(len(corners), lat)
    metres = float(WGS84_ELLIPSOID.inv(x, y, corners[:, 0].copy(), corners[:, 1].copy())[2].min())
    angle = (metres + SAME_DISTANCE_M) / 6_335_000
    up = math.degrees(angle)
    if abs(lat) + up > 89.9:
        return None
    aside = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(lat)))) + 1e-9
    if abs(lon) + aside > 180.0:
        return None
    return lon - aside, lat - up - 1e-9, lon + aside, lat + up + 1e-9


def _upward(lon: Floats | float, lat: Floats | float) -> Floats:
    x, y = np.radians(lon), np.radians(lat)
    return np.stack((np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)), axis=-1)


def nearest_edges(
    lon: float, lat: float, corners: Floats, ring: NDArray[np.intp], owner: NDArray[np.int32], reach: BBox | None
) -> tuple[NDArray[np.int32], Floats]:
    """The owners of the edges that may be nearest to a point, and their distances in metres.

    `corners` (n, 2) in degrees, `ring` (n,) the ring of each, `owner` of each ring; `reach` a box that the nearest edge
    is known to touch.

    In the azimuthal equidistant projection around the point, distances from it are true, but an edge that is straight
    in degrees is bent, by less than length²/(2 R)·(1 + tan latitude). Beyond a quarter of the way round the earth the
    projection stretches without end, but there no edge comes nearer than its ends by more than that either. Edges out
    of the question are dropped, the rest cut in eight, until the bend is less than a tenth of a millimetre.
    """
    is_edge = ring[1:] == ring[:-1]
    if reach is not None:
        low, high = np.minimum(corners[1:], corners[:-1]), np.maximum(corners[1:], corners[:-1])
        is_edge &= (low <= reach[2:]).all(axis=1) & (high >= reach[:2]).all(axis=1)
    edges = np.flatnonzero(is_edge)
    if reach is not None:
        edges = edges[_near_in_plane(lon, lat, corners[edges], corners[edges + 1], reach)]
    start, end, whose = corners[edges], corners[edges + 1], owner[ring[edges]]
    while True:
        a, b = _azimuthal(lon, lat, start), _azimuthal(lon, lat, end)
        at_end = np.minimum(np.hypot(*a.T), np.hypot(*b.T))
        distance = np.where(at_end < _PROJECTED_TO_M, _from_origin(a, b), at_end)

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


def _near_in_plane(lon: float, lat: float, start: Floats, end: Floats, reach: BBox) -> NDArray[np.bool_]:
    """Edges that may be nearest to a point, judged on a plane of stretched degrees.

    Anywhere in the reach (half as much again around it), a step's length on the plane and on the ellipsoid differ by at
    most the share `off`: 1 % for the radii of curvature, the rest for the parallels, which shorten towards the pole.
    """
    up = 1.5 * math.radians(reach[3] - lat)
    if math.degrees(up) + abs(lat) > 89.0:
        return np.ones(len(start), dtype=np.bool_)
    off = 0.01 + math.expm1(up * math.tan(math.radians(abs(lat)) + up))
    scale = np.array([math.cos(math.radians(lat)), 1.0])
    distance = _from_origin((start - (lon, lat)) * scale, (end - (lon, lat)) * scale)
    near: NDArray[np.bool_] = distance <= distance.min() * (1.0 + off) ** 2
    return near


def _from_origin(start: Floats, end: Floats) -> Floats:
    """Distances of straight edges from (0, 0), shape (n,)."""
    along = end - start
    share = -np.einsum("ij,ij->i", start, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
    distances: Floats = np.hypot(*(start + np.clip(share, 0.0, 1.0)[:, None] * along).T)
    return distances


def _azimuthal(lon: float, lat: float, places: Floats) -> Floats:
    """Places in metres east and north of a point: true distance, true direction."""
    x, y = np.full(len(places), lon), np.full(len(places), lat)
    azimuth, _, distance = WGS84_ELLIPSOID.inv(x, y, places[:, 0].copy(), places[:, 1].copy())
    turn = np.radians(azimuth)
    return np.column_stack((distance * np.sin(turn), distance * np.cos(turn)))
