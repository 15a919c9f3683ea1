"""The demo city before it is loaded: as large as the real one, exact, within its rules, the same every time."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from brain.demo import region_set
from data.demo.city import DemoCity, make_city, unusual
from data.demo.division import Field, Ints, divide, group, shares
from data.demo.outlines import polygons
from data.demo.persons import residents
from data.demo.places import read_place
from data.demo.plan import MOST_HOUSEHOLDS
from data.demo.regions import DEPARTMENTS, DemoRegion, department_regions, make_regions
from data.demo.terrain import make_terrain
from data.demo.uses import Use
from data.demo.ways import Kind
from data.demo.words import COUNTED_ON
from layers.coverage import check_coverage
from layers.geometry import geodesic_area_m2

SIZES = {
    "nanpu": Counter(city=1, district=1, subdistrict=1, community=1, grid=14, micro_grid=60),
    "chancheng": Counter(city=1, district=1, subdistrict=4, community=146, grid=1140, micro_grid=7600),
    "shunde": Counter(city=1, district=1, subdistrict=10, community=206, grid=1588, micro_grid=18400),
    "chengdu": Counter(city=1, district=20, subdistrict=261, community=3044, grid=13000, micro_grid=126000),
}
"""What `domain.md` says of each; of nanpu, what a community is."""


@cache
def the_city(name: str, seed: int = 1) -> DemoCity:
    """Made once for all tests of a process."""
    return make_city(name, seed)


@cache
def the_regions(name: str) -> list[DemoRegion]:
    """Its regions."""
    city = the_city(name)
    return make_regions(city.plan, city.codes, city.terrain)


@pytest.fixture(params=["nanpu", "chancheng", "shunde", "chengdu"])
def name(request: pytest.FixtureRequest, soak: bool) -> str:
    """Each city; the largest in full runs only."""
    if request.param == "chengdu" and not soak:
        pytest.skip("Chengdu in full runs only")
    return str(request.param)


def test_as_many_regions_as_the_real_ones(name: str) -> None:
    """Of every tier, with codes numbered as the standard says."""
    regions = the_regions(name)
    assert Counter(region.tier for region in regions) == SIZES[name]
    codes = [region.code for region in regions]
    assert len(set(codes)) == len(codes)
    digits = {"city": 4, "district": 6, "subdistrict": 9, "community": 12, "grid": 15, "micro_grid": 18}
    assert all(region.code.isdigit() and len(region.code) == digits[region.tier] for region in regions)
    assert all(region.parent is None or region.code.startswith(region.parent) for region in regions)


def test_every_tier_is_an_exact_partition(name: str) -> None:
    """No gap, no overlap, every child inside its parent, not even by dust; shared vertices are identical."""
    layers = region_set(the_regions(name)).layers
    assert check_coverage(layers, min_area_m2=0.0).faults == []
    for layer in layers:
        assert shapely.coverage_is_valid(layer.geoms)
        assert shapely.is_valid(layer.geoms).all()


def test_the_area_and_the_people_are_those_of_the_place(name: str) -> None:
    """Within a few per cent: the outline follows roads."""
    city, place = the_city(name), read_place(name)
    whole = next(region.geom for region in the_regions(name) if region.parent is None)
    assert geodesic_area_m2(np.array([whole]))[0] == pytest.approx(
        place.area_km2 * 1e6, rel=0.15 if name == "nanpu" else 0.05
    )
    assert city.plan.households.sum() == pytest.approx(place.households, rel=0.04)
    assert 2.2 < city.people.persons.sum() / city.plan.households.sum() < 3.2


def test_micro_grids_hold_thirty_to_a_hundred_households(name: str) -> None:
    """In 98 of 100; each of the others has its reason."""
    city = the_city(name)
    beyond = unusual(city)
    least = 0.9 if name == "nanpu" else 0.98
    assert 1 - len(beyond) / len(city.plan.micro_grids) >= least, Counter(reason for _, _, reason in beyond)
    for _, households, reason in beyond:
        assert (reason == "tower") == (households > MOST_HOUSEHOLDS)
        assert households > MOST_HOUSEHOLDS or households == 0
    towers = Counter(city.buildings.micro_grid[city.buildings.households > 0].tolist())
    codes = dict(zip(city.codes.micro_grids, range(len(city.codes.micro_grids)), strict=True))
    assert all(towers[codes[code]] == 1 for code, _, reason in beyond if reason == "tower")


def test_every_household_lives_in_a_building_of_its_micro_grid(name: str) -> None:
    """Buildings stand within their micro-grid, and their households add up to it."""
    city = the_city(name)
    own = city.buildings
    added = np.bincount(own.micro_grid, own.households, minlength=len(city.plan.micro_grids))
    assert (added == city.plan.households).all()
    rects = city.plan.micro_grids.rects[own.micro_grid]
    assert (own.corners.min(axis=1) >= rects[:, :2]).all()
    assert (own.corners.max(axis=1) <= rects[:, 2:]).all()
    assert (
        own.floors[own.households > 0] * 4 * own.staircases[own.households > 0] >= own.households[own.households > 0]
    ).all()


def test_buildings_do_not_overlap() -> None:
    """On the land, where the plan is bent."""
    city = the_city("nanpu")
    shapes = city.buildings.shapes(city.terrain)
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="overlaps")
    assert one.tolist() == other.tolist()


def test_special_grids_and_water_are_numbered_apart(name: str) -> None:
    """Serials from 901 on; everything else from 1 on without a hole."""
    city = the_city(name)
    serial = np.array([int(code[-3:]) for code in city.codes.grids])
    assert ((serial > 900) == (city.plan.special > 0)).all()
    assert (np.isin(city.uses, (Use.PARK, Use.CAMPUS, Use.MALL, Use.WATER)) == (city.plan.special > 0)).all()
    plain = serial[serial < 900]
    parents = city.plan.grids.parent[serial < 900]
    assert (np.bincount(parents) == np.array([plain[parents == one].max() for one in range(parents.max() + 1)])).all()


def test_as_many_people_in_service_and_cameras_as_the_real_ones(name: str) -> None:
    """One full-time worker a grid, at least one part-time worker a micro-grid; Chengdu's and Chancheng's figures."""
    city = the_city(name)
    units, kinds = city.units, Counter(city.units.kind)
    assert sorted(units.grid[units.grid >= 0].tolist()) == list(range(len(city.plan.grids)))
    part_time = np.array([kind == "micro_grid_worker" for kind in units.kind])
    assert set(units.micro_grid[part_time].tolist()) == set(range(len(city.plan.micro_grids)))
    if name == "chengdu":
        assert kinds["grid_worker"] + kinds["micro_grid_worker"] == pytest.approx(149_000, rel=0.01)
    if name == "chancheng":
        assert len(next(assets.names for assets in city.assets if assets.kind == "camera")) == 18_000


def test_zones_hold_regions_that_there_are(name: str) -> None:
    """Chengdu has three without a code of their own."""
    codes = {region.code for region in the_regions(name)}
    zones = read_place(name).zones
    assert len(zones) == {"chengdu": 3, "nanpu": 1}.get(name, 0)
    assert all(set(held) <= codes for held in zones.values())


def test_ways_are_one_network_of_four_classes_and_lanes(name: str) -> None:
    """From everywhere to everywhere; bridges cross the river."""
    ways = the_city(name).ways
    assert set(ways.kind.tolist()) == {int(kind) for kind in Kind}
    assert ways.is_bridge.any()
    reached = np.zeros(len(ways.points), dtype=bool)
    reached[ways.start[0]] = True
    while True:
        either = reached[ways.start] | reached[ways.end]
        before = reached.sum()
        reached[ways.start[either]] = reached[ways.end[either]] = True
        if reached.sum() == before:
            break
    assert reached.all()


def test_the_same_seed_gives_the_same_city() -> None:
    """To the last vertex; another seed another one."""
    one, again, other = make_city("nanpu", 1), make_city("nanpu", 1), make_city("nanpu", 2)
    assert (one.buildings.corners == again.buildings.corners).all()
    assert one.units.names == again.units.names
    assert one.firms.names == again.firms.names
    shapes = [polygons(city.plan.micro_grids.rects, city.terrain) for city in (one, again, other)]
    assert shapely.equals_exact(shapes[0], shapes[1]).all()
    assert not shapely.equals_exact(shapes[0], shapes[2]).all()


DIGESTS = {"nanpu": "990aedabc435527b", "chancheng": "11ef6cd6cd0fa131"}


@pytest.mark.parametrize("name", DIGESTS)
def test_the_same_city_on_any_machine(name: str) -> None:
    """A change of this digest is another city: on purpose, or by another NumPy. An interrupted load cannot go on then."""
    city = make_city(name, 1)
    found = hashlib.sha256()
    for numbers in (
        city.plan.micro_grids.rects,
        city.plan.households,
        city.uses,
        city.ways.kind,
        city.buildings.floors,
        city.people.by_age,
        city.firms.age_days,
    ):
        found.update(np.ascontiguousarray(numbers, dtype="<i8").tobytes())
    for words in (city.codes.micro_grids, city.codes.community_names, city.ways.names, city.units.names):
        found.update("\n".join(words).encode())
    assert found.hexdigest()[:16] == DIGESTS[name]


def test_nobody_and_nothing_is_of_tomorrow() -> None:
    """Firms and persons are older than the day that they are counted on."""
    city = the_city("nanpu")
    assert (city.firms.age_days >= 0).all()
    assert all(born < COUNTED_ON for some in residents(city) for born in some.born_on)


def test_identity_numbers_are_nobodys() -> None:
    """With the day of birth in the place of the stars, no number is one of a county that there is (GB 11643)."""
    some = next(residents(the_city("nanpu")))
    whole = [
        identity.replace("********", f"{born:%Y%m%d}")
        for identity, born in zip(some.identities, some.born_on, strict=True)
    ]
    assert all(len(number) == 18 and number.startswith("00") for number in whole)


def test_the_land_does_not_fold(name: str) -> None:
    """A small step east and one north keep their sense and about their length everywhere."""
    city = the_city(name)
    corners = city.plan.blocks[:, :2]
    low, high = corners.min(axis=0), city.plan.blocks[:, 2:].max(axis=0)
    points = np.random.default_rng(0).uniform(low, high, (20_000, 2))
    terrain = make_terrain(city.plan.place, 1)
    here, east, north = (terrain.lonlat(points + step) for step in ((0, 0), (20, 0), (0, 20)))
    scale = np.array([np.cos(np.radians(city.plan.place.centre[1])), 1]) * 111_195 / 20
    along, up = (east - here) * scale, (north - here) * scale
    turn = along[:, 0] * up[:, 1] - along[:, 1] * up[:, 0]
    assert turn.min() > 0.25
    assert turn.max() < 2.5


def test_departments_cut_the_city_otherwise(name: str) -> None:
    """Whole as a partition, without following the communities."""
    city = the_city(name)
    community = {region.code: region.geom for region in the_regions(name) if region.tier == "community"}
    for department in DEPARTMENTS:
        regions = department_regions(city.plan, city.codes, city.terrain, department)
        layers = region_set(regions).layers
        assert check_coverage(layers, min_area_m2=0.0).faults == []
        if name != "nanpu":
            shapes = np.array([region.geom for region in regions])
            tree = shapely.STRtree(np.array(list(community.values())))
            assert len(np.unique(tree.query(shapes, predicate="overlaps")[0])) > len(regions) / 4


def test_ages_are_plausible() -> None:
    """Newcomers are of working age; women live longer; children of school age are there."""
    people = the_city("chancheng").people
    by_age = people.by_age.sum(axis=0)
    men, women = by_age[:18], by_age[18:]
    assert women[14:].sum() > men[14:].sum()
    share = people.floating / people.persons
    young = people.by_age[:, 4:8].sum(axis=1) + people.by_age[:, 22:26].sum(axis=1)
    assert young[share > 0.7].sum() / people.persons[share > 0.7].sum() > 0.38
    assert young[share < 0.3].sum() / people.persons[share < 0.3].sum() < 0.36
    assert 0.08 < (men[1:4].sum() + women[1:4].sum()) / by_age.sum() < 0.2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_divided_rectangles_are_whole(parts: list[int], seed: int) -> None:
    """As many as asked for, of the same area together, each within its own."""
    random = np.random.default_rng(seed)
    rects = np.array([[1000 * place, 0, 1000 * place + 900, 700] for place in range(len(parts))])
    field = Field.of(0, 0, 50, random.random((14, 20 * len(parts))))
    lines = (np.arange(0, 6000, 190), np.arange(0, 900, 210))
    found, owner = divide(rects, np.array(parts), field, lines, random)
    assert np.bincount(owner).tolist() == parts
    size = found[:, 2:] - found[:, :2]
    assert (size > 0).all()
    assert np.bincount(owner, size.prod(axis=1)).tolist() == [900 * 700] * len(parts)
    assert (found[:, :2] >= rects[owner, :2]).all()
    assert (found[:, 2:] <= rects[owner, 2:]).all()
    assert not shapely.STRtree(shapely.box(*found.T)).query(shapely.box(*found.T), predicate="overlaps").size


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_groups_hang_together(parts: int, seed: int) -> None:
    """Every group is one piece, none is empty."""
    random = np.random.default_rng(seed)
    rects: Ints = np.array([[x, y, x + 10, y + 10] for x in range(0, 60, 10) for y in range(0, 50, 10)])
    rects = rects[np.sort(random.choice(len(rects), 24, replace=False))]
    pieces = shapely.get_num_geometries(shapely.union_all(shapely.box(*rects.T)))
    found = group(rects, parts, random.random(len(rects)) + 0.1)
    assert set(found.tolist()) == set(range(parts))
    if pieces == 1:
        for one in range(parts):
            assert shapely.union_all(shapely.box(*rects[found == one].T)).geom_type == "Polygon"


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30), st.integers(0, 500))
def test_shares_add_up(weights: list[float], more: int) -> None:
    """At least one each, all of them given, and nobody with twice another's weight has less."""
    total = len(weights) + more
    found = shares(np.array(weights), np.array([total]), np.zeros(len(weights), dtype=np.int64))
    assert found.sum() == total
    assert found.min() >= 1
    order = np.argsort(weights)
    assert (np.diff(found[order]) >= -1).all()
