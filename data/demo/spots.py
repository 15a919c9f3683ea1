"""Where things happen in the demo city: at doors, along ways, at components, on bridges; in some places often."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.buildings import NUMBER_EVERY_M
from data.demo.city import DemoCity
from data.demo.division import Floats, Ints
from data.demo.uses import Use
from data.demo.ways import WIDTHS_M, Kind, positions

HOT_SHARE = 0.35
"""Of incidents, at the few places where it happens most."""

HOT_SPOTS = 40
"""Of each kind of place for each hundred incidents a day."""

ZIPF = 1.05
NEAR = ("", "门前", "附近", "旁", "对面", "路段")
AT_DOOR = 2
"""So many of NEAR suit a door."""

Mask = NDArray[np.bool_]

OUTSIDE_M = 1500
"""How far beyond the city things are reported that are not its own."""


@dataclass(frozen=True, slots=True)
class Spots:
    """Places in the plan's metres, with the words for each: `name` of the way, house number, which of NEAR.

    `number` is −1 on a bridge, and metres from the way's beginning on an expressway.
    """

    points: Floats
    cell: Ints
    """The micro-grid."""

    name: Ints
    number: Ints
    suffix: Ints
    near: Ints
    is_express: Ints

    def __len__(self) -> int:
        return len(self.cell)

    @classmethod
    def joined(cls, parts: list[Spots]) -> Spots:
        """One after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def take(self, rows: Ints) -> Spots:
        """These of them."""
        return Spots(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, rows: Ints, other: Spots) -> None:
        """Writes others in the place of these."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)


class Ground:
    """The places of one city, drawn by what they are: home, shop, works, street, road, bridge, component:<code>."""

    def __init__(self, city: DemoCity, seed: int, hot_spots: int) -> None:
        self._city = city
        plan, ways, buildings = city.plan, city.ways, city.buildings
        self._cells = shapely.STRtree(np.asarray(shapely.box(*plan.micro_grids.rects.T.astype(np.float64))))
        ends = np.stack([ways.points[ways.start], ways.points[ways.end]], axis=1).astype(np.float64)
        self._lines = shapely.STRtree(np.asarray(shapely.linestrings(ends)))
        self._ends = ends
        self._from, _ = positions(ways)
        self._at_rim = ways.inner_side != 0
        length = np.abs(ends[:, 1] - ends[:, 0]).sum(axis=1)
        traffic = np.array([0.4, 2.0, 1.6, 1.2, 0.5])
        firms = np.bincount(city.firms.building, minlength=len(buildings)) * (buildings.use != Use.INDUSTRY)
        weights = {
            "home": buildings.households.astype(np.float64),
            "shop": firms.astype(np.float64),
            "works": (buildings.use == Use.INDUSTRY).astype(np.float64),
            "street": buildings.households + 2.0 * firms,
            "road": length * traffic[ways.kind] * (ways.is_bridge == 0) * ~self._at_rim,
            "bridge": _bridges(city),
        }
        self._upto = {what: weight.cumsum() / weight.sum() for what, weight in weights.items() if weight.any()}
        components = next(assets for assets in city.assets if assets.kind == "component")
        codes, code = np.unique(components.category, return_inverse=True)
        self._components = {
            f"component:{name}": components.points[code == place] for place, name in enumerate(codes.tolist())
        }
        random = np.random.default_rng([seed, 32])
        self._hot = {what: self._fresh(what, hot_spots, random) for what in (*self._upto, *self._components)}
        zipf = 1 / np.arange(1, hot_spots + 1) ** ZIPF
        self._zipf = zipf.cumsum() / zipf.sum()
        self._outside = self._beyond(200, random)

    def draw(self, what: str, kind: int, count: int, random: np.random.Generator) -> Spots:
        """So many places for incidents of one kind, with hot spots of its own; streets, where there are none."""
        what = what if what in self._hot else "street"
        found = self._fresh(what, count, random)
        hot = np.flatnonzero(random.random(count) < HOT_SHARE)
        rank = np.searchsorted(self._zipf, random.random(len(hot)))
        found.put(hot, self._hot[what].take((rank + kind * 7) % len(self._hot[what])))
        return found

    def outside(self, count: int, random: np.random.Generator) -> Spots:
        """So many places beyond the city's border."""
        return self._outside.take(random.integers(len(self._outside), size=count))

    def _fresh(self, what: str, count: int, random: np.random.Generator) -> Spots:
        if what in self._components:
            points = self._components[what][random.integers(len(self._components[what]), size=count)]
            way = _nearest(self._lines, points)
            inside = np.flatnonzero(~self._at_rim[way])
            rows = np.where(self._at_rim[way], np.resize(inside, count), np.arange(count))
            return self._along(way[rows], points[rows])
        rows = np.searchsorted(self._upto[what], random.random(count))
        if what in ("road", "bridge"):
            part = random.uniform(0.05, 0.95, count)
            return self._along(rows, self._beside(rows, part, random.choice([-1.0, 1.0], count)), what == "bridge")
        spots = self._doors(rows, random)
        return self._at_kerb(rows, spots, random) if what == "street" else spots

    def _doors(self, building: Ints, random: np.random.Generator) -> Spots:
        own = self._city.buildings
        return Spots(
            own.entrance[building],
            own.micro_grid[building],
            self._city.ways.name_of[own.way[building]],
            own.number[building],
            own.suffix[building],
            random.integers(AT_DOOR, size=len(building)),
            np.zeros(len(building), dtype=np.int64),
        )

    def _at_kerb(self, building: Ints, doors: Spots, random: np.random.Generator) -> Spots:
        """On the way that the door opens on, at the building's side of it; at the door where that is the city's rim."""
        ways = self._city.ways
        way = self._city.buildings.way[building]
        rows = np.arange(len(way))
        across = 1 - ways.along[way]
        line = self._ends[way, 0, across]
        width = WIDTHS_M[ways.kind[way]] / 2 - random.uniform(0.3, 1.2, len(way))
        points = doors.points.copy()
        points[rows, across] = line + np.sign(points[rows, across] - line) * width
        points = np.where(self._at_rim[way][:, None], doors.points, points)
        near = random.integers(1, len(NEAR), size=len(way))
        return Spots(points, doors.cell, doors.name, doors.number, doors.suffix, near, doors.is_express)

    def _beside(self, way: Ints, part: Floats, side: Floats) -> Floats:
        """At the edge of each way, so far along it."""
        ways = self._city.ways
        found = self._ends[way, 0] + (self._ends[way, 1] - self._ends[way, 0]) * part[:, None]
        found[np.arange(len(way)), 1 - ways.along[way]] += side * (WIDTHS_M[ways.kind[way]] / 2 - 0.8)
        return np.asarray(found)

    def _along(self, way: Ints, points: Floats, on_bridge: bool = False) -> Spots:
        """Points on ways, numbered as the houses there are."""
        ways = self._city.ways
        rows, along = np.arange(len(way)), ways.along[way]
        metres = np.maximum(0, self._from[way] + points[rows, along] - self._ends[way, 0, along])
        is_express = ways.kind[way] == Kind.EXPRESSWAY
        number = np.where(is_express, metres, 2 * (metres // NUMBER_EVERY_M) + 1).astype(np.int64)
        return Spots(
            points,
            _nearest(self._cells, points),
            ways.name_of[way],
            np.full(len(way), -1) if on_bridge else number,
            np.zeros(len(way), dtype=np.int64),
            AT_DOOR + number % (len(NEAR) - AT_DOOR),
            is_express.astype(np.int64),
        )

    def _beyond(self, count: int, random: np.random.Generator) -> Spots:
        rects = self._city.plan.micro_grids.rects
        low, high = rects[:, :2].min(axis=0) - OUTSIDE_M, rects[:, 2:].max(axis=0) + OUTSIDE_M
        points = random.uniform(low, high, (count * 20, 2))
        found = np.asarray(shapely.points(points))
        near = self._cells.query(found, "dwithin", OUTSIDE_M / 2)[0]
        clear = np.setdiff1d(near, self._cells.query(found, "dwithin", OUTSIDE_M / 15)[0])[:count]
        return self._along(_nearest(self._lines, points[clear]), points[clear])


def _nearest(tree: shapely.STRtree, points: Floats) -> Ints:
    return np.asarray(tree.nearest(np.asarray(shapely.points(points))), dtype=np.int64)


def _bridges(city: DemoCity) -> Floats:
    """Weights of ways: bridges, the more the nearer they are to the old town."""
    ways = city.ways
    middle = (ways.points[ways.start] + ways.points[ways.end]) / 2
    found = (ways.is_bridge > 0) * (ways.inner_side == 0)
    for east, north, _ in city.plan.place.old_towns[:1]:
        found = found / (1 + ((middle - (east * 1000, north * 1000)) ** 2).sum(axis=1) / 2000**2)
    return np.asarray(found, dtype=np.float64)
