"""How far it is to regions, on the WGS 84 ellipsoid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from layers.crs import Floats
from layers.geometry import WGS84_ELLIPSOID
from layers.locate.compiled import compiled
from layers.locate.edges import Ids
from layers.locate.lattice import UNITS_PER_DEGREE, Lattice, Rings

SAME_DISTANCE_M = 3e-3
"""Distances that differ by less count as equal: the lattice moves borders by a millimetre."""

_EARTH_RADIUS_M = 6_371_000.0
_LEAST_RADIUS_M = 6_335_000.0
"""No radius of curvature of the ellipsoid is smaller: a metre turns the vertical by no more than 1 / this."""

_PROJECTED_TO_M = 5_000_000.0
_EXACT_TO_M = 1e-4
_HIGHEST_ON_PLANE_DEG = 85.0
_PLANE_DUST_DEG = 1e-7
_MOST_DISTORTED = 0.03
"""The plane serves up to here, 1.7° away at 30° of latitude, 1.1° at 45°: beyond, too few edges would be dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """Which edges of which regions may be nearest to a point: never without the nearest.

    Regions are told by their boxes, in a tree. For points so near a pole or the antimeridian that a box around them is
    none in degrees, there are circles on the ellipsoid, each with one region's box inside.
    """

    rings: Rings
    slots: NDArray[np.intp]
    boxes: Floats
    tree: STRtree
    lon: Floats
    lat: Floats
    radius: Floats
    upward: Floats

    @classmethod
    def of(cls, rings: Rings, slots: int) -> Sieve:
        """Of the rings of so many slots."""
        bounds = rings.bounds(slots)
        with_rings = np.flatnonzero(bounds[:, 0] <= bounds[:, 2])
        boxes = bounds[with_rings] / UNITS_PER_DEGREE
        west, south, east, north = boxes.T
        lon, lat = (west + east) / 2, (south + north) / 2
        below, above = (WGS84_ELLIPSOID.inv(lon, lat, west, corner)[2] for corner in (south, north))
        tree = STRtree(shapely.box(west, south, east, north))
        return cls(rings, with_rings, boxes, tree, lon, lat, np.maximum(below, above), _upward(lon, lat))

    def likely_edges(self, lon: float, lat: float) -> tuple[Floats, Floats, Ids]:
        """Start and end of edges in degrees, shape (n, 2), and the slot of each."""
        one = np.array([self.tree.nearest(shapely.Point(lon, lat))])
        least = self._near_on_plane(one, lon, lat, 1.0)[3]
        off = _distortion(lat, least)
        up = least * (1.0 + off) * _radii_m(lat)[0] / _LEAST_RADIUS_M + 1e-7
        aside = _half_width(lat, up)
        if off > _MOST_DISTORTED or abs(lon) + aside > 180.0:
            return self._near_on_plane(self._within_reach(lon, lat), lon, lat, np.inf)[:3]
        boxes = self.tree.query(shapely.box(lon - aside, lat - up, lon + aside, lat + up))
        return self._near_on_plane(boxes, lon, lat, (1.0 + off) ** 2)[:3]

    def _near_on_plane(
        self, boxes: NDArray[np.intp], lon: float, lat: float, slack: float
    ) -> tuple[Floats, Floats, Ids, float]:
        meridian, normal = _radii_m(lat)
        rings, scale = self.rings, math.cos(math.radians(lat)) * normal / meridian
        return _near_on_plane(
            rings.xy, rings.start, rings.slot, *rings.origin, self.slots, self.boxes, boxes, lon, lat, scale, slack
        )

    def _within_reach(self, lon: float, lat: float) -> NDArray[np.intp]:
        """Regions that may be nearest: no farther at their nearest than any is at its farthest.

        First by the angle between the verticals (the ellipsoid's radii of curvature lie between 6,335 and 6,400 km, and
        a metre covers the arc cosine's error), then, for the few that remain, by the geodesic itself.
        """
        angle = np.arccos(np.clip(self.upward @ _upward(lon, lat), -1.0, 1.0))
        nearest, farthest = _LEAST_RADIUS_M * angle - self.radius - 1, 6_400_000 * angle + self.radius + 1
        near = np.flatnonzero(nearest <= farthest.min())
        x, y = np.full(len(near), lon), np.full(len(near), lat)
        centre = WGS84_ELLIPSOID.inv(x, y, self.lon[near], self.lat[near])[2]
        kept: NDArray[np.intp] = near[centre - self.radius[near] <= (centre + self.radius[near]).min()]
        return kept


