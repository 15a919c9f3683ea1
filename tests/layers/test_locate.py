"""Placing: the same answer as asking every region in turn, on borders too; and the nearest region, by the ellipsoid."""

from __future__ import annotations

import csv
import gzip
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from data.errors import BadInput
from layers.geometry import repair_polygons
from layers.locate import BORDER_TOLERANCE_DEG, Placing, place_in_all
from layers.locate.search import find_many

GEOD = Geod(ellps="WGS84")
WEST_HALF, EAST_HALF = shapely.box(113.0, 23.0, 113.1, 23.1), shapely.box(113.1, 23.0, 113.2, 23.1)


def ask_every_region(codes: list[str], geoms: Any, places: Any) -> list[int]:
    """The rule, said plainly: of the regions that cover the point on the lattice, the one whose code has the lowest bytes.

    In whole numbers without end: on a ring, or inside an odd number of times.
    """
    edges: list[list[tuple[int, int, int, int]]] = []
    for geom in geoms:
        rings = shapely.get_rings(shapely.get_parts(geom))
        corners = [[(round(x * 1e8), round(y * 1e8)) for x, y in ring.coords] for ring in rings]
        edges.append([(*start, *end) for ring in corners for start, end in pairwise(ring)])
    found = []
    for lon, lat in places:
        x, y = round(lon * 1e8), round(lat * 1e8)
        covering = [index for index, region in enumerate(edges) if _covers(region, x, y)]
        found.append(min(covering, key=lambda index: codes[index].encode(), default=-1))
    return found


def _covers(edges: list[tuple[int, int, int, int]], x: int, y: int) -> bool:
    inside = False
    for x1, y1, x2, y2 in edges:
        turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        if turn == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
        if (y1 <= y) != (y2 <= y) and (turn > 0) == (y2 > y1):
            inside = not inside
    return inside


