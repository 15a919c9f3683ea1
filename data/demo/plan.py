"""The plan of a demo city: main roads, the river, every tier of its regions as rectangles, and their households."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.demo.division import Field, Floats, Ints, contiguous, divide, group, hanging_together, shares
from data.demo.places import Place, Seat

RASTER_CELLS = 700_000
"""At most so many cells hold how many households live where."""

MINOR_LINE_M = 230
"""Streets inside a block of main roads keep to lines so far apart where they can."""

SPECIAL_PER_COMMUNITY = 0.45
"""Campuses, malls, parks: grids of their own."""

LEAST_HOUSEHOLDS, MOST_HOUSEHOLDS = 30, 100
"""In a micro-grid (Chengdu's rule)."""

TALL_SHARE = 0.006
"""Micro-grids that are one tower with more households than that."""

MOST_IN_TOWER = 132
SPREAD = 0.22
"""Of the logarithm of a micro-grid's households around what the field says."""

BALANCING_ROUNDS = 60
CANAL_EVERY = 4


@dataclass(frozen=True, slots=True)
class Level:
    """One tier: `rects` (n, 4) metres, the unit that each belongs to, and each unit's unit in the tier above."""

    rects: Ints
    unit: Ints
    parent: Ints

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True, slots=True)
class Plan:
    """A city before it is bent to the land. A unit of `grids` or `micro_grids` is one rectangle."""

    place: Place
    blocks: Ints
    """Between main roads (n, 4)."""

    x_lines: Ints
    y_lines: Ints
    """The main roads."""

    river: Ints
    """Stretches of water (n, 4)."""

    canals: Ints
    """Main roads, of `x_lines`, with a canal along their western side."""

    seats: Level
    subdistricts: Level
    communities: Level
    grids: Level
    micro_grids: Level
    special: Ints
    """For each grid: 0 ordinary, 1 special purpose, 2 water."""

    households: Ints
    """For each micro-grid."""

    field: Field


def make_plan(place: Place, seed: int) -> Plan:
    """The same seed gives the same plan on any machine."""
    random = np.random.default_rng([seed, 1])
    blocks, river, lines = _lattice(place, random)
    seat_of = _seats(blocks, place.seats)
    field = _field(place, blocks, seat_of, river, random)
    minor = (_minor(lines[0], random), _minor(lines[1], random))
    seats = Level(blocks, seat_of, np.zeros(len(place.seats), dtype=np.int64))
    towns = np.array([max(1, len(seat.towns)) for seat in place.seats])
    subdistricts = _refine(seats, towns, field, minor, random)
    subdistricts = _towns_first(subdistricts, place, field)
    total = np.array([seat.communities for seat in place.seats])
    weights = _of_units(subdistricts, field) ** 0.75
    communities = _refine(subdistricts, shares(weights, total, subdistricts.parent), field, minor, random)
    grids, special = _grids(place, communities, subdistricts, river, field, minor, random)
    communities = _with_water(communities, grids, special)
    plain = special == 0
    counts = np.ones(len(grids), dtype=np.int64)
    counts[plain] = _shared(field.within(grids.rects[plain]) + 20, place.micro_grids - int((~plain).sum()))
    micro_grids = _refine(grids, counts, field, (np.array([0, 1]), np.array([0, 1])), random)
    households = _households(place, micro_grids, special, field, random)
    seats, subdistricts = _water_up(seats, subdistricts, communities)
    return Plan(
        place,
        blocks,
        *lines,
        river,
        lines[0][1::CANAL_EVERY],
        seats,
        subdistricts,
        communities,
        grids,
        micro_grids,
        special,
        households,
        field,
    )


def _lattice(place: Place, random: np.random.Generator) -> tuple[Ints, Ints, tuple[Ints, Ints]]:
    """Blocks and stretches of river inside the outline, and the lines of the main roads."""
    width = np.sqrt(place.area_km2 * 1e6 * place.aspect)
    x_lines = _spaced(width * 0.85, place.block_m, random)
    y_lines = _spaced(width / place.aspect * 0.85, place.block_m, random)
    bank = int(place.river_y_km * 1000)
    y_lines = y_lines[np.abs(y_lines - bank) > place.block_m * 0.55]
    y_lines = np.sort(np.concatenate([y_lines, [bank, bank + place.river_m]]))
    west, south = np.meshgrid(x_lines[:-1], y_lines[:-1])
    east, north = np.meshgrid(x_lines[1:], y_lines[1:])
    cells = np.column_stack([west.ravel(), south.ravel(), east.ravel(), north.ravel()])
    centres = (cells[:, :2] + cells[:, 2:]) / 2
    angle = np.arctan2(centres[:, 1] * place.aspect, centres[:, 0])
    waves = sum(0.11 / k * np.sin(k * angle + random.uniform(0, 2 * np.pi)) for k in range(2, 6))
    reach = np.hypot(centres[:, 0], centres[:, 1] * place.aspect) / (1 + waves)
    order = np.argsort(reach, kind="stable")
    area = np.prod(cells[order, 2:] - cells[order, :2], axis=1).cumsum()
    kept = np.sort(order[: int(np.searchsorted(area, place.area_km2 * 1e6))])
    cells = cells[kept]
    cells = cells[hanging_together(cells)]
    is_river = cells[:, 1] == bank
    return cells[~is_river], cells[is_river], (x_lines, y_lines)


