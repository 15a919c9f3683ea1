"""Placing: the same answer as asking every region in turn, on borders too; and the nearest region, by the ellipsoid."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from data.errors import BadInput
from layers.geometry import repair_polygons
from layers.locate import BORDER_TOLERANCE_DEG, Placing

GEOD = Geod(ellps="WGS84")
WEST_HALF, EAST_HALF = shapely.box(113.0, 23.0, 113.1, 23.1), shapely.box(113.1, 23.0, 113.2, 23.1)


def ask_every_region(codes: list[str], geoms: Any, x: float, y: float) -> int:
    """The rule, said plainly: of the regions that cover the point, the one whose code has the lowest bytes."""
    covering = [index for index, geom in enumerate(geoms) if shapely.covers(geom, shapely.Point(x, y))]
    return min(covering, key=lambda index: codes[index].encode(), default=-1)


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
    expected = [ask_every_region(tiles.codes, tiles.geoms, x, y) for x, y in places]
    assert placing.place(*places.T).tolist() == expected
    # One at a time the tree of regions is asked, if there are more than ten: the answer may not differ.
    assert [int(placing.place([x], [y])[0]) for x, y in places] == expected


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
    expected = [ask_every_region(codes, geoms, x, y) for x, y in places]
    assert Placing.build(codes, geoms).place(*places.T).tolist() == expected


def test_codes_are_compared_by_their_bytes_not_their_letters() -> None:
    # U+FF5A comes before U+20BB7 in UTF-8 (and after it in UTF-16); "Z" before "a" (after it in a dictionary)
    for low, high in (("ｚ", "𠮷"), ("Z", "a"), ("10", "9"), ("4406", "440600"), ("a", "é")):
        for codes in ((low, high), (high, low)):
            index = Placing.build(codes, np.array([WEST_HALF, EAST_HALF])).place([113.1], [23.05])
            assert codes[index[0]] == low


def test_many_points_are_placed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.locate._POINTS_AT_ONCE", 7)
    placing = Placing.build(["a", "b"], np.array([WEST_HALF, EAST_HALF]))
    lon = np.linspace(112.95, 113.25, 31)
    expected = [0 if 113 <= x <= 113.1 else 1 if 113.1 < x <= 113.2 else -1 for x in lon]
    assert placing.place(lon, np.full(31, 23.05)).tolist() == expected
    assert placing.place(lon, np.full(31, 23.05)).dtype == np.int32
    assert (
        placing.on_border(lon, np.full(31, 23.05), np.array(expected)).sum()
        == np.isin(np.round(lon, 9), [113, 113.1, 113.2]).sum()
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_place_that_is_no_number_is_refused_not_put_outside(bad: float) -> None:
    placing = Placing.build(["a"], np.array([WEST_HALF]))
    for ask in (placing.place, placing.nearest):
        with pytest.raises(BadInput) as refused:
            ask([113.05, bad], [23.05, 23.05])
        assert refused.value.key == "coordinate.not_finite"


def test_a_latitude_beyond_the_pole_is_near_to_nothing() -> None:
    with pytest.raises(BadInput) as refused:
        Placing.build(["a"], np.array([WEST_HALF])).nearest([113.0], [90.5])
    assert refused.value.key == "coordinate.out_of_range"


def test_no_regions_and_no_points() -> None:
    nothing = Placing.build([], np.array([], dtype=object))
    index, metres = nothing.nearest([113.0], [23.0])
    assert (index.tolist(), metres.tolist()) == ([-1], [np.inf])
    assert nothing.on_border([113.0], [23.0], [-1]).tolist() == [False]
    some = Placing.build(["a"], np.array([WEST_HALF]))
    assert [len(answer) for answer in (some.place([], []), *some.nearest([], []), some.on_border([], [], []))] == [
        0
    ] * 4


@given(data=st.data())
def test_on_border_is_covered_twice_or_within_two_millimetres(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    tiles = data.draw(partitions)
    places = awkward_places(data, tiles.geoms)
    aside = data.draw(st.sampled_from([0.0, 1e-8, 1.9e-8, 2.1e-8, 1e-7]))
    places = np.concatenate([places, places + np.array([aside, 0])])
    placing = Placing.build(tiles.codes, tiles.geoms)
    index = placing.place(*places.T)
    borders = shapely.boundary(tiles.geoms)
    expected = []
    for (x, y), own in zip(places, index, strict=True):
        point = shapely.Point(x, y)
        near = shapely.distance(borders if own < 0 else borders[own], point).min() <= BORDER_TOLERANCE_DEG
        expected.append(bool(near or shapely.covers(tiles.geoms, point).sum() > 1))
    assert placing.on_border(*places.T, index).tolist() == expected
    assert [bool(placing.on_border([x], [y], [i])[0]) for (x, y), i in zip(places, index, strict=True)] == expected


def walk_every_edge(geoms: Any, x: float, y: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Metres from a point to each region, by golden section along each edge (straight in degrees) on the ellipsoid."""
    parts, region = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    start, along = corners[edge], corners[edge + 1] - corners[edge]

    def far(share: Any) -> Any:
        at = start + share[:, None] * along
        return GEOD.inv(np.full(len(at), x), np.full(len(at), y), at[:, 0], at[:, 1])[2]

    low, high = np.zeros(len(edge)), np.ones(len(edge))
    for _ in range(45):
        left, right = low + 0.381966 * (high - low), low + 0.618034 * (high - low)
        nearer_left = far(left) < far(right)
        low, high = np.where(nearer_left, low, left), np.where(nearer_left, right, high)
    ends = np.minimum(far(np.zeros(len(edge))), far(np.ones(len(edge))))
    metres = np.full(len(geoms), np.inf)
    np.minimum.at(metres, region[part[ring[edge]]], np.minimum(far(low), ends))
    return metres


