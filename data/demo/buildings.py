"""Buildings of the demo city, made for each micro-grid's households: floors, staircases, entrances, addresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.division import Floats, Ints
from data.demo.outlines import ALONG_X, ALONG_Y, Shapes, sides_of
from data.demo.plan import MOST_HOUSEHOLDS, Plan
from data.demo.terrain import Terrain
from data.demo.uses import SQUARE_METRES_A_HECTARE, Use
from data.demo.ways import CANAL_M, WIDTHS_M, Kind, Ways, positions

SOUTH, EAST, NORTH, WEST = range(4)
TOWER_FROM = 165.0
"""Households a hectare of built land from which an estate builds towers."""

FOOTPRINTS_M = {
    "tower": (27.0, 21.0),
    "slab": (46.0, 13.0),
    "house": (11.0, 9.0),
    "shed": (46.0, 30.0),
    "hall": (60.0, 34.0),
}
PLOT_M2 = {"tower": 2200.0, "slab": 1900.0, "house": 260.0, "shed": 2600.0, "hall": 5200.0}
"""What each kind takes with the ground around it, where there is room."""

FLATS_A_FLOOR = {"tower": 4, "slab": 4, "house": 1}
STAIRCASES = {"tower": 1, "slab": 2, "house": 1}
NUMBER_EVERY_M = 15
DORMITORY_PART = 0.3
"""Of the land of industry, for those who live there."""


@dataclass(frozen=True, slots=True)
class Buildings:
    """`corners` (n, 4, 2) and `entrance` (n, 2) in the plan; the rest one a building."""

    corners: Floats
    entrance: Floats
    micro_grid: Ints
    use: Ints
    floors: Ints
    staircases: Ints
    households: Ints
    way: Ints
    """The way whose number it has."""

    number: Ints
    suffix: Ints
    """0, or which of several with one number it is."""

    def __len__(self) -> int:
        return len(self.micro_grid)

    def shapes(self, terrain: Terrain) -> Shapes:
        """Polygons, EPSG:4326."""
        rings = np.concatenate([self.corners, self.corners[:, :1]], axis=1)
        where = terrain.lonlat(rings.reshape(-1, 2))
        return np.asarray(shapely.polygons(where.reshape(-1, 5, 2)))


@dataclass(frozen=True, slots=True)
class _Stock:
    """What is to be built: `count` buildings of one kind in each of the plots (n, 4)."""

    kind: str
    micro_grid: Ints
    plots: Floats
    count: Ints
    households: Ints
    use: Ints


def insets(plan: Plan, ways: Ways) -> Ints:
    """How many metres of each micro-grid's sides (n, 4: south, east, north, west) are road."""
    rects = plan.micro_grids.rects
    kinds = np.full((len(rects), 4), int(Kind.LANE))
    for along, (lower, upper) in ((ALONG_X, (SOUTH, NORTH)), (ALONG_Y, (WEST, EAST))):
        one, other = sides_of(rects, ways.lines[along])
        own = ways.along == along
        for side, rect in ((lower, one[ways.corner[own]]), (upper, other[ways.corner[own]])):
            there = rect >= 0
            np.minimum.at(kinds, (rect[there], side), ways.kind[own][there])
    found = WIDTHS_M[kinds] // 2
    found[:, EAST] += CANAL_M * np.isin(rects[:, 2], plan.canals)
    return np.asarray(found)


def built_land(plan: Plan, ways: Ways) -> Floats:
    """Each micro-grid (n, 4) without its roads."""
    rects = plan.micro_grids.rects.astype(np.float64)
    road = insets(plan, ways) + 2.0
    size = rects[:, 2:] - rects[:, :2]
    across = np.minimum(1.0, size[:, 0] * 0.6 / (road[:, WEST] + road[:, EAST]))
    up = np.minimum(1.0, size[:, 1] * 0.6 / (road[:, SOUTH] + road[:, NORTH]))
    return np.column_stack(
        [
            rects[:, 0] + road[:, WEST] * across,
            rects[:, 1] + road[:, SOUTH] * up,
            rects[:, 2] - road[:, EAST] * across,
            rects[:, 3] - road[:, NORTH] * up,
        ]
    )


