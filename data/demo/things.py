"""What stands and works in the demo city: estates, firms, cameras, components, facilities, devices."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data.demo.buildings import Buildings
from data.demo.division import Floats, Ints
from data.demo.names import pairs
from data.demo.plan import Plan
from data.demo.uses import Use
from data.demo.ways import WIDTHS_M, Ways
from data.demo.words import masked_phones, words

CAMERAS_A_MICRO_GRID = 18_000 / 7_600
"""Chancheng has 18,000."""

FIRMS_A_BUILDING = {Use.ESTATE: 1.1, Use.OLD_TOWN: 0.5, Use.VILLAGE: 0.4, Use.INDUSTRY: 2.2, Use.MALL: 60.0}
STATUSES = ("存续", "停业", "注销")
_STATUS_SHARES = (0.88, 0.07, 0.05)
_WORDS_OF_USE = {
    Use.ESTATE: "estate",
    Use.OLD_TOWN: "old_town",
    Use.VILLAGE: "village",
    Use.INDUSTRY: "industry",
    Use.MALL: "mall",
}
_ESTATE_ENDINGS = ("花园", "苑", "豪庭", "新村", "名都", "雅居", "小区", "公馆")
_SPECIAL_NAMES = {Use.PARK: "公园", Use.CAMPUS: "学校", Use.MALL: "广场", Use.WATER: "水道"}


@dataclass(frozen=True, slots=True)
class Compounds:
    """Estates, campuses, malls, parks: each is one grid's land, with a name."""

    grid: Ints
    names: list[str]
    of_building: Ints
    """For each building its compound, or −1."""


@dataclass(frozen=True, slots=True)
class Firms:
    """Enterprises, each in a building; `trade` and `status` are places in words.toml and STATUSES."""

    building: Ints
    names: list[str]
    trade: Ints
    status: Ints
    employees: Ints
    phones: list[str | None]
    age_days: Ints


@dataclass(frozen=True, slots=True)
class Assets:
    """Things that stay where they are; `points` (n, 2) in the plan."""

    kind: str
    points: Floats
    category: list[str]
    names: list[str]


def make_compounds(plan: Plan, buildings: Buildings, uses: Ints, seed: int) -> Compounds:
    """A grid that is an estate, or serves a special purpose."""
    random = np.random.default_rng([seed, 7])
    grid = np.flatnonzero(np.isin(uses, (Use.ESTATE, Use.PARK, Use.CAMPUS, Use.MALL)))
    endings = random.integers(len(_ESTATE_ENDINGS), size=len(grid)).tolist()
    names = [
        name + (_ESTATE_ENDINGS[ending] if use == Use.ESTATE else _SPECIAL_NAMES[Use(use)])
        for name, use, ending in zip(pairs(len(grid), random), uses[grid].tolist(), endings, strict=True)
    ]
    place = np.full(len(plan.grids), -1, dtype=np.int64)
    place[grid] = np.arange(len(grid))
    return Compounds(grid, names, place[plan.micro_grids.parent[buildings.micro_grid]])


def make_firms(buildings: Buildings, community_names: list[str], community_of: Ints, seed: int) -> Firms:
    """Shops and works by the use of their building."""
    random = np.random.default_rng([seed, 8])
    rate = np.zeros(len(buildings))
    for kind, firms in FIRMS_A_BUILDING.items():
        rate[buildings.use == kind] = firms
    building = np.repeat(np.arange(len(buildings)), random.poisson(rate))
    use = buildings.use[building]
    trade = np.zeros(len(building), dtype=np.int64)
    trades = words()["trade"]
    for kind, word in _WORDS_OF_USE.items():
        own = np.flatnonzero(use == kind)
        shares = np.array([trade[word] for trade in trades], dtype=np.float64)
        trade[own] = random.choice(len(trades), len(own), p=shares / shares.sum())
    pools = pairs(900, random)
    names = [
        community_names[community] + pools[pool] + trades[of]["words"][word % len(trades[of]["words"])]
        for community, pool, of, word in zip(
            community_of[building].tolist(),
            random.integers(len(pools), size=len(building)).tolist(),
            trade.tolist(),
            random.integers(64, size=len(building)).tolist(),
            strict=True,
        )
    ]
    employees = 1 + random.poisson(np.where(use == Use.INDUSTRY, random.lognormal(3.2, 0.9, len(use)), 2.4))
    status = random.choice(len(STATUSES), len(building), p=_STATUS_SHARES)
    age_days = np.minimum(34 * 365, random.exponential(7 * 365, len(building)).astype(np.int64))
    phones: list[str | None] = [*masked_phones(len(building), random)]
    return Firms(building, names, trade, status, employees, phones, age_days)


