"""Polygons in: repaired without loss, refused by name, measured, labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from layers.geometry import Unusable, as_multipolygon, geodesic_area_m2, label_points, repair_polygons

BOW_TIE = shapely.Polygon([(113, 23), (113.1, 23.1), (113.1, 23), (113, 23.1)])
SQUARE = shapely.box(113, 23, 113.1, 23.1)


def test_a_valid_polygon_comes_back_to_the_last_bit() -> None:
    third = shapely.Polygon([(113 + 1 / 3, 23), (113.4, 23 + 1 / 7), (113.1, 23.2)])
    repaired, repairs = repair_polygons([third])
    assert shapely.to_wkb(repaired[0]) == shapely.to_wkb(third)
    assert repairs == []


def test_repairs_say_what_was_wrong_and_where() -> None:
    repaired, repairs = repair_polygons([SQUARE, BOW_TIE])
    assert [(repair.index, repair.reason) for repair in repairs] == [(1, "Self-intersection")]
    assert (repairs[0].lon, repairs[0].lat) == pytest.approx((113.05, 23.05))
    assert shapely.is_valid(repaired).all()
    assert shapely.area(repaired[1]) == pytest.approx(0.005)


def test_spikes_and_other_parts_are_dropped_with_a_word_and_area_is_kept() -> None:
    spike = shapely.MultiPolygon([SQUARE, shapely.Polygon([(114, 23), (114.1, 23), (114, 23), (114, 23)])])
    mixed = shapely.GeometryCollection([shapely.Point(113, 23), SQUARE])
    repaired, repairs = repair_polygons([spike, mixed])
    assert [repair.index for repair in repairs] == [0, 1]
    assert [geom.geom_type for geom in repaired] == ["Polygon", "Polygon"]
    assert shapely.area(repaired) == pytest.approx([0.01, 0.01])


def test_every_unusable_geometry_is_named_at_once() -> None:
    line = shapely.LineString([(113, 23), (114, 24)])
    flat = shapely.Polygon([(113, 23), (114, 24), (115, 25)])
    with np.errstate(invalid="ignore"):
        infinite = shapely.from_wkt("POLYGON ((113 23, inf 23, 114 24, 113 23))")
    with pytest.raises(Unusable) as refused:
        repair_polygons([SQUARE, None, shapely.Polygon(), line, infinite])
    assert [(cause.key, cause.values["number"]) for cause in refused.value.causes] == [
        ("geometry.missing", 2),
        ("geometry.empty", 3),
        ("geometry.not_polygonal", 4),
        ("geometry.not_finite", 5),
    ]
    assert "LineString" in refused.value.causes[2].said("zh")
    with pytest.raises(Unusable) as flattened:
        repair_polygons([flat])
    assert flattened.value.causes[0].key == "geometry.no_area"


def test_nothing_in_is_nothing_out() -> None:
    repaired, repairs = repair_polygons([])
    assert (len(repaired), repairs) == (0, [])
    assert len(label_points(repaired)) == len(geodesic_area_m2(repaired)) == len(as_multipolygon(repaired)) == 0


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9), min_size=1, max_size=6)
)
def test_any_scribble_becomes_valid_or_is_refused(scribbles: list[list[tuple[int, int]]]) -> None:
    geoms = [shapely.Polygon(np.array(scribble) * 0.001 + (113, 23)) for scribble in scribbles]
    try:
        repaired, repairs = repair_polygons(geoms)
    except Unusable as refused:
        hopeless = {cause.values["number"] for cause in refused.causes}
        areas = shapely.area(shapely.make_valid(np.array(geoms), method="structure", keep_collapsed=False))
        assert hopeless == {number for number, area in enumerate(areas, 1) if area == 0}
        return
    assert shapely.is_valid(repaired).all()
    assert not shapely.is_empty(repaired).any()
    assert set(shapely.get_type_id(repaired)) <= {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}
    assert {repair.index for repair in repairs} == {i for i, geom in enumerate(geoms) if not geom.is_valid}


@given(data=st.data())
def test_multipolygons_are_the_same_areas(data: st.DataObject, partitions: st.SearchStrategy[Any]) -> None:
    geoms = data.draw(partitions).geoms
    multi = as_multipolygon(geoms)
    assert {geom.geom_type for geom in multi} == {"MultiPolygon"}
    assert shapely.equals(multi, geoms).all()


@given(data=st.data())
def test_area_is_that_of_the_ellipsoid_holes_and_parts_counted(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    geoms = data.draw(partitions).geoms
    geod = Geod(ellps="WGS84")
    # Geodesics between places a few metres apart are straight enough
    fine = shapely.segmentize(shapely.orient_polygons(geoms), 5e-5)
    one_by_one = np.array([geod.geometry_area_perimeter(geom) for geom in fine])
    # … but for what their arcs add along the border: less than a thousandth of a millimetre wide.
    allowed = 1e-6 * one_by_one[:, 0] + 1e-6 * one_by_one[:, 1] + 1e-3
    assert (np.abs(geodesic_area_m2(geoms) - one_by_one[:, 0]) <= allowed).all()
    assert geodesic_area_m2(fine) == pytest.approx(geodesic_area_m2(geoms), rel=1e-9, abs=1e-4)
    whole = np.array([shapely.coverage_union_all(geoms)])
    assert geodesic_area_m2(geoms).sum() == pytest.approx(geodesic_area_m2(whole)[0], rel=1e-9)


def test_a_vertex_amid_a_neighbour_s_edge_makes_no_area() -> None:
    flat = shapely.Polygon([(113, 23), (113.002, 23.001), (113.004, 23.002), (113, 23)])
    assert geodesic_area_m2(np.array([flat]))[0] < 1e-4


def test_a_known_area_and_a_sliver() -> None:
    # The zone between two parallels, Snyder, "Map Projections: A Working Manual" (1987), formula 3-12.
    a, e = 6378137.0, np.sqrt(0.00669437999014)
    sine = np.sin(np.radians(23.0)), np.sin(np.radians(23.1))
    south, north = ((1 - e * e) * (s / (1 - (e * s) ** 2) + np.log((1 + e * s) / (1 - e * s)) / (2 * e)) for s in sine)
    square = shapely.segmentize(SQUARE, 1e-4)
    assert geodesic_area_m2(np.array([square]))[0] == pytest.approx(
        a * a * (north - south) / 2 * np.radians(0.1), rel=1e-8
    )
    sliver = shapely.box(113, 23, 113 + 1e-7, 23 + 1e-5)
    assert geodesic_area_m2(np.array([sliver]))[0] == pytest.approx(0.01025 * 1.1075, rel=2e-2)
    assert geodesic_area_m2(np.array([None, shapely.Polygon()])).tolist() == [0, 0]


@given(data=st.data())
def test_labels_lie_strictly_inside(data: st.DataObject, partitions: st.SearchStrategy[Any]) -> None:
    geoms = data.draw(partitions).geoms
    assert shapely.contains_properly(geoms, label_points(geoms)).all()


def test_a_label_sits_in_the_widest_place_not_in_the_corridor() -> None:
    hall, corridor = shapely.box(113, 23, 113.01, 23.01), shapely.box(113.01, 23, 113.2, 23.001)
    label = label_points(np.array([shapely.union(hall, corridor)]))[0]
    assert label.distance(hall.centroid) < 0.002


def test_a_label_is_found_even_in_a_sliver_of_a_millimetre() -> None:
    sliver = shapely.Polygon([(113, 23), (113.1, 23.1), (113.1 + 1e-8, 23.1), (113, 23)])
    assert sliver.intersects(label_points(np.array([sliver]))[0])
