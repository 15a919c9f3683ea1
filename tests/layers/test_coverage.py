"""Faults of a nest of regions: found where they are made, measured as a plain overlay measures them, and no others."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from layers.coverage import (
    CoverageReport,
    RegionLayer,
    check_coverage,
    parents_by_geometry,
    simplify_coverage,
)
from layers.geometry import Unusable, geodesic_area_m2, repair_polygons

TOP = np.array([-1])
CITY = shapely.box(113, 23, 113.02, 23.02)
QUARTERS = np.array(
    [shapely.box(113 + i / 100, 23 + j / 100, 113 + (i + 1) / 100, 23 + (j + 1) / 100) for j in (0, 1) for i in (0, 1)]
)


def nest(parent: Any, children: Any, parents: Any = None, codes: Any = None) -> list[RegionLayer]:
    children = np.array(children, dtype=object)
    parents = np.zeros(len(children), dtype=np.intp) if parents is None else np.array(parents)
    return [
        RegionLayer("district", ["440604"], TOP, np.array([parent])),
        RegionLayer("street", codes or [f"44060400{i}" for i in range(len(children))], parents, children),
    ]


def seen(report: CoverageReport) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((fault.kind, fault.tier, fault.codes) for fault in report.faults)


def area(geom: Any) -> float:
    return float(geodesic_area_m2(np.array([geom]))[0])


def plain_overlaps(codes: list[str], geoms: Any) -> dict[tuple[str, ...], float]:
    pairs = itertools.combinations(range(len(geoms)), 2)
    found = {}
    for i, j in pairs:
        parts = shapely.get_parts(shapely.intersection(geoms[i], geoms[j]))
        sizes = [size for part in parts if (size := polygon_area(part)) >= 0.01]  # smaller shapes are dust, each alone
        if sizes:
            found[codes[i], codes[j]] = sum(sizes)
    return found


def polygon_area(geom: Any) -> float:
    parts = [part for part in shapely.get_parts(shapely.get_parts(geom)) if part.geom_type == "Polygon"]
    return float(geodesic_area_m2(np.array(parts, dtype=object)).sum())


def test_a_sound_nest_has_no_fault_and_no_dust() -> None:
    report = check_coverage(nest(CITY, QUARTERS))
    assert report.faults == []
    assert report.dust.total() == 0


def test_an_overlap_is_found_between_the_two_and_measured() -> None:
    wide = shapely.box(113, 23, 113.0102, 23.01)
    report = check_coverage(nest(CITY, [wide, *QUARTERS[1:]]))
    assert seen(report) == [("overlap", "street", ("440604000", "440604001"))]
    fault = report.faults[0]
    assert fault.area_m2 == pytest.approx(area(shapely.box(113.01, 23, 113.0102, 23.01)), rel=1e-9)
    assert fault.geom.contains(shapely.Point(fault.lon, fault.lat))
    assert 113.01 < fault.lon < 113.0102


def test_a_region_drawn_twice_and_one_inside_another_are_overlaps() -> None:
    inner = shapely.box(113.002, 23.002, 113.004, 23.004)
    report = check_coverage(nest(CITY, [*QUARTERS, QUARTERS[3], inner]))
    assert seen(report) == [
        ("overlap", "street", ("440604000", "440604005")),
        ("overlap", "street", ("440604003", "440604004")),
    ]


def test_a_gap_is_laid_at_the_parent_s_door() -> None:
    report = check_coverage(nest(CITY, QUARTERS[:3]))
    assert seen(report) == [("gap", "street", ("440604",))]
    assert report.faults[0].area_m2 == pytest.approx(area(QUARTERS[3]), rel=1e-9)


def test_a_parent_without_children_is_one_gap() -> None:
    report = check_coverage(nest(CITY, []))
    assert [(fault.kind, fault.area_m2) for fault in report.faults] == [("gap", pytest.approx(area(CITY)))]


def test_a_hole_at_the_top_names_the_regions_around_it_but_a_bay_is_no_hole() -> None:
    blocks = [
        shapely.box(113 + i / 100, 23 + j / 100, 113.01 + i / 100, 23.01 + j / 100) for j in range(3) for i in range(3)
    ]
    ring = [block for index, block in enumerate(blocks) if index != 4]
    codes = [f"c{index}" for index in range(8)]
    report = check_coverage([RegionLayer("city", codes, np.full(8, -1), np.array(ring))])
    assert [(fault.kind, fault.codes) for fault in report.faults] == [("gap", tuple(codes))]
    assert report.faults[0].area_m2 == pytest.approx(area(blocks[4]), rel=1e-9)
    bay = [block for index, block in enumerate(blocks) if index not in (4, 5)]
    assert check_coverage([RegionLayer("city", codes[:7], np.full(7, -1), np.array(bay))]).faults == []


def test_an_island_in_a_hole_is_no_part_of_the_hole() -> None:
    lake, island = shapely.box(113.004, 23.004, 113.016, 23.016), shapely.box(113.008, 23.008, 113.012, 23.012)
    shore = shapely.difference(CITY, lake)
    report = check_coverage([RegionLayer("city", ["shore", "island"], np.full(2, -1), np.array([shore, island]))])
    assert [fault.codes for fault in report.faults] == [("island", "shore")]
    assert report.faults[0].area_m2 == pytest.approx(area(lake) - area(island), rel=1e-9)


def test_a_child_beyond_its_parent_protrudes() -> None:
    long = shapely.box(113.01, 23.01, 113.025, 23.02)
    report = check_coverage(nest(CITY, [*QUARTERS[:3], long]))
    assert seen(report) == [("protrusion", "street", ("440604003",))]
    assert report.faults[0].area_m2 == pytest.approx(area(shapely.box(113.02, 23.01, 113.025, 23.02)), rel=1e-9)


def test_orphans_and_invalid_rings_are_listed() -> None:
    bow = shapely.Polygon([(113.01, 23.01), (113.02, 23.01), (113.01, 23.02), (113.02, 23.02)])
    report = check_coverage(nest(CITY, [*QUARTERS[:3], bow], [0, 0, 0, -1]))
    kinds = {fault.kind: fault for fault in report.faults}
    assert set(kinds) == {"invalid_ring", "orphan", "gap"}
    assert kinds["orphan"].codes == kinds["invalid_ring"].codes == ("440604003",)
    assert kinds["invalid_ring"].area_m2 == 0
    assert (kinds["invalid_ring"].lon, kinds["invalid_ring"].lat) == pytest.approx((113.015, 23.015))


def test_dust_is_counted_and_the_threshold_is_the_caller_s() -> None:
    hair = shapely.box(113, 23, 113.01 + 1e-9, 23.01)  # a tenth of a millimetre too wide: 0.11 m²
    layers = nest(CITY, [hair, *QUARTERS[1:]])
    assert check_coverage(layers, min_area_m2=1.0).faults == []
    assert dict(check_coverage(layers, min_area_m2=1.0).dust) == {("street", "overlap"): 1}
    assert len(check_coverage(layers, min_area_m2=0.01).faults) == 1


def test_geometry_that_is_none_stops_the_check() -> None:
    with pytest.raises(Unusable):
        check_coverage(nest(CITY, [*QUARTERS, None]))


def test_progress_grows_to_the_total() -> None:
    calls: list[tuple[int, int]] = []
    check_coverage(nest(CITY, QUARTERS), progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (6, 6)
    assert {total for _, total in calls} == {6}


def test_no_layers_no_faults() -> None:
    assert check_coverage([]).faults == []


@given(data=st.data())
def test_a_random_nest_of_three_tiers_is_sound(data: st.DataObject, partitions: st.SearchStrategy[Any]) -> None:
    leaves = data.draw(partitions)
    layers = [RegionLayer("grid", leaves.codes, np.array([]), leaves.geoms)]
    for tier in ("street", "city"):
        below = layers[0]
        labels = data.draw(st.lists(st.integers(0, 3), min_size=len(below.geoms), max_size=len(below.geoms)))
        groups, parents = np.unique(labels, return_inverse=True)
        geoms = np.array([shapely.coverage_union_all(below.geoms[parents == group]) for group in range(len(groups))])
        layers[0] = RegionLayer(below.tier, below.codes, parents, below.geoms)
        layers.insert(0, RegionLayer(tier, [f"{tier}{group}" for group in groups], np.full(len(groups), -1), geoms))
    report = check_coverage(layers)
    # Outer borders may enclose a bay that touches itself; inside the nest nothing may be wrong.
    assert [fault for fault in report.faults if fault.kind != "gap" or fault.tier != "city"] == []
    assert parents_by_geometry(layers[2].geoms, layers[1].geoms).tolist() == layers[2].parents.tolist()


@given(data=st.data())
def test_any_damage_is_measured_as_a_plain_overlay_measures_it(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    whole = data.draw(partitions)
    parent = shapely.coverage_union_all(whole.geoms)
    geoms = damaged(data, whole.geoms)
    report = check_coverage(nest(parent, geoms, codes=whole.codes))

    overlaps: dict[tuple[str, ...], float] = {}
    for fault in report.faults:
        if fault.kind == "overlap":
            overlaps[fault.codes] = overlaps.get(fault.codes, 0.0) + fault.area_m2
    expected = plain_overlaps(whole.codes, geoms)
    assert {frozenset(pair) for pair in overlaps} == {frozenset(pair) for pair in expected}
    assert sum(overlaps.values()) == pytest.approx(sum(expected.values()), abs=0.05, rel=1e-7)

    union = shapely.union_all(geoms)
    for kind, rest in (("gap", shapely.difference(parent, union)), ("protrusion", shapely.difference(union, parent))):
        listed = sum(fault.area_m2 for fault in report.faults if fault.kind == kind and fault.tier == "street")
        if kind == "protrusion" and expected:
            assert listed >= polygon_area(rest) - 0.05  # two that overlap may protrude together
        else:
            assert listed == pytest.approx(polygon_area(rest), abs=0.05, rel=1e-7)


def damaged(data: st.DataObject, geoms: Any) -> Any:
    """One to three regions moved, blown up, cut or simplified on their own."""
    geoms = geoms.copy()
    size = shapely.bounds(geoms).max() * 0 + np.sqrt(shapely.area(geoms).mean())
    for index in data.draw(st.lists(st.integers(0, len(geoms) - 1), min_size=1, max_size=3)):
        how = data.draw(st.sampled_from(["move", "grow", "shrink", "simplify"]))
        share = data.draw(st.floats(0.01, 0.4)) * size
        changed = {
            "move": lambda geom, by: shapely.transform(geom, lambda at: at + by),
            "grow": lambda geom, by: shapely.buffer(geom, by, join_style="mitre"),
            "shrink": lambda geom, by: shapely.buffer(geom, -by, join_style="mitre"),
            "simplify": lambda geom, by: shapely.simplify(geom, 2 * by),
        }[how](geoms[index], share)
        if not changed.is_empty and changed.is_valid:
            geoms[index] = changed
    return geoms


@given(data=st.data())
def test_a_child_s_parent_is_the_one_that_covers_its_inside_or_most_of_it(
    data: st.DataObject, partitions: st.SearchStrategy[Any]
) -> None:
    parents = data.draw(partitions).geoms
    children = damaged(data, parents)
    found = parents_by_geometry(children, parents)
    for child, parent in zip(children, found, strict=True):
        covering = [i for i, geom in enumerate(parents) if shapely.covers(geom, shapely.point_on_surface(child))]
        shared = shapely.area(shapely.intersection(child, parents))
        if covering:
            assert parent == covering[0]
        else:
            assert parent == (shared.argmax() if shared.max() > 0 else -1)


def test_a_child_with_its_inside_in_the_sea_goes_to_the_largest_overlap_and_one_at_sea_to_nobody() -> None:
    half_at_sea = shapely.box(112.99, 23.004, 113.002, 23.011)  # mostly west of the city, 6:1 in the lower quarter
    at_sea = shapely.box(112, 23, 112.1, 23.1)
    assert parents_by_geometry(np.array([half_at_sea, at_sea]), QUARTERS).tolist() == [0, -1]
    assert parents_by_geometry(np.array([half_at_sea]), QUARTERS[::-1]).tolist() == [3]


@given(data=st.data(), share=st.floats(0.05, 3.0))
def test_simplified_neighbours_keep_one_edge(
    data: st.DataObject, partitions: st.SearchStrategy[Any], share: float
) -> None:
    geoms = data.draw(partitions).geoms
    assume(shapely.coverage_is_valid(geoms))  # a hole that touches its ring in one point is none to GEOS
    simple = simplify_coverage(geoms, share * float(np.sqrt(shapely.area(geoms).mean())))
    assert shapely.coverage_is_valid(simple)
    assert shapely.is_valid(simple).all()
    assert not shapely.is_empty(simple).any()
    assert shapely.get_num_coordinates(simple).sum() <= shapely.get_num_coordinates(geoms).sum()


@given(data=st.data(), share=st.floats(0.05, 3.0))
def test_a_fault_spoils_no_edge_but_its_own(
    data: st.DataObject, partitions: st.SearchStrategy[Any], share: float
) -> None:
    geoms = damaged(data, data.draw(partitions).geoms)
    sound = shapely.is_empty(shapely.coverage_invalid_edges(geoms))
    assume(not sound.all())
    simple = simplify_coverage(geoms, share * float(np.sqrt(shapely.area(geoms).mean())))
    assert shapely.is_empty(shapely.coverage_invalid_edges(simple))[sound].all()
    assert shapely.is_valid(simple).all()
    assert not shapely.is_empty(simple).any()


def test_should_a_fault_spoil_the_rest_only_edges_between_sound_regions_are_simplified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def zigzag(lon: float) -> list[tuple[float, float]]:
        return [(lon + 0.0001 * (i % 2), 23 + i * 0.0005) for i in range(41)]

    def strip(west: list[tuple[float, float]], east: list[tuple[float, float]]) -> shapely.Polygon:
        return shapely.Polygon([*west, *reversed(east)])

    lines = [zigzag(113 + i / 100) for i in range(4)]
    strips = [strip(west, east) for west, east in itertools.pairwise(lines)]
    intruder = shapely.box(112.99, 23.005, 113.001, 23.01)
    geoms = np.array([*strips, intruder])
    real = shapely.coverage_simplify

    def spoiling(geoms: Any, tolerance: float, *, simplify_boundary: bool = True) -> Any:
        broken = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        return np.full(len(geoms), broken) if simplify_boundary else real(geoms, tolerance, simplify_boundary=False)

    monkeypatch.setattr(shapely, "coverage_simplify", spoiling)
    simple = simplify_coverage(geoms, 0.001)
    assert shapely.equals_identical(simple[[0, 3]], geoms[[0, 3]]).all()
    assert shapely.coverage_is_valid(simple[:3])
    assert shapely.get_num_coordinates(simple[1:3]).sum() < 0.6 * shapely.get_num_coordinates(geoms[1:3]).sum()


def test_a_long_list_of_parents_is_worked_through_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.coverage._PARENTS_AT_ONCE", 3)
    blocks = [shapely.box(113 + i / 100, 23, 113.01 + i / 100, 23.01) for i in range(8)]
    halves = [
        half
        for block in blocks
        for half in (shapely.box(*block.bounds[:3], 23.005), shapely.box(block.bounds[0], 23.005, *block.bounds[2:]))
    ]
    layers = [
        RegionLayer("street", list("abcdefgh"), np.full(8, -1), np.array(blocks)),
        RegionLayer("grid", [str(i) for i in range(15)], np.arange(15) // 2, np.array(halves[:15])),
    ]
    calls: list[int] = []
    report = check_coverage(layers, progress=lambda done, total: calls.append(done))
    assert seen(report) == [("gap", "grid", ("h",))]
    assert calls == [8, 23, 26, 29, 31]


UK = {"lad": "lad_2011_england_wales_dissolved", "msoa": "msoa_2011_england_wales", "lsoa": "lsoa_2011_england_wales",
      "oa": "oa_2011_england_wales"}  # fmt: skip


def united_kingdom(folder: Path, tiers: list[str]) -> list[RegionLayer]:
    layers: list[RegionLayer] = []
    for tier in tiers:
        _, _, wkb, columns = pyogrio.raw.read(f"/vsigzip/{folder}/uk/{UK[tier]}.geojsonl.gz")
        fields = pyogrio.read_info(f"/vsigzip/{folder}/uk/{UK[tier]}.geojsonl.gz")["fields"].tolist()
        parents = np.full(len(wkb), -1, dtype=np.intp)
        if layers:
            place = {code: index for index, code in enumerate(layers[-1].codes)}
            parents = np.array([place[code] for code in columns[fields.index(f"{layers[-1].tier}11cd")]])
        codes = columns[fields.index(f"{tier}11cd")].tolist()
        layers.append(RegionLayer(tier, codes, parents, shapely.from_wkb(wkb)))
    return layers


def test_england_and_wales_against_its_known_answers(real_data: Path, soak: bool) -> None:
    tiers = ["lad", "msoa", "lsoa", "oa"] if soak else ["lad", "msoa"]
    report = check_coverage(united_kingdom(real_data, tiers))
    count = {
        tier: sum(fault.tier == tier and fault.kind == "invalid_ring" for fault in report.faults) for tier in tiers
    }
    assert count == {tier: {"lad": 345, "msoa": 31, "lsoa": 94, "oa": 318}[tier] for tier in tiers}
    if soak:
        sizes = {
            tier: [fault.area_m2 for fault in report.faults if (fault.tier, fault.kind) == (tier, "overlap")]
            for tier in tiers
        }
        assert sum(sizes["lsoa"]) == pytest.approx(62, abs=4)
        assert sum(sizes["oa"]) == pytest.approx(1.2, abs=0.1)
    assert not any(fault.kind == "orphan" for fault in report.faults)


def test_parents_by_shape_agree_with_the_census_tables(real_data: Path) -> None:
    lad, msoa = united_kingdom(real_data, ["lad", "msoa"])
    children, parents = repair_polygons(msoa.geoms)[0], repair_polygons(lad.geoms)[0]
    assert parents_by_geometry(children, parents).tolist() == msoa.parents.tolist()