def make_cameras(plan: Plan, ways: Ways, seed: int) -> Assets:
    """At crossings and along roads, more of them where the road is larger."""
    random = np.random.default_rng([seed, 9])
    count = round(len(plan.micro_grids) * CAMERAS_A_MICRO_GRID)
    length = ways.lengths_m() * np.array([1.2, 2.2, 2.4, 1.6, 0.6])[ways.kind]
    way = random.choice(len(ways), count, p=length / length.sum())
    points = _beside(ways, way, random)
    names = [f"{ways.names[name]}{number:05d}号" for number, name in enumerate(ways.name_of[way].tolist(), 1)]
    return Assets("camera", points, ["视频监控"] * count, names)


def make_components(ways: Ways, seed: int) -> Assets:
    """Components of the national list along the roads."""
    random = np.random.default_rng([seed, 10])
    kilometres = ways.lengths_m() / 1000
    points, category, names = [], [], []
    for component in words()["component"]:
        count = random.poisson(kilometres * np.array(component["a_km"])[ways.kind])
        way = np.repeat(np.arange(len(ways)), count)
        points.append(_beside(ways, way, random))
        category += [component["code"]] * len(way)
        names += [component["name"]] * len(way)
    return Assets("component", np.concatenate(points), category, names)


def make_devices(plan: Plan, seed: int) -> Assets:
    """Sensors, by so many to a hundred grids."""
    random = np.random.default_rng([seed, 11])
    rects = plan.micro_grids.rects
    points, category = [], []
    for device in words()["device"]:
        here = rects[random.integers(len(rects), size=max(1, round(len(plan.grids) * device["per_100_grids"] / 100)))]
        part = random.uniform(0.3, 0.7, (len(here), 2))
        points.append(here[:, :2] + part * (here[:, 2:] - here[:, :2]))
        category += [device["name"]] * len(here)
    names = [f"{name}{number:05d}" for number, name in enumerate(category, 1)]
    return Assets("device", np.concatenate(points), category, names)


def make_facilities(plan: Plan, buildings: Buildings, uses: Ints, community_names: list[str], seed: int) -> Assets:
    """A service station and a clinic a community, schools on their campuses, hospitals, shelters in the parks."""
    random = np.random.default_rng([seed, 12])
    grid = plan.micro_grids.parent[buildings.micro_grid]
    community = plan.grids.parent[grid]
    points, category, names = [], [], []

    def add(kind: str, name: str, building: int) -> None:
        points.append(buildings.entrance[building])
        category.append(kind)
        names.append(name)

    order = np.argsort(community, kind="stable")
    bounds = np.searchsorted(community[order], np.arange(len(plan.communities) + 1))
    for number, (low, high) in enumerate(pairwise(bounds)):
        if low == high:
            continue
        name = community_names[number]
        station, clinic, home = order[random.integers(low, high, 3)]
        add("党群服务中心", f"{name}党群服务中心", station)
        add("社区卫生服务站", f"{name}社区卫生服务站", clinic)
        if random.random() < 0.5:
            add("养老服务站", f"{name}颐养中心", home)
        if number % 9 == 0:
            add("医院", f"{name}医院", clinic)
    first = np.searchsorted(buildings.micro_grid, np.arange(len(plan.micro_grids)))
    cells = np.searchsorted(plan.micro_grids.parent, np.arange(len(plan.grids)))
    for number, use in enumerate(uses.tolist()):
        building = int(first[cells[number]]) if cells[number] < len(first) else len(buildings)
        if building >= len(buildings) or grid[building] != number:
            continue
        name = community_names[plan.grids.parent[number]]
        if use == Use.CAMPUS:
            add("学校", f"{name}{('小学', '中学', '实验学校')[number % 3]}", building)
        elif use == Use.PARK:
            add("应急避难场所", f"{name}公园应急避难场所", building)
    return Assets("facility", np.array(points).reshape(-1, 2), category, names)


def _beside(ways: Ways, way: Ints, random: np.random.Generator) -> Floats:
    """A point at the edge of each of these ways, somewhere along it; a little off, so that none lies on a border."""
    start, end = ways.points[ways.start[way]], ways.points[ways.end[way]]
    found = start + (end - start) * random.uniform(0.03, 0.97, len(way))[:, None]
    chosen = np.where(ways.inner_side[way] == 0, random.choice([-1, 1], len(way)), ways.inner_side[way])
    side = chosen * (WIDTHS_M[ways.kind[way]] / 2 - random.uniform(0.2, 1.2, len(way)))
    found[np.arange(len(way)), 1 - ways.along[way]] += side
    return np.asarray(found)
