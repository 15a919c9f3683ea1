"""The benchmarks: the agreed form, partitions that are ones, and comparisons that can fail. Small, and without peers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import shapely

from bench import demo, rights
from bench.engines import Shapely, lowest
from bench.form import CACHE, Result
from bench.partitions import Partition, invented
from bench.placing import PEERS, Peer, compare, installed, measure, near_border
from bench.points import points_for
from layers.locate import Placing

REGIONS = 300
POINTS = 2_000

FORM = {"id", "value", "unit", "regions", "points", "peer", "peer_value", "ratio", "runs"}
ALONE = {"placing.build_s", "placing.index_mb", "placing.update_s", "placing.attach_s"}
FOR_EACH_PEER = {
    "placing.bulk",
    "placing.peak_mb",
    "placing.point",
    "placing.point_p99_us",
    "placing.mismatches",
    "placing.ties",
    "placing.ties_differing",
}


@pytest.fixture(scope="module")
def partition() -> Partition:
    """A small invented city."""
    return invented(REGIONS)


@pytest.fixture(scope="module")
def results(partition: Partition) -> list[Result]:
    """What is measured against one peer that is everywhere and one that is nowhere."""
    peers = (
        Peer("shapely", Shapely, installed("shapely"), asks_alone=True),
        Peer("nobody", Shapely, installed("a_package_that_nobody_has")),
    )
    return measure(partition, POINTS, peers, runs=2)


def test_a_benchmark_answers_in_the_agreed_form(results: list[Result]) -> None:
    """Every figure is there, with the size it was measured at."""
    assert {field.name for field in fields(Result)} == FORM
    assert {result.id for result in results} == ALONE | FOR_EACH_PEER
    assert {result.id for result in results if result.peer == "shapely"} == FOR_EACH_PEER
    assert {result.regions for result in results} == {REGIONS}
    assert all(result.value > 0 for result in results if result.id in ALONE)


def test_a_ratio_is_that_of_the_two_values(results: list[Result]) -> None:
    """More points a second is better, fewer seconds and megabytes are better: above 1 either way."""
    ratios = [result for result in results if result.ratio is not None]
    assert {result.id for result in ratios} == {
        "placing.bulk",
        "placing.peak_mb",
        "placing.point",
        "placing.point_p99_us",
    }
    for result in ratios:
        assert result.peer_value is not None
        better = result.value / result.peer_value
        assert result.ratio == pytest.approx(better if result.unit == "points/s" else 1 / better)


def test_a_peer_that_is_not_installed_is_named(results: list[Result]) -> None:
    """It has our figure, and no figure of its own."""
    (absent,) = [result for result in results if result.peer == "nobody"]
    assert (absent.id, absent.peer_value, absent.ratio) == ("placing.bulk", None, None)
    assert absent.value > 0
    assert {"sedonadb", "duckdb", "geopandas", "shapely", "postgis"} <= {peer.name for peer in PEERS}


def test_ours_differs_from_the_peer_nowhere(results: list[Result]) -> None:
    """Away from borders not one answer; a twentieth of these few points lie on borders and are set apart."""
    by_id = {result.id: result for result in results if result.peer == "shapely"}
    assert by_id["placing.mismatches"].value == 0
    assert by_id["placing.ties"].value >= POINTS // 20
    assert by_id["placing.ties_differing"].value <= by_id["placing.ties"].value


def _shifted(partition: Partition) -> Partition:
    return Partition("shifted", partition.codes, np.roll(partition.geoms, 1))


def _moved(partition: Partition) -> Partition:
    return Partition("moved", partition.codes, shapely.transform(partition.geoms, lambda places: places + 1e-5))


@pytest.mark.parametrize("spoil", [_shifted, _moved])
def test_a_wrong_index_is_found_out(partition: Partition, spoil: Callable[[Partition], Partition]) -> None:
    """With other codes, or a metre beside, there are mismatches; the right one beside it has none."""
    points = points_for(partition.geoms, 20 * POINTS)
    pairs = shapely.STRtree(partition.geoms).query(shapely.points(points), predicate="intersects")
    truth = lowest(len(points), *pairs)
    border = near_border(partition.geoms, points)

    def mismatches(of: Partition) -> float:
        return compare(Placing.build(of.codes, of.geoms).place(*points.T), truth, border, "shapely")[0].value

    assert mismatches(partition) == 0
    assert mismatches(spoil(partition)) > 0


def test_an_invented_city_is_a_partition(partition: Partition) -> None:
    """Valid regions that share every vertex, without overlaps or holes; codes that ascend; more in the core."""
    assert len(partition.geoms) == len(set(partition.codes)) == REGIONS
    assert partition.codes == sorted(partition.codes)
    assert shapely.is_valid(partition.geoms).all()
    assert shapely.coverage_is_valid(partition.geoms)
    city = shapely.coverage_union_all(partition.geoms)
    assert shapely.get_num_interior_rings(shapely.get_parts(city)).sum() == 0
    assert 38 < shapely.get_num_coordinates(partition.geoms).mean() < 44
    small, large = np.percentile(shapely.area(partition.geoms), [10, 90])
    assert large > 10 * small


def test_points_are_those_asked_for(partition: Partition) -> None:
    """The same each time; some on borders exactly, some outside the city."""
    points = points_for(partition.geoms, POINTS)
    assert points.shape == (POINTS, 2)
    assert np.array_equal(points, points_for(partition.geoms, POINTS))
    vertices = {tuple(vertex) for vertex in shapely.get_coordinates(partition.geoms).tolist()}
    assert sum(tuple(point) in vertices for point in points.tolist()) >= POINTS // 4
    city = shapely.coverage_union_all(partition.geoms)
    assert 0 < shapely.intersects_xy(city, *points.T).sum() < POINTS


def test_the_chart_shows_every_engine_and_is_the_same_each_time(tmp_path: Path) -> None:
    """A panel a size, a bar an engine that was there, ours among them."""
    pytest.importorskip("matplotlib", reason="make bench-peers")
    size = {"id": "placing.bulk", "unit": "points/s", "value": 9e6}
    rows = [
        {**size, "regions": 7_600, "peer": "duckdb", "peer_value": 3e5},
        {**size, "regions": 126_000, "peer": "duckdb", "peer_value": 2e5},
        {**size, "regions": 126_000, "peer": "postgis", "peer_value": None},
    ]
    results = tmp_path / "placing.json"
    results.write_text(json.dumps({"name": "placing", "results": rows}))
    pictures = []
    for name in ("one.svg", "two.svg"):
        command = [sys.executable, "-m", "bench", "chart", results, tmp_path / name]
        subprocess.run(command, cwd=Path(__file__).parents[2], check=True)
        pictures.append((tmp_path / name).read_text())
    assert pictures[0] == pictures[1]
    for text in ("7,600 regions", "126,000 regions", "duckdb", "citybrain", "9 M", "300 k"):
        assert text in pictures[0]
    assert "postgis" not in pictures[0]


def test_loading_a_demo_city_is_measured_whole() -> None:
    """Seconds, memory and disk, and nothing is left of the installation."""
    found = demo.measure("nanpu")
    assert {result.id for result in found} == {"demo.load_s", "demo.peak_mb", "demo.disk_mb"}
    assert all(result.value > 0 for result in found)
    assert not list(CACHE.glob("demo-*"))


def test_policies_are_measured_beside_the_same_answers() -> None:
    """Every question for every kind of account; answers that differ would be an error."""
    found = rights.measure(500, 5_000, 2_000, 1)
    kinds = {"rights.list", "rights.tile", "rights.select", "rights.count", "rights.latest"}
    assert {result.id for result in found} == {f"{kind}.{count}" for kind in kinds for count in (1, 3, 4)}
    assert all(result.value > 0 for result in found)
    assert not list(CACHE.glob("rights-*"))