def make_buildings(plan: Plan, ways: Ways, uses: Ints, seed: int) -> Buildings:
    """Every household lives in one; the uses are those of the grids."""
    random = np.random.default_rng([seed, 5])
    land = built_land(plan, ways)
    stocks = _stocks(plan, land, uses[plan.micro_grids.parent], random)
    laid = [_lay(stock, random) for stock in stocks]
    rects, micro_grid, use, households, floors, staircases = (
        np.concatenate(column) for column in zip(*laid, strict=True)
    )
    order = np.lexsort((-rects[:, 3], rects[:, 0], micro_grid))
    rects, micro_grid, use = rects[order], micro_grid[order], use[order]
    centres = (rects[:, :2] + rects[:, 2:]) / 2
    way, side = _front(plan, ways, micro_grid, centres)
    number, suffix = _numbers(ways, way, side, centres)
    west, south, east, north = rects.T
    corners = np.stack(
        [np.column_stack(pair) for pair in ((west, south), (east, south), (east, north), (west, north))], 1
    )
    doors = np.stack(
        [
            np.column_stack([centres[:, 0], south]),
            np.column_stack([east, centres[:, 1]]),
            np.column_stack([centres[:, 0], north]),
            np.column_stack([west, centres[:, 1]]),
        ],
        axis=1,
    )
    entrance = doors[np.arange(len(rects)), side]
    return Buildings(
        corners, entrance, micro_grid, use, floors[order], staircases[order], households[order], way, number, suffix
    )


def _stocks(plan: Plan, land: Floats, use: Ints, random: np.random.Generator) -> list[_Stock]:
    households = plan.households
    hectares = _area(land) / SQUARE_METRES_A_HECTARE
    estate, industry = use == Use.ESTATE, use == Use.INDUSTRY
    tall = (estate & (households / hectares > TOWER_FROM)) | (households > MOST_HOUSEHOLDS)
    slab, house = (estate | industry) & ~tall, np.isin(use, (Use.OLD_TOWN, Use.VILLAGE, Use.FARMLAND)) & ~tall
    homes = land.copy()
    homes[industry, 3] -= (land[industry, 3] - land[industry, 1]) * (1 - DORMITORY_PART)
    works = land.copy()
    works[:, 1] += (land[:, 3] - land[:, 1]) * (DORMITORY_PART + 0.04)
    stocks = []
    for kind, chosen, most in (("tower", tall, 132), ("slab", slab, 36), ("house", house, 4.0)):
        here = np.flatnonzero(chosen)
        count = np.ceil(households[here] / (most * random.uniform(0.8, 1.0, len(here)))).astype(np.int64)
        if kind == "tower":
            count[:] = 1
        plots = _gathered(homes[here], np.asarray(count * PLOT_M2[kind], dtype=np.float64), random)
        stocks.append(_Stock(kind, here, plots, count, households[here], use[here]))
    for kind, chosen, plots, most in (
        ("shed", industry, works, 14),
        ("hall", use == Use.CAMPUS, land, 7),
        ("hall", use == Use.MALL, land, 2),
        ("house", use == Use.PARK, land, 2),
    ):
        here = np.flatnonzero(chosen)
        room = (_area(plots[here]) / (PLOT_M2[kind] * 1.4)).astype(np.int64)
        count = np.clip(room, 1, most)
        nobody = np.zeros(len(here), dtype=np.int64)
        gathered = _gathered(plots[here], np.asarray(count * PLOT_M2[kind] * 2, dtype=np.float64), random)
        stocks.append(_Stock(kind, here, gathered, count, nobody, use[here]))
    return stocks


def _area(rects: Floats) -> Floats:
    return np.asarray(np.prod(rects[:, 2:] - rects[:, :2], axis=1), dtype=np.float64)


def _gathered(plots: Floats, wanted_m2: Floats, random: np.random.Generator) -> Floats:
    """Where there is much more room than needed, a part of it: in a village houses stand together."""
    scale = np.minimum(1.0, np.sqrt(wanted_m2 / _area(plots)))[:, None]
    size = plots[:, 2:] - plots[:, :2]
    spare = size * (1 - scale)
    low = plots[:, :2] + spare * random.random((len(plots), 2))
    return np.concatenate([low, low + size * scale], axis=1)


