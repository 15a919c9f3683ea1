"""A demo city, whole: the plan, the land it lies on, and everything on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.buildings import Buildings, make_buildings
from data.demo.division import Ints
from data.demo.people import People, make_people
from data.demo.places import read_place
from data.demo.plan import LEAST_HOUSEHOLDS, MOST_HOUSEHOLDS, Plan, make_plan
from data.demo.regions import Codes, make_codes
from data.demo.terrain import Terrain, make_terrain
from data.demo.things import (
    Assets,
    Compounds,
    Firms,
    make_cameras,
    make_components,
    make_compounds,
    make_devices,
    make_facilities,
    make_firms,
)
from data.demo.units import Units, make_units
from data.demo.uses import uses_of_grids
from data.demo.ways import Ways, make_ways


@dataclass(frozen=True, slots=True)
class DemoCity:
    """Everything in columns, places in the plan's metres; `terrain` says where that is on earth."""

    seed: int
    plan: Plan
    terrain: Terrain
    uses: Ints
    codes: Codes
    ways: Ways
    buildings: Buildings
    people: People
    compounds: Compounds
    firms: Firms
    assets: tuple[Assets, ...]
    units: Units


def make_city(name: str, seed: int) -> DemoCity:
    """One of `data.demo.places.CITIES`; the same seed gives the same city on any machine."""
    plan = make_plan(read_place(name), seed)
    uses = uses_of_grids(plan, seed)
    codes = make_codes(plan, uses, seed)
    short = [name.removesuffix("社区").removesuffix("村") for name in codes.community_names]
    ways = make_ways(plan, seed, short)
    buildings = make_buildings(plan, ways, uses, seed)
    community = plan.grids.parent[plan.micro_grids.parent[buildings.micro_grid]]
    assets = (
        make_cameras(plan, ways, seed),
        make_components(ways, seed),
        make_devices(plan, seed),
        make_facilities(plan, buildings, uses, short, seed),
    )
    return DemoCity(
        seed,
        plan,
        make_terrain(plan.place, seed),
        uses,
        codes,
        ways,
        buildings,
        make_people(buildings, seed),
        make_compounds(plan, buildings, uses, seed),
        make_firms(buildings, short, community, seed),
        assets,
        make_units(plan, buildings, seed),
    )


def unusual(city: DemoCity) -> list[tuple[str, int, str]]:
    """The micro-grids beyond the bounds of households: code, households, and why: tower, special or water."""
    plan = city.plan
    found = []
    beyond = (plan.households < LEAST_HOUSEHOLDS) | (plan.households > MOST_HOUSEHOLDS)
    for cell in np.flatnonzero(beyond).tolist():
        special = int(plan.special[plan.micro_grids.parent[cell]])
        reason = ("tower", "special", "water")[special]
        found.append((city.codes.micro_grids[cell], int(plan.households[cell]), reason))
    return found