@given(
    data=st.data(),
    away=st.one_of(
        st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)),
        st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
        st.tuples(st.floats(-60, 60), st.floats(-50, 50)),
    ),
)
def test_the_nearest_region_is_the_nearest_by_walking_every_edge(
    data: st.DataObject, partitions: st.SearchStrategy[Any], away: tuple[float, float]
) -> None:
    tiles = data.draw(partitions)
    x, y = np.clip(shapely.get_coordinates(tiles.geoms)[0] + away, (-180, -90), (180, 90))
    placing = Placing.build(tiles.codes, tiles.geoms)
    (index,), (metres,) = placing.nearest([x], [y])
    if placing.place([x], [y])[0] >= 0:
        assert (index, metres) == (placing.place([x], [y])[0], 0.0)
        return
    walked = walk_every_edge(tiles.geoms, x, y)
    assert metres == pytest.approx(walked.min(), abs=1e-3)
    assert walked[index] <= walked.min() + 3e-3
    clearly = [tiles.codes[i].encode() for i in np.flatnonzero(walked < walked.min() + 0.5e-3)]
    assert tiles.codes[index].encode() <= min(clearly)


def test_the_nearest_is_judged_on_the_ground_not_in_degrees() -> None:
    # At 60° N a degree of longitude is half a degree of latitude: 0.15° east is nearer than 0.1° north.
    east, north = shapely.box(10.15, 59.9, 10.3, 60.1), shapely.box(9.9, 60.1, 10.1, 60.3)
    index, metres = Placing.build(["north", "east"], np.array([north, east])).nearest([10.0], [60.0])
    assert index.tolist() == [1]
    assert metres[0] == pytest.approx(GEOD.inv(10.0, 60.0, 10.15, 60.0)[2], rel=1e-3)


def test_the_nearest_of_a_long_edge_is_found_on_the_parallel() -> None:
    # The border is the parallel itself, not the great circle between its ends, which bulges 11 km north of it
    wide = shapely.box(100, 30, 110, 40)
    (index,), (metres,) = Placing.build(["wide"], np.array([wide])).nearest([105.0], [40.05])
    assert index == 0
    assert metres == pytest.approx(GEOD.inv(105.0, 40.05, 105.0, 40.0)[2], abs=1e-3)


def test_a_shared_corner_goes_to_the_lowest_code_and_half_the_world_away_is_no_trouble() -> None:
    placing = Placing.build(["b", "a"], np.array([WEST_HALF, EAST_HALF]))
    index, metres = placing.nearest([113.1, 113.05, -66.9, 180.0, 0.0], [23.2, 22.0, -23.0, 0.0, 90.0])
    assert index[0] == 1
    assert index[1] == 0
    assert metres[0] == pytest.approx(GEOD.inv(113.1, 23.2, 113.1, 23.1)[2], abs=1e-3)
    assert 19_900_000 < metres[2] < 20_010_000
    assert metres[4] == pytest.approx(GEOD.inv(0.0, 90.0, 113.1, 23.1)[2], abs=1e-3)


def test_across_the_date_line_is_near() -> None:
    fiji = Placing.build(["west", "east"], np.array([shapely.box(-180, -17, -179, -16), shapely.box(0, -17, 1, -16)]))
    index, metres = fiji.nearest([179.9], [-16.5])
    assert index.tolist() == [0]
    assert metres[0] == pytest.approx(GEOD.inv(179.9, -16.5, 180.0, -16.5)[2], rel=1e-4)


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
    assert placing.on_border(lon, lat, index).sum() >= 10
    outside = index < 0
    assert placing.nearest(lon[outside], lat[outside])[1].max(initial=0.0) < 25_000
