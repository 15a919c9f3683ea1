"""The demo city's regions: codes as the standard numbers them, invented names, polygons; and departments' own cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.demo.division import Ints, group
from data.demo.names import pairs
from data.demo.outlines import Shapes, merged, polygons
from data.demo.plan import Level, Plan
from data.demo.terrain import Terrain
from data.demo.uses import Use, areas

BAND_M = 1000
"""Serials run from west to east in bands of so much, the northernmost first (CJ/T 213)."""

FIRST_SPECIAL = 901
VILLAGES_FROM = 201
"""Serials of village committees; those of residents' committees begin with 001."""

RURAL_BELOW = 9.0
"""Households a hectare below which a community is a village."""

SPECIAL_NAMES = {Use.PARK: "公园", Use.CAMPUS: "校园", Use.MALL: "商圈", Use.WATER: "水域"}


@dataclass(frozen=True, slots=True)
class DemoRegion:
    """One region of the demo, in EPSG:4326."""

    code: str
    name: str
    tier: str
    parent: str | None
    geom: Any


@dataclass(frozen=True, slots=True)
class Department:
    """A scheme of another cut: its code and names, how many grids' worth one region is, and what that is called."""

    scheme: str
    name_zh: str
    name_en: str
    grids_each: int
    title: str


DEPARTMENTS = (
    Department("police", "公安责任区", "Police beats", 5, "警务区"),
    Department("urban_management", "城管片区", "Urban management areas", 9, "城管片区"),
    Department("fire", "消防片区", "Fire service areas", 16, "消防片区"),
)


@dataclass(frozen=True, slots=True)
class Codes:
    """Code and name of every unit of each tier, in the plan's order."""

    subdistricts: list[str]
    subdistrict_names: list[str]
    communities: list[str]
    community_names: list[str]
    grids: list[str]
    grid_names: list[str]
    micro_grids: list[str]
    micro_grid_names: list[str]


def make_codes(plan: Plan, uses: Ints, seed: int) -> Codes:
    """Subdistricts have their real codes and names, what is below them is numbered and invented."""
    random = np.random.default_rng([seed, 14])
    towns, town_names = _towns(plan)
    serial, is_village = _community_serials(plan)
    communities = [f"{towns[town]}{serial:03d}" for town, serial in zip(plan.communities.parent, serial, strict=True)]
    names = [
        name + ("村" if village else "社区")
        for name, village in zip(pairs(len(communities), random), is_village, strict=True)
    ]
    names = [plan.place.named.get(code, name) for code, name in zip(communities, names, strict=True)]
    special = plan.special > 0
    number = np.where(
        special,
        _serials(plan.grids, special) + FIRST_SPECIAL - 1,
        _serials(plan.grids, ~special),
    )
    grids = [f"{communities[up]}{serial:03d}" for up, serial in zip(plan.grids.parent, number, strict=True)]
    grid_names = [
        f"{names[up].removesuffix('社区').removesuffix('村')}"
        + (f"{SPECIAL_NAMES[Use(use)]}第{serial - 900}专属网格" if serial >= FIRST_SPECIAL else f"第{serial}网格")
        for up, use, serial in zip(plan.grids.parent, uses.tolist(), number.tolist(), strict=True)
    ]
    cell_number = _serials(plan.micro_grids, np.ones(len(plan.micro_grids), dtype=np.bool_))
    parent = plan.micro_grids.parent.tolist()
    cells = [f"{grids[up]}{serial:03d}" for up, serial in zip(parent, cell_number, strict=True)]
    cell_names = [f"{grid_names[up]}{serial}号微网格" for up, serial in zip(parent, cell_number, strict=True)]
    return Codes(towns, town_names, communities, names, grids, grid_names, cells, cell_names)


def _towns(plan: Plan) -> tuple[list[str], list[str]]:
    codes, names = [], []
    met: dict[int, int] = {}
    for seat_of in plan.subdistricts.parent.tolist():
        seat = plan.place.seats[seat_of]
        place = met.get(seat_of, 0)
        met[seat_of] = place + 1
        code, name = seat.towns[place] if seat.towns else (seat.code, seat.name)
        codes.append(code)
        names.append(name)
    return codes, names


def _community_serials(plan: Plan) -> tuple[Ints, list[bool]]:
    level = plan.communities
    area = np.bincount(level.unit, areas(level.rects), minlength=len(level))
    households = np.bincount(plan.grids.parent[plan.micro_grids.parent], plan.households, minlength=len(level))
    is_village = households / area * 10_000 < RURAL_BELOW
    is_urban = np.array([seat.is_urban for seat in plan.place.seats])
    is_village &= ~is_urban[plan.subdistricts.parent[level.parent]]
    first = np.where(is_village, VILLAGES_FROM, plan.place.first_serial)
    serial = first - 1 + np.where(is_village, _serials(level, is_village), _serials(level, ~is_village))
    return serial, is_village.tolist()