def _lay(stock: _Stock, random: np.random.Generator) -> tuple[Floats, Ints, Ints, Ints, Ints, Ints]:
    """In rows: each one's rectangle, micro-grid, use, households, floors, staircases."""
    width, depth = FOOTPRINTS_M[stock.kind]
    size = stock.plots[:, 2:] - stock.plots[:, :2]
    columns = np.rint(np.sqrt(stock.count * size[:, 0] / size[:, 1] * depth / width)).astype(np.int64)
    columns = np.clip(columns, 1, np.maximum(stock.count, 1))
    rows = -(-stock.count // columns)
    of = np.repeat(np.arange(len(stock.count)), stock.count)
    place = np.arange(len(of)) - np.repeat(stock.count.cumsum() - stock.count, stock.count)
    row, column = place // columns[of], place % columns[of]
    in_row = np.minimum(columns[of], stock.count[of] - row * columns[of])
    cell = np.column_stack([size[of, 0] / in_row, size[of, 1] / rows[of]])
    vary = random.uniform(0.82, 1.12, (len(of), 2))
    half = np.minimum(np.array([width, depth]) * vary, cell * (0.78, 0.72)) / 2
    slack = np.maximum(0, cell / 2 - half) * 0.35
    centre = stock.plots[of, :2] + cell * np.column_stack([column + 0.5, row + 0.5])
    centre += slack * random.uniform(-1, 1, (len(of), 2))
    base = stock.households // np.maximum(stock.count, 1)
    households = base[of] + (place < (stock.households - base * stock.count)[of])
    if stock.kind in FLATS_A_FLOOR:
        flats = FLATS_A_FLOOR[stock.kind]
        floors = np.maximum(-(-households // flats), 2 if stock.kind == "house" else 3)
        if stock.kind == "house":
            floors = np.maximum(floors, random.integers(2, 5, len(of)))
        staircases = np.full(len(of), STAIRCASES[stock.kind])
    else:
        floors = random.integers(1, 7 if stock.kind == "hall" else 3, len(of))
        staircases = np.full(len(of), 2)
    rects = np.concatenate([centre - half, centre + half], axis=1)
    return rects, stock.micro_grid[of], stock.use[of], households, floors, staircases


def _front(plan: Plan, ways: Ways, micro_grid: Ints, centres: Floats) -> tuple[Ints, Ints]:
    """For each building the way that it has its number from, and which side of its micro-grid that is."""
    rects = plan.micro_grids.rects[micro_grid]
    best = np.full(len(micro_grid), len(Kind))
    found, side = np.zeros(len(micro_grid), dtype=np.int64), np.zeros(len(micro_grid), dtype=np.int64)
    for along, pair in ((ALONG_X, (SOUTH, NORTH)), (ALONG_Y, (WEST, EAST))):
        lines = ways.lines[along]
        own = np.flatnonzero(ways.along == along)
        way_of = np.full(len(lines.corners), -1, dtype=np.int64)
        way_of[ways.corner[own]] = own
        for place in pair:
            line = rects[:, 1 - along] if place in (SOUTH, WEST) else rects[:, 3 - along]
            way = way_of[lines.corner_before(line, np.floor(centres[:, along]).astype(np.int64))]
            kind = np.where(way >= 0, ways.kind[way], len(Kind))
            kind = np.where(kind == Kind.EXPRESSWAY, Kind.LANE, kind)  # nobody's door opens on an expressway
            better = kind < best
            best[better], found[better], side[better] = kind[better], way[better], place
    return found, side


def _numbers(ways: Ways, way: Ints, side: Ints, centres: Floats) -> tuple[Ints, Ints]:
    """Numbers rise along a road's course, odd on the side north or east of it; several with one number are counted."""
    start, _ = positions(ways)
    along = ways.along[way]
    rows = np.arange(len(way))
    into = centres[rows, along] - ways.points[ways.start[way], along]
    number = 2 * ((start[way] + into) // NUMBER_EVERY_M).astype(np.int64)
    number += np.where(np.isin(side, (SOUTH, WEST)), 1, 2)
    name = ways.name_of[way]
    order = np.lexsort((number, name))
    new = np.ones(len(order), dtype=np.bool_)
    now, before = order[1:], order[:-1]
    new[1:] = (name[now] != name[before]) | (number[now] != number[before])
    first = np.flatnonzero(new)
    suffix = np.empty(len(order), dtype=np.int64)
    suffix[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return number, suffix