def _spaced(width: float, step: int, random: np.random.Generator) -> Ints:
    """Lines over a width around zero, closer in the middle."""
    half = [0.0]
    while half[-1] < width:
        half.append(half[-1] + step * (0.8 + 0.5 * half[-1] / width) * random.uniform(0.82, 1.18))
    other = [0.0]
    while other[-1] > -width:
        other.append(other[-1] - step * (0.8 - 0.5 * other[-1] / width) * random.uniform(0.82, 1.18))
    return np.rint(np.array(other[:0:-1] + half) + random.uniform(-0.3, 0.3) * step).astype(np.int64)


def _minor(lines: Ints, random: np.random.Generator) -> Ints:
    found = [lines]
    for low, high in zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True):
        count = max(1, round((high - low) / MINOR_LINE_M))
        part = np.arange(1, count) + random.uniform(-0.18, 0.18, count - 1)
        found.append(np.rint(low + part * (high - low) / count).astype(np.int64))
    return np.sort(np.concatenate(found))


def _seats(blocks: Ints, seats: tuple[Seat, ...]) -> Ints:
    """Each block's seat: the nearest by power distance, its weights balanced until areas are as they should be."""
    centres = (blocks[:, :2] + blocks[:, 2:]) / 2
    area = np.prod(blocks[:, 2:] - blocks[:, :2], axis=1)
    places = np.array([[seat.x_km, seat.y_km] for seat in seats]) * 1000
    wanted = np.array([seat.area_km2 for seat in seats])
    wanted = wanted / wanted.sum() * area.sum()
    distance = ((centres[:, None] - places[None]) ** 2).sum(axis=2)
    power = np.zeros(len(seats))
    owner = distance.argmin(axis=1)
    for _ in range(BALANCING_ROUNDS):
        owner = (distance - power).argmin(axis=1)
        power += 0.25 * (wanted - np.bincount(owner, area, minlength=len(seats)))
    return contiguous(blocks, owner)


