"""The nearest region of a point outside, measured on the ellipsoid, also across the date line and near a pole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from data.errors import BadInput
from layers.locate import Placing

GEOD = Geod(ellps="WGS84")
WEST_HALF, EAST_HALF = shapely.box(113.0, 23.0, 113.1, 23.1), shapely.box(113.1, 23.0, 113.2, 23.1)


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
    assert metres == pytest.approx(walked.min(), abs=2e-3)
    assert walked[index] <= walked.min() + 6e-3
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


def test_a_latitude_beyond_the_pole_is_near_to_nothing() -> None:
    with pytest.raises(BadInput) as refused:
        Placing.build(["a"], np.array([WEST_HALF])).nearest([113.0], [90.5])
    assert refused.value.key == "coordinate.out_of_range"


def test_many_places_at_once_have_the_answers_of_each_alone() -> None:
    # Near and far, near a pole, on both sides of the date line, twice the same; asked together the edges are mixed.
    random = np.random.default_rng(5)
    seeds = random.uniform((104.0, 30.0), (104.4, 30.4), (200, 2))
    geoms = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    placing = Placing.build([f"{n:03d}" for n in range(len(geoms))], geoms)
    places = np.concatenate(
        [random.uniform((103.0, 29.0), (105.4, 31.4), (60, 2)), random.uniform((-180, -90), (180, 90), (40, 2))]
    )
    places = np.concatenate([places, places[:5], [[-75.8, -30.2], [104.2, 89.9], [180.0, 30.0], [-180.0, 30.0]]])
    together = placing.nearest(*places.T)
    alone = [placing.nearest([x], [y]) for x, y in places.tolist()]
    assert together[0].tolist() == [slot for (slot,), _ in alone]
    assert together[1].tolist() == [metres for _, (metres,) in alone]


def scattered() -> Placing:
    """A city of two thousand regions, forty kilometres across."""
    seeds = np.random.default_rng(5).uniform((104.0, 30.0), (104.4, 30.4), (2000, 2))
    geoms = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    return Placing.build([f"{n:04d}" for n in range(len(geoms))], geoms)


@pytest.mark.parametrize("away", [0.1, 1.0, 3.0, 8.0, 30.0])
def test_few_edges_are_looked_at_however_far_a_place_is(away: float) -> None:
    # Not the whole city's: a batch from another province must not cost the memory of the server.
    placing = scattered()
    edges = len(placing._sieve.likely_edges(104.2, 30.4 + away)[2])
    assert edges < len(placing._rings.xy) / 10


def test_edges_of_many_places_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    placing = scattered()
    places = np.random.default_rng(6).uniform((103.0, 29.0), (105.4, 31.4), (50, 2))
    slots, metres = placing.nearest(*places.T)
    monkeypatch.setattr("layers.locate.placing._MOST_EDGES_AT_ONCE", 3)
    again, once_more = placing.nearest(*places.T)
    assert slots.tolist() == again.tolist()
    assert metres.tolist() == once_more.tolist()