def _serials(level: Level, chosen: NDArrayBool) -> Ints:
    """Within each parent from 1 on, in bands from north to south, west to east; 0 for those not chosen."""
    weight = areas(level.rects)
    total = np.bincount(level.unit, weight, minlength=len(level))
    centres = np.column_stack(
        [
            np.bincount(level.unit, weight * (level.rects[:, axis] + level.rects[:, axis + 2]) / 2, len(level)) / total
            for axis in (0, 1)
        ]
    )
    own = np.flatnonzero(chosen)
    order = own[np.lexsort((centres[own, 0], -np.floor(centres[own, 1] / BAND_M), level.parent[own]))]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = level.parent[order[1:]] != level.parent[order[:-1]]
    begin = np.flatnonzero(first)
    serial = np.zeros(len(level), dtype=np.int64)
    serial[order] = np.arange(len(order)) - np.repeat(begin, np.diff(np.append(begin, len(order)))) + 1
    return serial


NDArrayBool = np.ndarray[Any, np.dtype[np.bool_]]


def make_regions(plan: Plan, codes: Codes, terrain: Terrain) -> list[DemoRegion]:
    """The whole tree, parents first: an exact nested partition."""
    cells = polygons(plan.micro_grids.rects, terrain)
    grids = merged(cells, plan.micro_grids.parent, len(plan.grids))
    communities = merged(grids, plan.grids.parent, len(plan.communities))
    towns = merged(communities, plan.communities.parent, len(plan.subdistricts))
    place = plan.place
    if place.district is not None:
        whole = merged(towns, np.zeros(len(towns), dtype=np.int64), 1)[0]
        regions = [
            DemoRegion(*place.city, "city", None, whole),
            DemoRegion(*place.district, "district", place.city[0], whole),
        ]
        above = [place.district[0]] * len(towns)
    else:
        districts = merged(towns, plan.subdistricts.parent, len(place.seats))
        whole = merged(districts, np.zeros(len(districts), dtype=np.int64), 1)[0]
        regions = [DemoRegion(*place.city, "city", None, whole)]
        regions += _tier(
            "district", [s.code for s in place.seats], [s.name for s in place.seats], place.city[0], districts
        )
        above = [place.seats[seat].code for seat in plan.subdistricts.parent.tolist()]
    regions += _tier("subdistrict", codes.subdistricts, codes.subdistrict_names, above, towns)
    for tier, level, upper, own, names, shapes in (
        ("community", plan.communities, codes.subdistricts, codes.communities, codes.community_names, communities),
        ("grid", plan.grids, codes.communities, codes.grids, codes.grid_names, grids),
        ("micro_grid", plan.micro_grids, codes.grids, codes.micro_grids, codes.micro_grid_names, cells),
    ):
        regions += _tier(tier, own, names, [upper[parent] for parent in level.parent.tolist()], shapes)
    return regions


def _tier(
    tier: str, codes: list[str], names: list[str], parents: str | Sequence[str], shapes: Shapes
) -> list[DemoRegion]:
    above = [parents] * len(codes) if isinstance(parents, str) else parents
    return [
        DemoRegion(code, name, tier, parent, geom)
        for code, name, parent, geom in zip(codes, names, above, shapes, strict=True)
    ]


def department_regions(plan: Plan, codes: Codes, terrain: Terrain, department: Department) -> list[DemoRegion]:
    """Its scheme: regions of whole micro-grids within a subdistrict, across communities and grids."""
    cells = polygons(plan.micro_grids.rects, terrain)
    town = plan.communities.parent[plan.grids.parent[plan.micro_grids.parent]]
    regions: list[DemoRegion] = []
    for number, (code, name) in enumerate(zip(codes.subdistricts, codes.subdistrict_names, strict=True)):
        own = np.flatnonzero(town == number)
        parts = max(1, round(len(np.unique(plan.micro_grids.parent[own])) / department.grids_each))
        weights = np.asarray(plan.households[own] + 12.0, dtype=np.float64)
        shapes = merged(cells[own], group(plan.micro_grids.rects[own], parts, weights), parts)
        regions += [
            DemoRegion(
                f"{department.scheme}-{code}-{part:02d}", f"{name}第{part}{department.title}", "grid", None, geom
            )
            for part, geom in enumerate(shapes, 1)
        ]
    return regions