def _field(place: Place, blocks: Ints, seat_of: Ints, river: Ints, random: np.random.Generator) -> Field:
    """Households by cell: around each seat's centre, thinner outwards, with estates and villages of their own."""
    west, south = np.minimum(blocks[:, :2].min(axis=0), river[:, :2].min(axis=0))
    east, north = np.maximum(blocks[:, 2:].max(axis=0), river[:, 2:].max(axis=0))
    step = max(40, int(np.ceil(np.sqrt((east - west) * (north - south) / RASTER_CELLS))))
    x = west + step * (np.arange(-(-(east - west) // step)) + 0.5)
    y = south + step * (np.arange(-(-(north - south) // step)) + 0.5)
    density = np.zeros((len(y), len(x)))
    for number, seat in enumerate(place.seats):
        within = np.zeros_like(density)
        own = blocks[seat_of == number]
        for block in own:
            rows = slice(*np.searchsorted(y, block[[1, 3]]))
            columns = slice(*np.searchsorted(x, block[[0, 2]]))
            within[rows, columns] = 1
        radius = np.sqrt(seat.area_km2) * 1000
        heart = _bump(x, y, seat.x_km * 1000, seat.y_km * 1000, radius * 0.34)
        people = 0.16 + 2.2 * heart
        centres = len(seat.towns) * 3 + 9
        chosen = own[random.integers(len(own), size=centres)]
        for low_x, low_y, high_x, high_y in chosen.tolist():
            spread = min(radius * 0.09, 900) * random.uniform(0.5, 1.3)
            place_x, place_y = random.uniform(low_x, high_x), random.uniform(low_y, high_y)
            people += random.uniform(0.5, 1.6) * _bump(x, y, place_x, place_y, spread)
        people *= within
        density += people / people.sum() * seat.households
    return Field.of(int(west), int(south), step, density)


def _bump(x: Floats, y: Floats, centre_x: float, centre_y: float, spread: float) -> Floats:
    across = np.exp(-(((x - centre_x) / spread) ** 2) / 2)
    return np.asarray(np.exp(-(((y - centre_y) / spread) ** 2) / 2)[:, None] * across[None])


def _shared(weights: Floats, total: int) -> Ints:
    return shares(weights, np.array([total]), np.zeros(len(weights), dtype=np.int64))


def _of_units(level: Level, field: Field) -> Floats:
    return np.bincount(level.unit, field.within(level.rects), minlength=len(level)).astype(np.float64)


def _refine(above: Level, parts: Ints, field: Field, lines: tuple[Ints, Ints], random: np.random.Generator) -> Level:
    """The next tier: each unit in so many, by cutting its rectangles or, where it has more of them, by joining them."""
    weights = field.within(above.rects)
    pieces = np.bincount(above.unit, minlength=len(above))
    joined = parts < pieces
    cut = np.flatnonzero(~joined[above.unit])
    renumbered = np.cumsum(~joined) - 1
    counts = shares(weights[cut] + 1e-6, parts[~joined], renumbered[above.unit[cut]])
    rects, owner = divide(above.rects[cut], counts, field, lines, random)
    found = [rects]
    units = [np.arange(len(rects), dtype=np.int64)]
    parents = [above.unit[cut][owner]]
    count = len(rects)
    for unit in np.flatnonzero(joined).tolist():
        own = np.flatnonzero(above.unit == unit)
        area = np.prod(above.rects[own, 2:] - above.rects[own, :2], axis=1)
        share = weights[own] / max(weights[own].sum(), 1e-9) + 0.5 * area / area.sum()
        labels = group(above.rects[own], int(parts[unit]), share)
        found.append(above.rects[own])
        units.append(labels + count)
        parents.append(np.full(int(parts[unit]), unit, dtype=np.int64))
        count += int(parts[unit])
    return Level(np.concatenate(found), np.concatenate(units), np.concatenate(parents))


def _towns_first(level: Level, place: Place, field: Field) -> Level:
    """Subdistricts in the order of their seat's list: the densest first, as streets come before towns."""
    area = np.bincount(level.unit, np.prod(level.rects[:, 2:] - level.rects[:, :2], axis=1), minlength=len(level))
    density = _of_units(level, field) / area
    order = np.lexsort((-density, level.parent))
    rank = np.empty(len(level), dtype=np.int64)
    rank[order] = np.arange(len(level))
    return Level(level.rects, rank[level.unit], level.parent[order])


def _grids(
    place: Place,
    communities: Level,
    subdistricts: Level,
    river: Ints,
    field: Field,
    lines: tuple[Ints, Ints],
    random: np.random.Generator,
) -> tuple[Level, Ints]:
    """The grids, each one rectangle, and what they are for; water is a grid of the community beside it."""
    extra = np.minimum(2, random.poisson(SPECIAL_PER_COMMUNITY, len(communities)))
    plain = place.grids - len(river) - int(extra.sum())
    pieces = np.bincount(communities.unit, minlength=len(communities))
    spare = _shared(_of_units(communities, field) + 50, plain - int(pieces.sum()) + len(communities))
    level = _refine(communities, pieces - 1 + spare + extra, field, lines, random)
    special = np.zeros(len(level), dtype=np.int64)
    thin = field.within(level.rects) / np.prod(level.rects[:, 2:] - level.rects[:, :2], axis=1)
    order = np.lexsort((thin, level.parent))
    first = np.searchsorted(level.parent[order], np.arange(len(communities)))
    for number in range(2):
        special[order[first[extra > number] + number]] = 1
    owner = [_beside(stretch, level) for stretch in river]
    rects = np.concatenate([level.rects, river])
    parent = np.concatenate([level.parent, level.parent[owner]]) if len(river) else level.parent
    special = np.concatenate([special, np.full(len(river), 2)])
    return Level(rects, np.arange(len(rects), dtype=np.int64), parent), special


def _beside(stretch: Ints, level: Level) -> int:
    """The grid with the longest bank along a stretch of water, north of it if it can be."""
    west, south, east, north = level.rects.T
    shared = np.minimum(east, stretch[2]) - np.maximum(west, stretch[0])
    bank = np.where(south == stretch[3], shared, np.where(north == stretch[1], shared / 100, 0))
    return int(np.maximum(bank, 0).argmax())


def _with_water(communities: Level, grids: Level, special: Ints) -> Level:
    water = special == 2
    rects = np.concatenate([communities.rects, grids.rects[water]])
    return replace(communities, rects=rects, unit=np.concatenate([communities.unit, grids.parent[water]]))


def _water_up(seats: Level, subdistricts: Level, communities: Level) -> tuple[Level, Level]:
    """The tiers above with the water that their communities have."""
    town = communities.parent[communities.unit]
    subdistricts = Level(communities.rects, town, subdistricts.parent)
    return Level(communities.rects, subdistricts.parent[town], seats.parent), subdistricts


def _households(place: Place, micro_grids: Level, special: Ints, field: Field, random: np.random.Generator) -> Ints:
    """Each micro-grid's households: the field's, within bounds but for towers that are alone above them."""
    plain = special[micro_grids.parent] == 0
    found = field.within(micro_grids.rects) * random.lognormal(0, SPREAD, len(micro_grids))
    found *= place.households / found[plain].sum()
    counts = np.clip(np.rint(found), LEAST_HOUSEHOLDS, MOST_HOUSEHOLDS).astype(np.int64)
    dense = plain & (found > np.quantile(found[plain], 0.6))
    tall = dense & (random.random(len(counts)) < TALL_SHARE / 0.4)
    counts[tall] = random.integers(MOST_HOUSEHOLDS + 1, MOST_IN_TOWER + 1, int(tall.sum()))
    counts[~plain] = 0
    return counts
