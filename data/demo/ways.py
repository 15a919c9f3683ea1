"""The ways of the demo city: every border of the plan but those in water, as one connected graph, with names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import shapely

from data.demo.division import Floats, Ints
from data.demo.names import lane_names, way_names
from data.demo.outlines import ALONG_X, ALONG_Y, Lines, Shapes, sides_of, stretches
from data.demo.plan import Plan
from data.demo.terrain import Terrain

EXPRESSWAY_EVERY = 4
"""Of the main roads each way, from the second on, one in so many is an expressway."""

BRIDGES = 0.7
"""Of the main roads that meet the river, so many cross it."""


class Kind(IntEnum):
    """Classes of roads (CJJ 37: 快速路, 主干路, 次干路, 支路), and lanes."""

    EXPRESSWAY = 0
    TRUNK = 1
    SECONDARY = 2
    STREET = 3
    LANE = 4


WIDTHS_M = np.array([46, 34, 20, 12, 5])
"""From wall to wall, by kind."""

CANAL_M = 26
"""A canal, between its road and the nearest wall."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The graph: `points` of the plan are its nodes; each way runs from node to node, both ways."""

    points: Ints
    start: Ints
    end: Ints
    kind: Ints
    along: Ints
    """ALONG_X or ALONG_Y."""

    name_of: Ints
    """Which of `names` each has."""

    names: list[str]
    is_bridge: Ints
    lines: tuple[Lines, Lines]
    corner: Ints
    """Which corner of its lines it begins at."""

    inner_side: Ints
    """At the rim of the city 1 where the city is north or east of it, −1 where south or west; elsewhere 0."""

    def __len__(self) -> int:
        return len(self.start)

    def lengths_m(self) -> Floats:
        """Of each way, in the plan."""
        return np.asarray(np.abs(self.points[self.end] - self.points[self.start]).sum(axis=1).astype(np.float64))

    def shapes(self, terrain: Terrain) -> Shapes:
        """Line strings, EPSG:4326."""
        found = np.empty(len(self), dtype=object)
        for along, lines in zip((ALONG_X, ALONG_Y), self.lines, strict=True):
            own = np.flatnonzero(self.along == along)
            points, counts = stretches(lines, self.corner[own])
            ring = np.repeat(np.arange(len(own)), counts)
            found[own] = shapely.linestrings(terrain.lonlat(points), indices=ring)
        return found


def make_ways(plan: Plan, seed: int, community_names: list[str]) -> Ways:
    """The ways of a plan; lanes are named after their communities."""
    random = np.random.default_rng([seed, 4])
    rects = plan.micro_grids.rects
    grid = plan.micro_grids.parent
    community = plan.grids.parent[grid]
    town = plan.communities.parent[community]
    is_water = plan.special[grid] == 2
    block = _blocks(plan)
    found: list[tuple[Ints, ...]] = []
    both = (Lines.of(rects, ALONG_X), Lines.of(rects, ALONG_Y))
    for along, lines in zip((ALONG_X, ALONG_Y), both, strict=True):
        one, other = sides_of(rects, lines)
        corner = np.flatnonzero((one >= 0) | (other >= 0))
        one, other = one[corner], other[corner]
        at_rim = (one < 0) | (other < 0)
        own = np.where(one < 0, other, one)
        beside = np.where(other < 0, one, other)
        kind = np.full(len(corner), int(Kind.LANE))
        kind[grid[own] != grid[beside]] = Kind.STREET
        kind[community[own] != community[beside]] = Kind.SECONDARY
        main = at_rim | (block[own] != block[beside]) | (town[own] != town[beside])
        kind[main] = Kind.TRUNK
        line = lines.line_of(corner)
        kind[main & np.isin(line, _expressways(plan.x_lines if along == ALONG_Y else plan.y_lines))] = Kind.EXPRESSWAY
        in_water = is_water[own] & is_water[beside]
        crossing = in_water & ~at_rim & (along == ALONG_Y)
        open_to = np.unique(line[crossing])
        open_to = open_to[random.random(len(open_to)) < BRIDGES]
        is_bridge = crossing & (np.isin(line, open_to) | (kind == Kind.EXPRESSWAY))
        bank = is_water[own] != is_water[beside]
        kind[bank] = Kind.SECONDARY
        kept = ~in_water | is_bridge
        where = np.full(int(kept.sum()), along)
        side = (other < 0).astype(np.int64) - (one < 0)
        found.append((corner[kept], kind[kept], is_bridge[kept], where, side[kept], community[own[kept]]))
    corner, kind, is_bridge, along_of, side, communities = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    start = np.empty((len(corner), 2), dtype=np.int64)
    end = np.empty_like(start)
    for along, lines in zip((ALONG_X, ALONG_Y), both, strict=True):
        own = along_of == along
        start[own] = lines.points(lines.corners[corner[own]])
        end[own] = lines.points(lines.corners[corner[own] + 1])
    points, number = np.unique(np.concatenate([start, end]), axis=0, return_inverse=True)
    name_of, names = _named(kind, along_of, start, end, communities, community_names, random)
    return Ways(
        points,
        number[: len(start)],
        number[len(start) :],
        kind,
        along_of,
        name_of,
        names,
        is_bridge,
        both,
        corner,
        side,
    )