def _upward(lon: Floats | float, lat: Floats | float) -> Floats:
    x, y = np.radians(lon), np.radians(lat)
    return np.stack((np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)), axis=-1)


def _distortion(lat: float, up: float) -> float:
    """By how much a way near a point may be longer or shorter on the ellipsoid than on a plane of stretched degrees.

    As a share, for ways within 1.5 `up` degrees, where the plane is true at the point: radii of curvature
    change by no more than 1.02 % of themselves a radian (3/2 e² sin 2φ), parallels shorten towards the pole. Infinite
    where the pole is too near.
    """
    reach = math.radians(1.5 * up)
    highest = math.radians(abs(lat)) + reach
    if math.degrees(highest) > _HIGHEST_ON_PLANE_DEG:
        return math.inf
    return 0.0102 * reach + math.expm1(reach * math.tan(highest)) + 1e-9


def _radii_m(lat: float) -> tuple[float, float]:
    """The radii of curvature of WGS 84 along the meridian and across it, in metres."""
    rest = 1.0 - WGS84_ELLIPSOID.es * math.sin(math.radians(lat)) ** 2
    across = WGS84_ELLIPSOID.a / math.sqrt(rest)
    return across * (1.0 - WGS84_ELLIPSOID.es) / rest, across


def _half_width(lat: float, up: float) -> float:
    """Degrees of longitude on either side of a point that a circle of `up` degrees reaches; infinite over a pole."""
    if abs(lat) + up >= 90.0:
        return math.inf
    return math.degrees(math.asin(math.sin(math.radians(up)) / math.cos(math.radians(lat)))) + 1e-7


@compiled
def _edge_on_plane(x1: float, y1: float, x2: float, y2: float) -> float:
    """The distance of a straight edge from (0, 0)."""
    east, north = x2 - x1, y2 - y1
    length = east * east + north * north
    share = min(max(-(x1 * east + y1 * north) / length, 0.0), 1.0) if length > 0.0 else 0.0
    return np.hypot(x1 + share * east, y1 + share * north)


@compiled
def _near_on_plane(
    xy: Lattice, start: Lattice, slot: Ids, first_x: int, first_y: int, slots: NDArray[np.intp], boxes: Floats,
    chosen: NDArray[np.intp], lon: float, lat: float, scale: float, slack: float,
) -> tuple[Floats, Floats, Ids, float]:  # fmt: skip
    """Edges of the chosen boxes' regions that are not farther from a point than `slack` times the nearest.

    On a plane on which a degree of latitude is 1 and a degree of longitude `scale`: starts and ends, slots, and how far
    the nearest is.
    """
    away = np.empty(len(chosen))
    for place in range(len(chosen)):
        west, south, east, north = boxes[chosen[place]]
        aside, up = max(west - lon, lon - east, 0.0), max(south - lat, lat - north, 0.0)
        away[place] = np.hypot(aside * scale, up)
    least = np.inf
    count, capacity = 0, 64
    edges, whose = np.empty((capacity, 5)), np.empty(capacity, dtype=np.int32)
    for place in np.argsort(away):
        if slack < np.inf and away[place] > least * slack + _PLANE_DUST_DEG:
            break
        wanted = slots[chosen[place]]
        ring = np.searchsorted(slot, wanted)
        while ring < len(slot) and slot[ring] == wanted:
            for vertex in range(start[ring], start[ring + 1] - 1):
                x1, y1 = (xy[vertex, 0] + first_x) / UNITS_PER_DEGREE, (xy[vertex, 1] + first_y) / UNITS_PER_DEGREE
                x2 = (xy[vertex + 1, 0] + first_x) / UNITS_PER_DEGREE
                y2 = (xy[vertex + 1, 1] + first_y) / UNITS_PER_DEGREE
                far = _edge_on_plane((x1 - lon) * scale, y1 - lat, (x2 - lon) * scale, y2 - lat)
                if slack < np.inf and far > least * slack + _PLANE_DUST_DEG:
                    continue
                least = min(least, far)
                if count == capacity:
                    capacity *= 2
                    more_edges, more_whose = np.empty((capacity, 5)), np.empty(capacity, dtype=np.int32)
                    more_edges[:count], more_whose[:count] = edges, whose
                    edges, whose = more_edges, more_whose
                edges[count] = x1, y1, x2, y2, far
                whose[count] = wanted
                count += 1
            ring += 1
    kept = edges[:count, 4] <= (least * slack + _PLANE_DUST_DEG if slack < np.inf else np.inf)
    return edges[:count, :2][kept], edges[:count, 2:4][kept], whose[:count][kept], least


