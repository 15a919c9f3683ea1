"""From rectangles of the plan to polygons and ways on the land, every vertex shared to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.division import Ints
from data.demo.terrain import Terrain

BEND_M = 70
"""Lines of the plan have a vertex wherever they cross a multiple of this: between them they are straight."""

WIDE = 1 << 24
"""Wider than any plan in metres; a place on a line is one number, line × WIDE + place."""

ALONG_X, ALONG_Y = 0, 1
Shapes = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a plan in one direction: where rectangles have `corners`, and those and bends, `vertices`.

    Both ascending, as line × WIDE + place on it, each shifted by WIDE / 2 to be positive.
    """

    along: int
    corners: Ints
    vertices: Ints

    @classmethod
    def of(cls, rects: Ints, along: int) -> Lines:
        """Those of a partition's rectangles."""
        low, high, first, second = _edges(rects, along)
        corners = np.unique(np.concatenate([_key(line, place) for line in (first, second) for place in (low, high)]))
        count = np.maximum(0, (high - 1) // BEND_M - low // BEND_M)
        number = np.repeat(low // BEND_M + 1, count) + _ranges(count)
        bends = [_key(np.repeat(line, count), number * BEND_M) for line in (first, second)]
        return cls(along, corners, np.unique(np.concatenate([corners, *bends])))

    def points(self, keys: Ints) -> Ints:
        """Points of the plan (n, 2)."""
        line, place = keys // WIDE - WIDE // 2, keys % WIDE - WIDE // 2
        return np.column_stack([place, line] if self.along == ALONG_X else [line, place])

    def line_of(self, corners: Ints) -> Ints:
        """The line that each of these corners, given by their places, lies on."""
        return np.asarray(self.corners[corners] // WIDE - WIDE // 2)

    def corner_before(self, line: Ints, place: Ints) -> Ints:
        """The last corner on a line at or before a place on it."""
        return np.searchsorted(self.corners, _key(line, place), side="right") - 1


def sides_of(rects: Ints, lines: Lines) -> tuple[Ints, Ints]:
    """For the stretch from each corner to the next on its line: the rectangles on its upper and lower side, or −1.

    Upper is north, or east.
    """
    low, high, lower_line, upper_line = _edges(rects, lines.along)
    found = []
    for line in (lower_line, upper_line):
        first, last = (np.searchsorted(lines.corners, _key(line, place)) for place in (low, high))
        side = np.full(len(lines.corners), -1, dtype=np.int64)
        count = last - first
        side[np.repeat(first, count) + _ranges(count)] = np.repeat(np.arange(len(rects)), count)
        found.append(side)
    return found[0], found[1]


def stretches(lines: Lines, corners: Ints) -> tuple[Ints, Ints]:
    """The points of the stretches that begin at these corners, one after the other, and how many each has."""
    first = np.searchsorted(lines.vertices, lines.corners[corners])
    count = np.searchsorted(lines.vertices, lines.corners[corners + 1]) - first + 1
    return lines.points(lines.vertices[np.repeat(first, count) + _ranges(count)]), count


def _key(line: Ints, place: Ints) -> Ints:
    return (line + WIDE // 2) * WIDE + place + WIDE // 2


def _edges(rects: Ints, along: int) -> tuple[Ints, Ints, Ints, Ints]:
    """For each rectangle where its edges in one direction begin and end, and their two lines."""
    return rects[:, along], rects[:, along + 2], rects[:, 1 - along], rects[:, 3 - along]


def _ranges(counts: Ints) -> Ints:
    """0 … count − 1 for each, one after the other."""
    ends = counts.cumsum()
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


def polygons(rects: Ints, terrain: Terrain, lines: tuple[Lines, Lines] | None = None) -> Shapes:
    """Each rectangle on the land, EPSG:4326, with every corner of its neighbours; `lines`: the partition's."""
    across, up = lines or (Lines.of(rects, ALONG_X), Lines.of(rects, ALONG_Y))
    west, south, east, north = rects.T
    sides = []
    for line, start, end, of, is_backward in (
        (south, west, east, across, False),
        (east, south, north, up, False),
        (north, west, east, across, True),
        (west, south, north, up, True),
    ):
        first, last = (np.searchsorted(of.vertices, _key(line, place)) for place in (start, end))
        sides.append((of, first, last - first, is_backward))
    counts = np.column_stack([count for _, _, count, _ in sides])
    starts = np.concatenate([[0], counts.ravel().cumsum()])
    points = np.empty((starts[-1], 2), dtype=np.int64)
    for number, (of, first, count, is_backward) in enumerate(sides):
        step = _ranges(count)
        # A side holds its first corner and not its last, in the ring's direction.
        place = np.repeat(first, count) + (np.repeat(count, count) - step if is_backward else step)
        target = np.repeat(starts[:-1].reshape(-1, 4)[:, number], count) + step
        points[target] = of.points(of.vertices[place])
    ring = np.repeat(np.arange(len(rects)), counts.sum(axis=1))
    return np.asarray(shapely.polygons(shapely.linearrings(terrain.lonlat(points), indices=ring)))


def merged(shapes: Shapes, unit: Ints, count: int) -> Shapes:
    """The union of each unit's shapes, which share their vertices."""
    order = np.argsort(unit, kind="stable")
    bounds = np.searchsorted(unit[order], np.arange(count + 1))
    return np.array(
        [shapely.coverage_union_all(shapes[order[low:high]]) for low, high in pairwise(bounds)],
        dtype=object,
    )