def _blocks(plan: Plan) -> Ints:
    """Between which main roads each micro-grid lies."""
    rects = plan.micro_grids.rects
    column = np.searchsorted(plan.x_lines, rects[:, 0], side="right")
    row = np.searchsorted(plan.y_lines, rects[:, 1], side="right")
    return np.asarray(row * (len(plan.x_lines) + 2) + column)


def _expressways(lines: Ints) -> Ints:
    return lines[2::EXPRESSWAY_EVERY]


def _named(
    kind: Ints,
    along: Ints,
    start: Ints,
    end: Ints,
    communities: Ints,
    community_names: list[str],
    random: np.random.Generator,
) -> tuple[Ints, list[str]]:
    """One name for what goes on in a line, by which of the names each way has."""
    rank = np.minimum(kind, Kind.LANE)
    rank = np.where(rank <= Kind.TRUNK, 0, np.where(rank == Kind.LANE, 2, 1))
    line = np.where(along == ALONG_X, start[:, 1], start[:, 0])
    low = np.where(along == ALONG_X, start[:, 0], start[:, 1])
    high = np.where(along == ALONG_X, end[:, 0], end[:, 1])
    order = np.lexsort((low, line, along))
    follows = np.zeros(len(order), dtype=np.bool_)
    now, before = order[1:], order[:-1]
    follows[1:] = (along[now] == along[before]) & (line[now] == line[before]) & (rank[now] == rank[before])
    follows[1:] &= (low[now] == high[before]) | (rank[now] == 0)
    run = np.cumsum(~follows) - 1
    name_of = np.empty(len(order), dtype=np.int64)
    name_of[order] = run
    first = order[~follows]
    names = np.empty(len(first), dtype=object)
    lanes = rank[first] == 2
    names[lanes] = lane_names(communities[first[lanes]], community_names)
    names[~lanes] = way_names(kind[first[~lanes]], random)
    return name_of, list(names)


def positions(ways: Ways) -> tuple[Floats, Floats]:
    """Where on its name's course each way begins and ends, in metres from the first one's beginning."""
    low = np.where(ways.along == ALONG_X, ways.points[ways.start, 0], ways.points[ways.start, 1])
    high = np.where(ways.along == ALONG_X, ways.points[ways.end, 0], ways.points[ways.end, 1])
    origin = np.full(len(ways.names), np.iinfo(np.int64).max)
    np.minimum.at(origin, ways.name_of, low)
    return (low - origin[ways.name_of]).astype(np.float64), (high - origin[ways.name_of]).astype(np.float64)