def awkward_places(data: st.DataObject, geoms: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Corners, middles and shares of edges, their neighbours among the doubles, and places anywhere about."""
    edges = shapely.get_coordinates(geoms)
    starts = edges[data.draw(st.lists(st.integers(0, len(edges) - 2), min_size=1, max_size=12))]
    ends = edges[data.draw(st.lists(st.integers(0, len(edges) - 2), min_size=len(starts), max_size=len(starts)))]
    share = data.draw(st.sampled_from([0.5, 1 / 3, 0.1, 1e-9]))
    rings = edges[: len(edges) // 2 * 2].reshape(-1, 2, 2)
    on_edges = rings[:, 0] + share * (rings[:, 1] - rings[:, 0])
    places = np.concatenate([starts, (starts + ends) / 2, starts + share * (ends - starts), on_edges[:20]])
    nudged = np.nextafter(places, places + data.draw(st.sampled_from([-1, 1])))
    west, south, east, north = shapely.total_bounds(geoms)
    anywhere = [
        (
            data.draw(st.floats(2 * west - east, 2 * east - west)),
            data.draw(st.floats(2 * south - north, 2 * north - south)),
        )
        for _ in range(5)
    ]
    return np.concatenate([places, nudged, anywhere])


@given(data=st.data())
def test_placing_is_asking_every_region_in_turn(data: st.DataObject, partitions: st.SearchStrategy[Any]) -> None:
    tiles = data.draw(partitions)
    places = awkward_places(data, tiles.geoms)
    placing = Placing.build(tiles.codes, tiles.geoms)
    expected = ask_every_region(tiles.codes, tiles.geoms, places)
    assert placing.place(*places.T).tolist() == expected
    assert [placing.place_one(x, y) for x, y in places.tolist()] == expected


@given(data=st.data())
def test_away_from_borders_the_answer_is_that_of_doubles(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    tiles = data.draw(partitions)
    places = awkward_places(data, tiles.geoms)
    found = Placing.build(tiles.codes, tiles.geoms).place(*places.T)
    borders = shapely.boundary(tiles.geoms)
    for place, slot in zip(places, found, strict=True):
        point = shapely.Point(place)
        covering = np.flatnonzero(shapely.covers(tiles.geoms, point))
        lowest = min(covering, key=lambda index: tiles.codes[index].encode(), default=-1)
        assert slot == lowest or shapely.distance(borders, point).min() <= BORDER_TOLERANCE_DEG


@given(data=st.data())
def test_the_order_in_which_regions_come_changes_nothing(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    tiles = data.draw(partitions)
    places = awkward_places(data, tiles.geoms)
    other = data.draw(st.permutations(range(len(tiles.codes))))
    shuffled = Placing.build([tiles.codes[i] for i in other], tiles.geoms[list(other)])
    names = [*tiles.codes, ""]
    straight = [names[index] for index in Placing.build(tiles.codes, tiles.geoms).place(*places.T)]
    shuffled_names = [*shuffled.codes, ""]
    assert [shuffled_names[index] for index in shuffled.place(*places.T)] == straight


@given(data=st.data())
def test_overlapping_regions_are_placed_by_the_same_rule(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    one, two = data.draw(partitions), data.draw(partitions)
    codes = [f"{i % 3}{code}{i}" for i, code in enumerate([*one.codes, *two.codes])]
    geoms = np.concatenate([one.geoms, two.geoms])
    places = awkward_places(data, geoms)
    placing = Placing.build(codes, geoms)
    assert placing.place(*places.T).tolist() == ask_every_region(codes, geoms, places)
    for (x, y), said in zip(places, placing.on_border(*places.T), strict=True):
        assert said or shapely.covers(geoms, shapely.Point(x, y)).sum() < 2


def test_codes_are_compared_by_their_bytes_not_their_letters() -> None:
    # U+FF5A comes before U+20BB7 in UTF-8 (and after it in UTF-16); "Z" before "a" (after it in a dictionary)
    for low, high in (("ｚ", "𠮷"), ("Z", "a"), ("10", "9"), ("4406", "440600"), ("a", "é")):
        for codes in ((low, high), (high, low)):
            index = Placing.build(codes, np.array([WEST_HALF, EAST_HALF])).place([113.1], [23.05])
            assert codes[index[0]] == low


def test_many_points_are_placed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.locate.placing._POINTS_AT_ONCE", 7)
    placing = Placing.build(["a", "b"], np.array([WEST_HALF, EAST_HALF]))
    lon = np.linspace(112.95, 113.25, 31)
    expected = [0 if 113 <= x <= 113.1 else 1 if 113.1 < x <= 113.2 else -1 for x in lon]
    assert placing.place(lon, np.full(31, 23.05)).tolist() == expected
    assert placing.place(lon, np.full(31, 23.05)).dtype == np.int32
    assert placing.on_border(lon, np.full(31, 23.05)).sum() == np.isin(np.round(lon, 9), [113, 113.1, 113.2]).sum()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_place_that_is_no_number_is_refused_not_put_outside(bad: float) -> None:
    placing = Placing.build(["a"], np.array([WEST_HALF]))
    for ask in (placing.place, placing.nearest):
        with pytest.raises(BadInput) as refused:
            ask([113.05, bad], [23.05, 23.05])
        assert refused.value.key == "coordinate.not_finite"


def test_no_regions_and_no_points() -> None:
    nothing = Placing.build([], np.array([], dtype=object))
    index, metres = nothing.nearest([113.0], [23.0])
    assert (index.tolist(), metres.tolist()) == ([-1], [np.inf])
    assert nothing.on_border([113.0], [23.0]).tolist() == [False]
    some = Placing.build(["a"], np.array([WEST_HALF]))
    assert [len(answer) for answer in (some.place([], []), *some.nearest([], []), some.on_border([], []))] == [0] * 4


@given(data=st.data())
def test_on_border_is_covered_twice_or_within_two_millimetres(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    tiles = data.draw(partitions)
    places = awkward_places(data, tiles.geoms)
    aside = data.draw(st.sampled_from([0.0, 1e-8, 1.9e-8, 2.1e-8, 5.1e-8, 1e-7]))
    places = np.concatenate([places, places + np.array([aside, 0])])
    borders = shapely.boundary(tiles.geoms)
    for place, said in zip(places, Placing.build(tiles.codes, tiles.geoms).on_border(*places.T), strict=True):
        away = shapely.distance(borders, shapely.Point(place)).min()
        assert said or away > BORDER_TOLERANCE_DEG
        assert not said or away <= 5e-8


@given(data=st.data())
def test_an_index_brought_up_to_date_answers_like_one_built_anew(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    before, after = data.draw(partitions), data.draw(partitions)
    placing = Placing.build(before.codes, before.geoms, {"number": np.arange(len(before.codes))})
    ended = data.draw(st.lists(st.sampled_from(before.codes), unique=True))
    coming = data.draw(st.lists(st.integers(0, len(after.codes) - 1), unique=True, max_size=5))
    codes, geoms = [after.codes[i] for i in coming], after.geoms[coming]
    with patch("layers.locate.placing.MOST_PATCHED_SHARE", 1e9):
        later = placing.updated(ended, codes, geoms, {"number": 100 + np.arange(len(codes))})
    staying = [i for i, code in enumerate(before.codes) if code not in {*ended, *codes}]
    all_codes = [before.codes[i] for i in staying] + codes
    all_geoms = np.concatenate([before.geoms[staying], geoms])
    places = np.concatenate([awkward_places(data, before.geoms), awkward_places(data, after.geoms)])
    expected = [[*all_codes, ""][slot] for slot in ask_every_region(all_codes, all_geoms, places)]
    found = later.place(*places.T)
    assert [[*later.codes, ""][slot] for slot in found] == expected
    numbers = dict(zip(all_codes, [*staying, *range(100, 100 + len(codes))], strict=True))
    assert [later.columns["number"][slot] for slot in found if slot >= 0] == [numbers[c] for c in expected if c]
    assert len(later) == len(all_codes)
    assert [[*before.codes, ""][slot] for slot in placing.place(*places.T)] == [
        [*before.codes, ""][slot] for slot in ask_every_region(before.codes, before.geoms, places)
    ]


def test_regions_half_the_world_apart_are_held_exactly_too() -> None:
    # Farther apart than 32 bits of units reach: the first edition is narrow, the next is not, the third is again.
    near = Placing.build(["a", "b"], np.array([WEST_HALF, EAST_HALF]))
    far = near.updated([], ["c"], np.array([shapely.box(-100.2, -23.1, -100, -23)]))
    again = far.updated(["c"], ["d"], np.array([shapely.box(113.2, 23, 113.3, 23.1)]))
    lon, lat = np.array([113.05, 113.15, -100.1, 113.25, 113.1]), np.array([23.05, 23.05, -23.05, 23.05, 23.05])
    for placing, expected in ((near, "ab??a"), (far, "abc?a"), (again, "ab?da")):
        assert [[*placing.codes, "?"][slot] for slot in placing.place(lon, lat)] == list(expected)
    (slot,), (metres,) = far.nearest([-100.1], [-23.2])
    assert (far.codes[slot], metres) == ("c", pytest.approx(GEOD.inv(-100.1, -23.2, -100.1, -23.1)[2], abs=1e-3))
    assert far.bbox == pytest.approx((-100.2, -23.1, 113.2, 23.1))


def test_many_editions_one_after_another_leave_the_index_right() -> None:
    random = np.random.default_rng(7)
    seeds = random.uniform((104.0, 30.0), (104.1, 30.1), (400, 2))
    geoms = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    codes = [f"{number:04d}" for number in range(len(geoms))]
    standing = dict(zip(codes, geoms, strict=True))
    placing = Placing.build(codes, geoms)
    raster = placing._raster
    for edition in range(25):
        one = random.choice(list(standing))
        near = [code for code in standing if code != one and shapely.touches(standing[code], standing[one])]
        other = random.choice(near)
        merged = standing.pop(one).union(standing.pop(other))
        middle = shapely.box(*(np.array(shapely.bounds(merged)) + (0, 0, -0.0017, 0)))
        halves = [half for half in (merged & middle, merged - middle) if half.area > 0]
        coming = {f"{edition:02d}-{number}": half for number, half in enumerate(halves)}
        placing = placing.updated([one, other], list(coming), np.array(list(coming.values()), dtype=object))
        standing |= coming
        places = np.concatenate([random.uniform((103.99, 29.99), (104.11, 30.11), (300, 2)), merged.exterior.coords])
        expected = ask_every_region(list(standing), list(standing.values()), places)
        names = [*standing, ""]
        assert [[*placing.codes, ""][slot] for slot in placing.place(*places.T)] == [names[slot] for slot in expected]
    assert placing._raster == raster, "it was patched, not built anew"
    assert placing._dead > 0


@given(data=st.data())
def test_an_index_that_was_saved_is_the_same_when_opened(
    data: st.DataObject, partitions: st.SearchStrategy[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tiles = data.draw(partitions)
    folder = tmp_path_factory.mktemp("index") / "1"
    placing = Placing.build(
        tiles.codes, tiles.geoms, {"key": np.arange(len(tiles.codes)), "up": np.ones((len(tiles.codes), 2))}
    )
    placing.save(folder)
    opened = Placing.open(folder)
    places = awkward_places(data, tiles.geoms)
    assert opened.place(*places.T).tolist() == placing.place(*places.T).tolist()
    assert opened.nearest(*places[:3].T)[0].tolist() == placing.nearest(*places[:3].T)[0].tolist()
    assert (opened.codes.tolist(), opened.bbox) == (tiles.codes, placing.bbox)
    assert opened.columns["key"].tolist() == list(range(len(tiles.codes)))
    later = opened.updated([tiles.codes[0]], [], np.array([], dtype=object))
    later.save(folder)
    assert tiles.codes[0] not in Placing.open(folder).codes
    assert pickle.loads(pickle.dumps(opened)).place(*places.T).tolist() == opened.place(*places.T).tolist()


def test_a_pickled_index_is_searched_by_the_same_machine_code() -> None:
    halves = Placing.build(["w", "e"], np.array([WEST_HALF, EAST_HALF]))
    halves.place(113.05, 23.05)
    known = len(find_many.signatures)
    assert pickle.loads(pickle.dumps(halves)).place(113.05, 23.05).tolist() == [0]
    assert len(find_many.signatures) == known


def test_a_saved_index_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    Placing.build(["a", "b"], np.array([WEST_HALF, EAST_HALF])).save(tmp_path / "1")
    (tmp_path / "1" / "words.npy").write_bytes((tmp_path / "1" / "words.npy").read_bytes()[:-400])
    with pytest.raises(ValueError, match="length"):
        Placing.open(tmp_path / "1")
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_several_schemes_are_asked_in_one_pass() -> None:
    halves = Placing.build(["w", "e"], np.array([WEST_HALF, EAST_HALF]))
    middle = Placing.build(["m"], np.array([shapely.box(113.05, 23.0, 113.15, 23.1)]))
    found = place_in_all([halves, middle], [113.02, 113.1, 113.12, 113.17, 114], np.full(5, 23.05))
    assert found.tolist() == [[0, 1, 1, 1, -1], [-1, 0, 0, -1, -1]]
    assert place_in_all([], [113.0], [23.0]).shape == (0, 1)


def test_an_edge_too_long_for_whole_numbers_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        Placing.build(["wide"], np.array([shapely.box(100, 30, 112, 40)]))
    assert refused.value.key == "region.edge_too_long"


def test_merseyside_incidents_lie_where_the_police_say(real_data: Path) -> None:
    _, _, wkb, columns = pyogrio.raw.read(
        f"/vsigzip/{real_data}/uk/lsoa_2011_england_wales.geojsonl.gz", columns=["lsoa11cd", "lad11cd"]
    )
    near = np.isin(columns[1], [f"E0800001{digit}" for digit in range(1, 6)])
    codes, (geoms, _) = columns[0][near].tolist(), repair_polygons(shapely.from_wkb(wkb[near]))
    with gzip.open(real_data / "uk" / "merseyside_incidents_2014-04.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["lsoa11cd"] in set(codes)]
    lon, lat = (np.array([float(row[axis]) for row in rows]) for axis in ("lon", "lat"))
    placing = Placing.build(codes, geoms)
    index = placing.place(lon, lat)
    named = np.array([*codes, ""])[index] == [row["lsoa11cd"] for row in rows]
    assert len(codes) == 910
    assert len(rows) == 12_918
    assert named.mean() == pytest.approx(0.958, abs=0.001)
    assert placing.on_border(lon, lat).sum() >= 10
    outside = index < 0
    assert placing.nearest(lon[outside], lat[outside])[1].max(initial=0.0) < 25_000
