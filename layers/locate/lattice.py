"""Degrees as whole numbers, and rings of polygons on them: on a lattice a side test is exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from data.errors import BadInput
from layers.crs import Floats, Geometries

Lattice = NDArray[np.int64]

UNITS_PER_DEGREE = 100_000_000
"""Lattice units in a degree: about a millimetre each."""

LONGEST_EDGE = 1 << 30
"""In units, along either axis (10.7°): products of differences then stay within 64 bits."""


def to_units(degrees: ArrayLike) -> Lattice:
    """The nearest lattice unit of each coordinate in degrees, any shape. The coordinates must be finite."""
    units: Lattice = np.rint(np.asarray(degrees, dtype=np.float64) * UNITS_PER_DEGREE).astype(np.int64)
    return units


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Closed rings on the lattice, each with its region to the left, ordered by region.

    `xy` (vertices, 2), from `origin` on, of 32 bits unless the rings lie farther apart (21°); ring i has vertices
    `start[i]` to `start[i + 1]`, the last equal to the first, and bounds the region of slot `slot[i]`.
    """

    xy: NDArray[np.int32] | Lattice
    start: Lattice
    slot: NDArray[np.int32]
    origin: tuple[int, int]

    @classmethod
    def of(cls, geoms: Geometries, slots: NDArray[np.int32]) -> Rings:
        """Rings of polygonal geometries in EPSG:4326; `slots` ascends. Raises BadInput("region.edge_too_long")."""
        parts, part_of = shapely.get_parts(geoms, return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        corners, corner_of = shapely.get_coordinates(rings, return_index=True)
        xy = to_units(corners)
        start = np.zeros(len(rings) + 1, dtype=np.int64)
        np.cumsum(np.bincount(corner_of, minlength=len(rings)), out=start[1:])
        is_hole = np.zeros(len(rings), dtype=np.bool_)
        is_hole[1:] = ring_of[1:] == ring_of[:-1]
        wrong = (_doubled_areas(xy, start) > 0) == is_hole
        xy = _turned(xy, start, wrong)
        _check_edges(xy, start)
        return cls(xy, start, slots[part_of[ring_of]].astype(np.int32), (0, 0))._narrowed()

    def _narrowed(self) -> Rings:
        """The same in as few bits as they need."""
        if not len(self.xy):
            return Rings(self.xy.astype(np.int32), self.start, self.slot, self.origin)
        low, high = self.xy.min(axis=0), self.xy.max(axis=0)
        if (high - low).max() > np.iinfo(np.int32).max:
            return self
        origin = (self.origin[0] + int(low[0]), self.origin[1] + int(low[1]))
        return Rings((self.xy - low).astype(np.int32), self.start, self.slot, origin)

    @property
    def units(self) -> Lattice:
        """The vertices in units of the lattice, shape (vertices, 2)."""
        return self.xy.astype(np.int64) + self.origin

    def of_slots(self, wanted: NDArray[np.bool_]) -> Rings:
        """Only the rings of the slots that are True in `wanted`."""
        kept = np.flatnonzero(wanted[self.slot])
        lengths = self.start[kept + 1] - self.start[kept]
        start = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(lengths, out=start[1:])
        places = np.arange(start[-1]) + np.repeat(self.start[kept] - start[:-1], lengths)
        return Rings(self.xy[places], start, self.slot[kept], self.origin)

    def and_more(self, more: Rings) -> Rings:
        """These rings and others, ordered by region."""
        slot = np.concatenate((self.slot, more.slot))
        start = np.concatenate((self.start, more.start[1:] + len(self.xy)))
        xy: NDArray[Any]
        origin, added = self.origin, more.units - self.origin
        if self.xy.dtype == np.int32 and np.abs(added).max(initial=0) <= np.iinfo(np.int32).max:
            xy = np.concatenate((self.xy, added.astype(np.int32)))
        else:
            origin, xy = (0, 0), np.concatenate((self.units, more.units))
        order = np.argsort(slot, kind="stable")
        lengths = np.diff(start)[order]
        ordered = np.zeros(len(order) + 1, dtype=np.int64)
        np.cumsum(lengths, out=ordered[1:])
        places = np.arange(len(xy)) + np.repeat(start[:-1][order] - ordered[:-1], lengths)
        together = Rings(xy[places], ordered, slot[order], origin)
        return together if xy.dtype == np.int32 else together._narrowed()

    def bounds(self, slots: int) -> Lattice:
        """West, south, east, north of each slot's rings, shape (slots, 4); west > east for a slot without rings."""
        box = np.empty((slots, 4), dtype=np.int64)
        box[:, :2], box[:, 2:] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
        if len(self.slot):
            low = np.minimum.reduceat(self.xy, self.start[:-1])
            high = np.maximum.reduceat(self.xy, self.start[:-1])
            first = np.flatnonzero(np.diff(self.slot, prepend=-1))
            box[self.slot[first], :2] = np.minimum.reduceat(low, first).astype(np.int64) + self.origin
            box[self.slot[first], 2:] = np.maximum.reduceat(high, first).astype(np.int64) + self.origin
        return box

    def extent(self) -> tuple[int, int, int, int]:
        """West, south, east, north of all rings; zeros if there are none."""
        if not len(self.xy):
            return 0, 0, 0, 0
        (west, south), (east, north) = self.xy.min(axis=0).tolist(), self.xy.max(axis=0).tolist()
        x, y = self.origin
        return west + x, south + y, east + x, north + y


def _doubled_areas(xy: Lattice, start: Lattice) -> Floats:
    """Twice the signed area of each ring, positive where it runs counter-clockwise."""
    first = np.repeat(start[:-1], np.diff(start))
    x, y = (xy - xy[first]).astype(np.float64).T if len(xy) else np.zeros((2, 0))
    turn = np.zeros(len(xy))
    turn[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    turn[start[1:] - 1] = 0.0
    areas: Floats = np.add.reduceat(turn, start[:-1]) if len(start) > 1 else np.zeros(0)
    return areas


def _turned(xy: Lattice, start: Lattice, wrong: NDArray[np.bool_]) -> Lattice:
    """The rings, those that are `wrong` in the other direction."""
    lengths = np.diff(start)
    mirror = np.repeat(start[:-1] + start[1:] - 1, lengths)
    places = np.arange(len(xy))
    turned: Lattice = xy[np.where(np.repeat(wrong, lengths), mirror - places, places)]
    return turned


def _check_edges(xy: Lattice, start: Lattice) -> None:
    step = np.abs(np.diff(xy, axis=0)).max(axis=1, initial=0)
    step[start[1:-1] - 1] = 0
    for wrong in np.flatnonzero(step > LONGEST_EDGE)[:1]:
        lon, lat = xy[wrong] / UNITS_PER_DEGREE
        raise BadInput("region.edge_too_long", x=float(lon), y=float(lat), degrees=LONGEST_EDGE / UNITS_PER_DEGREE)
