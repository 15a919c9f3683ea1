"""Point → region, exactly, with one rule for points on shared borders; and the nearest region for points in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import STRtree

from data.errors import BadInput
from layers.crs import Floats, Geometries, Mask, check_lonlat
from layers.geometry import WGS84_ELLIPSOID

Places = NDArray[np.int32]

BORDER_TOLERANCE_DEG = 2e-8
"""How near to a border, in degrees, a place is called "on the border": about 2 mm.

A double holds a longitude near 113° to 1.4e-14°, so a point meant to lie on an oblique edge lies beside it, on the side
that rounding chose. Points geocoded to a street centre line come with 7 to 8 decimals, which puts them up to 1e-8° off
the border that is that line. In this band the side is an accident of notation, though the answer is always the same.
"""

_POINTS_AT_ONCE = 250_000
_EARTH_RADIUS_M = 6_371_000.0
_PROJECTED_TO_M = 5_000_000.0
_EXACT_TO_M = 1e-4
_SAME_DISTANCE_M = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """Regions of one tier, ready to place points. Immutable; may be used from several threads.

    `codes` and the answers' indices are in the order given to `build`.
    """

    codes: tuple[str, ...]
    _order: Places
    _geoms: Geometries
    _tree: STRtree
    _balls: _Balls

    @classmethod
    def build(cls, codes: Sequence[str], geoms: Geometries) -> Placing:
        """Regions by code, with valid polygonal geometries in EPSG:4326 of the same length."""
        order = np.array(sorted(range(len(codes)), key=lambda i: codes[i].encode()), dtype=np.int32)
        ranked = np.asarray(geoms, dtype=np.object_)[order]
        return cls(tuple(codes), order, ranked, STRtree(ranked), _Balls.of(shapely.bounds(ranked).reshape(-1, 4)))

    def place(self, lon: ArrayLike, lat: ArrayLike) -> Places:
        """The index of the region that each point lies in, -1 for none; degrees, shape (n,).

        A point on a shared border is covered by both sides: the lowest code wins, in the byte order of UTF-8 (collation
        "C"). GEOS decides by the sign of an orientation, computed without error where it matters; no tolerance.
        Raises BadInput("coordinate.not_finite").
        """
        found = np.full(np.size(lon), -1, dtype=np.int32)
        for part, points in _chunks(lon, lat):
            point, region = self._pairs(points)
            lowest = np.full(len(points), len(self.codes), dtype=np.intp)
            np.minimum.at(lowest, point, region)
            inside = lowest < len(self.codes)
            found[part][inside] = self._order[lowest[inside]]
        return found

    def on_border(self, lon: ArrayLike, lat: ArrayLike, index: ArrayLike) -> Mask:
        """Whether each point lies on a border: then its place is a matter of the rule, not of geography.

        `index` is what `place` said. True where more than one region covers the point, or the border of its region is
        within BORDER_TOLERANCE_DEG; for a point outside, any region's border.
        """
        found = np.zeros(np.size(lon), dtype=np.bool_)
        rank = np.full(len(self.codes) + 1, -1, dtype=np.intp)
        rank[self._order] = np.arange(len(self.codes))
        placed = rank[np.asarray(index, dtype=np.intp).reshape(-1)]
        for part, points in _chunks(lon, lat):
            point, _ = self._pairs(points)
            shared = np.bincount(point, minlength=len(points)) > 1
            point, region = self._pairs(points, BORDER_TOLERANCE_DEG)
            relevant = (placed[part][point] == region) | (placed[part][point] < 0)
            point, region = point[relevant], region[relevant]
            distinct, which = np.unique(region, return_inverse=True)
            borders = np.asarray(shapely.boundary(self._geoms[distinct]), dtype=np.object_)
            shapely.prepare(borders)
            close = shapely.dwithin(borders[which], points[point], BORDER_TOLERANCE_DEG)
            shared[point[close]] = True
            found[part] = shared
        return found

    def _pairs(self, points: Geometries, within: float | None = None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Point and region (by rank) of every pair that meets, or lies within so many degrees.

        Many points: each region, prepared once, asks a tree of the points. Few: each point asks the tree of regions.
        The predicate is the same, so the answer is; on 181,408 regions the two cost the same at about 20,000 points.
        """
        few = 10 * len(points) < len(self._geoms)
        tree, asking = (self._tree, points) if few else (STRtree(points), self._geoms)
        if within is None:
            pairs = tree.query(asking, predicate="intersects")
        else:
            pairs = tree.query(asking, predicate="dwithin", distance=within)
        point, region = pairs if few else pairs[::-1]
        return point, region

    def nearest(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Places, Floats]:
        """The region nearest to each point and its distance in metres on the WGS 84 ellipsoid (0 inside); shape (n,).

        Borders run straight in longitude and latitude; distances are right to a tenth of a millimetre. Of regions
        equally far (to a millimetre, as at a shared corner) the lowest code is taken. (-1, inf) if there are none.
        A point outside 181,408 regions takes 5 ms, outside 348 of 800 vertices each 17 ms, however far away it is.
        Raises BadInput("coordinate.not_finite"), BadInput("coordinate.out_of_range").
        """
        index = self.place(lon, lat)
        for wrong in np.flatnonzero(~check_lonlat(lon, lat)[1])[:1]:
            raise BadInput("coordinate.out_of_range", x=float(np.ravel(lon)[wrong]), y=float(np.ravel(lat)[wrong]))
        metres = np.where(index < 0, np.inf, 0.0)
        outside = np.flatnonzero(index < 0) if self.codes else np.array([], dtype=np.intp)
        at = np.column_stack((np.ravel(lon), np.ravel(lat))).astype(np.float64)[outside]
        distinct, again = np.unique(at, axis=0, return_inverse=True)
        answers = [self._nearest_to(x, y) for x, y in distinct.tolist()]
        index[outside] = self._order[[region for region, _ in answers]][again.reshape(-1)]
        metres[outside] = np.array([distance for _, distance in answers])[again.reshape(-1)]
        return index, metres

    def _nearest_to(self, lon: float, lat: float) -> tuple[int, float]:
        near = self._balls.within_reach(lon, lat)
        rings, owner = _rings(self._geoms[near])
        edge_owner, distance = _nearest_edges(lon, lat, rings, near[owner])
        least = float(distance.min())
        return int(edge_owner[distance <= least + _SAME_DISTANCE_M].min()), least