def nearest_edges(
    lon: Floats, lat: Floats, point: NDArray[np.intp], start: Floats, end: Floats, owner: Ids
) -> tuple[NDArray[np.intp], Ids, Floats]:
    """The edges that may be nearest to points: the point and the owner of each, and the distance in metres.

    Edges from `start` to `end`, shape (n, 2) in degrees, each asked for one `point` (a position in `lon` and `lat`,
    ascending, none left out) and with its `owner`.

    In the azimuthal equidistant projection around the point, distances from it are true, but an edge that is straight
    in degrees is bent, by less than length²/(2 R)·(1 + tan latitude). Beyond a quarter of the way round the earth the
    projection stretches without end, but there no edge comes nearer than its ends by more than that either. Edges out
    of the question are dropped, the rest cut in eight, until the bend is less than a tenth of a millimetre.
    """
    while True:
        a, b = _azimuthal(lon[point], lat[point], start), _azimuthal(lon[point], lat[point], end)
        along = b - a
        share = -np.einsum("ij,ij->i", a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
        at_end = np.minimum(np.hypot(*a.T), np.hypot(*b.T))
        beside = np.hypot(*(a + np.clip(share, 0.0, 1.0)[:, None] * along).T)
        distance = np.where(at_end < _PROJECTED_TO_M, beside, at_end)

        east, north = np.radians(end - start).T
        slope = np.radians(np.clip(np.abs(start[:, 1]), 0.0, 89.0))
        length2 = (north**2 + (east * np.cos(slope)) ** 2) * _EARTH_RADIUS_M**2
        bend = length2 / (2.0 * _EARTH_RADIUS_M) * (1.0 + np.tan(slope))
        least = np.minimum.reduceat(distance + bend, np.flatnonzero(np.diff(point, prepend=-1)))
        likely = distance - bend <= least[point] + SAME_DISTANCE_M
        point, start, end, owner, distance, bend = (
            values[likely] for values in (point, start, end, owner, distance, bend)
        )
        if bend.max() < _EXACT_TO_M:
            return point, owner, distance
        pieces = np.where(bend < _EXACT_TO_M, 1, 8)
        edge = np.repeat(np.arange(len(pieces)), pieces)
        number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        step = (end - start)[edge] / pieces[edge][:, None]
        start, end = start[edge] + number[:, None] * step, start[edge] + (number[:, None] + 1) * step
        point, owner = point[edge], owner[edge]


def _azimuthal(lon: Floats, lat: Floats, places: Floats) -> Floats:
    """Places in metres east and north of a point each: true distance, true direction."""
    azimuth, _, distance = WGS84_ELLIPSOID.inv(lon, lat, places[:, 0].copy(), places[:, 1].copy())
    turn = np.radians(azimuth)
    return np.column_stack((distance * np.sin(turn), distance * np.cos(turn)))