@dataclass(frozen=True, slots=True, eq=False)
class _Balls:
    """Circles on the ellipsoid, each with one region's box inside: a sieve that never loses the nearest region."""

    lon: Floats
    lat: Floats
    radius: Floats
    upward: Floats

    @classmethod
    def of(cls, bounds: Floats) -> _Balls:
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


def _chunks(lon: ArrayLike, lat: ArrayLike) -> Iterator[tuple[slice, Geometries]]:
    x, y = np.ravel(lon).astype(np.float64), np.ravel(lat).astype(np.float64)
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        raise BadInput("coordinate.not_finite", x=float(x[wrong[0]]), y=float(y[wrong[0]]))
    for start in range(0, len(x), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        yield part, np.asarray(shapely.points(x[part], y[part]), dtype=np.object_)


def _rings(geoms: Geometries) -> tuple[Geometries, NDArray[np.intp]]:
    parts, owner = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return rings, owner[part]


def _nearest_edges(
    lon: float, lat: float, rings: Geometries, owner: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Floats]:
    """The owners of the edges that may be nearest to a point, and their distances in metres.

    In the azimuthal equidistant projection around the point, distances from it are true, but an edge that is straight
    in degrees is bent, by less than length²/(2 R)·(1 + tan latitude). Beyond a quarter of the way round the earth the
    projection stretches without end, but there no edge comes nearer than its ends by more than that either. Edges out
    of the question are dropped, the rest cut in eight, until the bend is less than a tenth of a millimetre.
    """
    corners, ring = shapely.get_coordinates(rings, return_index=True)
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
        likely = distance - bend <= (distance + bend).min() + _SAME_DISTANCE_M
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
