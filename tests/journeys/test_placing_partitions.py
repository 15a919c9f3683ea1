"""`citybrain place --engine dask` on a real cluster of two processes: the answers of the plain engine, whole or not."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

from brain import point_partitions
from brain.point_partitions import place_partitions
from brain.point_sources import PointFile, RegionFile
from data.errors import CityError
from tests.command_line import CommandLine
from tests.points import (
    WORDS,
    awkward_points,
    read_table,
    rows_of,
    table_of,
    without_database,
    write_csv,
    write_regions,
)
from tests.worlds import at

# What Dask itself uses of pandas.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def local_cluster(workers: int) -> LocalCluster:
    """So many workers, each a process of its own, on this machine only."""
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A cluster of two workers."""
    with local_cluster(2) as cluster:
        yield cluster


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """The command line where there is no database."""
    return without_database(tmp_path)


def on(cluster: LocalCluster) -> list[str]:
    """The options that name the cluster."""
    return ["--engine", "dask", "--scheduler", cluster.scheduler_address]


def write_parts(folder: Path, points: list[tuple[Any, Any]]) -> Path:
    """A folder of four files, one of them of several row groups and one without a row."""
    folder.mkdir()
    third = len(points) // 3
    for number, first in enumerate((0, third, 2 * third, len(points))):
        last = len(points) if number == 2 else first + third
        pq.write_table(table_of(points[first:last], first), folder / f"{number}.parquet", row_group_size=40)
    return folder


def test_plain_csv_plain_parquet_and_dask_say_the_same(
    cluster: LocalCluster, tmp_path: Path, command_line: CommandLine
) -> None:
    """Corners, edges, a hole, outside, bad rows: the same answers and figures, in the same order; types are kept."""
    points: list[tuple[Any, Any]] = [
        *awkward_points(),
        (None, 23.0),
        (113.0, float("nan")),
        (113.0, 95.0),
        at(0.1, 0.1),
    ]
    words = ["place", write_regions(tmp_path)]
    more = [*WORDS, "--with", "community,note", "--out"]
    parts = write_parts(tmp_path / "parts", points)
    pq.write_table(read_table(parts), tmp_path / "p.parquet")
    write_csv(tmp_path / "p.csv", points)
    said = [
        command_line.run(*words, tmp_path / "p.csv", *more, tmp_path / "out.csv"),
        command_line.run(*words, tmp_path / "p.parquet", *more, tmp_path / "out.parquet"),
        command_line.run(*words, parts, *more, tmp_path / "out", *on(cluster)),
    ]
    assert len({one.split(";")[0] for one in said}) == 1
    assert "rejected 3" in said[0]
    found = read_table(tmp_path / "out")
    kept, given = found.drop_columns(["region_id", "community", "note", "fault"]), read_table(parts)
    assert kept.schema.equals(given.schema)
    assert repr(kept.to_pylist()) == repr(given.to_pylist())  # a NaN equals nothing
    faults = found.column("fault").to_pylist()
    assert faults[-4:] == ["coordinate.not_a_number"] * 2 + ["coordinate.out_of_range", None]
    assert found.column("region_id").to_pylist()[-4:-1] == [None, None, None]
    placed = found.filter(pc.is_null(found.column("fault"))).drop_columns(["fault"])
    assert placed.equals(read_table(tmp_path / "out.parquet"))
    answers = placed.select(["region_id", "community", "note"]).to_pylist()
    rows = rows_of(tmp_path / "out.csv")
    assert [{name: row[name] or None for name in answers[0]} for row in rows] == answers
    assert len(list((tmp_path / "out").iterdir())) > 1


def test_a_sample_of_merseyside(
    cluster: LocalCluster, tmp_path: Path, command_line: CommandLine, real_data: Path
) -> None:
    """12,925 real incidents in 4,683 real output areas, with the codes of the three tiers above: three times the same."""
    regions = tmp_path / "oa.geojsonl"
    districts = {f"E080000{number}" for number in range(11, 16)}
    with gzip.open(real_data / "uk/oa_2011_england_wales.geojsonl.gz", "rt", encoding="utf-8") as file:
        regions.write_text("".join(line for line in file if json.loads(line)["properties"]["lad11cd"] in districts))
    incidents = real_data / "uk/merseyside_incidents_2014-04.csv.gz"
    given = [(float(row["lon"]), float(row["lat"])) for row in rows_of(incidents)]
    parts = write_parts(tmp_path / "parts", given)
    pq.write_table(read_table(parts), tmp_path / "p.parquet")
    above = ("lsoa11cd", "msoa11cd", "lad11cd")
    write_csv(tmp_path / "p.csv", given)
    words = ["--region-id", "oa11cd", *WORDS[2:]]
    for points, out, engine in (
        ("p.csv", "out.csv", []),
        ("p.parquet", "out.parquet", []),
        ("parts", "out", on(cluster)),
    ):
        more = ["--with", ",".join(above), "--out", tmp_path / out, *engine]
        assert "rejected 0" in command_line.run("place", regions, tmp_path / points, *words, *more)
    found = [[row[name] or None for name in ("region_id", *above)] for row in rows_of(tmp_path / "out.csv")]
    for out in ("out.parquet", "out"):
        table = read_table(tmp_path / out).select(["region_id", *above])
        assert [list(row.values()) for row in table.to_pylist()] == found
    labels = [row["lsoa11cd"] for row in rows_of(incidents)]
    assert sum(label == row[1] for label, row in zip(labels, found, strict=True)) / len(found) >= 0.957


@pytest.mark.parametrize("name", [None, "number"])
def test_an_index_of_pandas_is_not_lost_in_silence(
    cluster: LocalCluster, tmp_path: Path, command_line: CommandLine, name: str | None
) -> None:
    """A filtered frame has one, which Dask would drop: the plain engine keeps it as a column, Dask names it."""
    frame = pd.DataFrame(awkward_points(), columns=["lon", "lat"])
    frame[frame.lon > frame.lon.median()].rename_axis(name).to_parquet(tmp_path / "p.parquet")
    words = ["place", write_regions(tmp_path), tmp_path / "p.parquet", *WORDS, "--out"]
    command_line.run(*words, tmp_path / "out.parquet")
    column = name or "__index_level_0__"
    assert column in read_table(tmp_path / "out.parquet").column_names
    assert column in command_line.run(*words, tmp_path / "out", *on(cluster), fails=True)
    frame.to_parquet(tmp_path / "p.parquet")  # all rows: there the index is no column
    assert "rejected 0" in command_line.run(*words, tmp_path / "out", *on(cluster))


def test_no_rows_are_no_fault(cluster: LocalCluster, tmp_path: Path, command_line: CommandLine) -> None:
    """A file without a row becomes a folder with the columns; an empty folder is filled, a full one refused."""
    path, out = tmp_path / "p.parquet", tmp_path / "out"
    pq.write_table(table_of([]), path)
    out.mkdir()
    words = ["place", write_regions(tmp_path), path, *WORDS, "--out", out, *on(cluster)]
    assert "Placed 0 points" in command_line.run(*words)
    assert read_table(out).column_names == ["id", "lon", "lat", "tags", "region_id", "fault"]
    assert "be empty" in command_line.run(*words, fails=True)


def test_rows_that_are_all_bad_fail(cluster: LocalCluster, tmp_path: Path, command_line: CommandLine) -> None:
    """They are there to be looked at, and it is said where."""
    pq.write_table(table_of([(None, None)] * 3), tmp_path / "p.parquet")
    words = ["place", write_regions(tmp_path), tmp_path / "p.parquet", *WORDS, "--out", tmp_path / "out", *on(cluster)]
    assert "column fault" in command_line.run(*words, fails=True)
    assert read_table(tmp_path / "out").column("fault").to_pylist() == ["coordinate.not_a_number"] * 3


def version_is(version: str | None) -> None:
    """On a worker: says that the product has this version, or that it is not there."""
    real = getattr(metadata, "real_version", metadata.version)

    def said(name: str) -> str:
        if name != "citybrain":
            return real(name)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    metadata.real_version = real  # type: ignore[attr-defined]
    metadata.version = said


@pytest.mark.parametrize(("version", "expected"), [("0.0.1", "citybrain 0.0.1"), (None, "citybrain -")])
def test_workers_of_another_version_are_refused(
    cluster: LocalCluster, tmp_path: Path, command_line: CommandLine, version: str | None, expected: str
) -> None:
    """Or without the product: named, before any work."""
    pq.write_table(table_of([at(0.1, 0.1)]), tmp_path / "p.parquet")
    words = ["place", write_regions(tmp_path), tmp_path / "p.parquet", *WORDS, "--out", tmp_path / "out", *on(cluster)]
    with Client(cluster, set_as_default=False) as client:
        client.run(version_is, version)
        try:
            assert expected in command_line.run(*words, fails=True)
        finally:
            client.run(version_is, metadata.version("citybrain"))
    assert not (tmp_path / "out").exists()
    command_line.run(*words)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs a path that means another place to each process")
@pytest.mark.parametrize("lost", ["points", "out"])
def test_paths_that_a_worker_does_not_have_are_named(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine, lost: str
) -> None:
    """As on another machine without the shared folder: the worker's own current folder holds neither."""
    pq.write_table(table_of([at(0.1, 0.1)]), tmp_path / "p.parquet")
    regions = write_regions(tmp_path)
    monkeypatch.chdir(tmp_path)
    own = Path("/proc/self/cwd")
    points, out = (own if lost == "points" else tmp_path) / "p.parquet", (own if lost == "out" else tmp_path) / "out"
    said = command_line.run("place", regions, points, *WORDS, "--out", out, *on(cluster), fails=True)
    assert f"cannot use {own}" in said
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []


def tasks_of(dask_scheduler: Any) -> int:
    """On the scheduler: how many tasks it knows."""
    return len(dask_scheduler.tasks)


def test_an_interrupted_run_is_cancelled_on_the_cluster(cluster: LocalCluster, tmp_path: Path) -> None:
    """Ctrl-C after the first partition: the others are not worked on, and no half folder is left."""
    parts = write_parts(tmp_path / "parts", awkward_points())
    out = tmp_path / "out"
    steps = []

    def interrupt(done: int, total: int) -> None:
        steps.append((done, total))
        if done:
            raise KeyboardInterrupt

    regions = RegionFile(write_regions(tmp_path), "code")
    points = PointFile(parts, "lon", "lat", "EPSG:4326")
    with pytest.raises(KeyboardInterrupt):
        place_partitions(regions, points, out, cluster.scheduler_address, interrupt)
    assert steps[0][0] == 0
    assert steps[0][1] > 1
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []
    with Client(cluster, set_as_default=False) as client:
        assert client.run_on_scheduler(tasks_of) == 0


def test_files_that_do_not_fit_together_are_a_fault(
    cluster: LocalCluster, tmp_path: Path, command_line: CommandLine
) -> None:
    """What fails on a worker is said in a sentence; nothing is left of the run."""
    parts = write_parts(tmp_path / "parts", awkward_points())
    pq.write_table(table_of([at(0.1, 0.1)]).rename_columns(["id", "east", "lat", "tags"]), parts / "9.parquet")
    words = ["place", write_regions(tmp_path), parts, *WORDS, "--out", tmp_path / "out", *on(cluster)]
    assert "nothing was written: " in command_line.run(*words, fails=True)
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []


def die(*_: Any) -> None:
    """On a worker: its end."""
    os._exit(1)


def bear_no_loss(dask_scheduler: Any) -> None:
    """On the scheduler: a task whose worker died is not tried again."""
    dask_scheduler.allowed_failures = 0


def test_a_worker_that_dies_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the cluster gives up, so does the run: nothing is left of it."""
    monkeypatch.setattr(point_partitions, "_place", die)
    pq.write_table(table_of([at(0.1, 0.1)]), tmp_path / "p.parquet")
    regions = RegionFile(write_regions(tmp_path), "code")
    points = PointFile(tmp_path / "p.parquet", "lon", "lat", "EPSG:4326")
    with local_cluster(1) as mortal, Client(mortal, set_as_default=False) as client:
        client.run_on_scheduler(bear_no_loss)
        with pytest.raises(CityError) as fault:
            place_partitions(regions, points, tmp_path / "out", mortal.scheduler_address, lambda *_: None)
    assert fault.value.key == "place.cluster_lost"
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []


def test_a_cluster_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens; the address is none; nobody works there."""
    monkeypatch.setattr(point_partitions, "CONNECT_S", 0.2)
    pq.write_table(table_of([at(0.1, 0.1)]), tmp_path / "p.parquet")
    regions = RegionFile(write_regions(tmp_path), "code")
    points = PointFile(tmp_path / "p.parquet", "lon", "lat", "EPSG:4326")

    def fault_of(scheduler: str) -> str:
        with pytest.raises(CityError) as fault:
            place_partitions(regions, points, tmp_path / "out", scheduler, lambda *_: None)
        return fault.value.key

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert fault_of(f"tcp://127.0.0.1:{free.getsockname()[1]}") == "place.no_scheduler"
    for none in ("nonsense://x", "a-host-without-port", "tcp://", "127.0.0.1:port"):
        assert fault_of(none) == "place.no_scheduler", none
    monkeypatch.undo()
    with local_cluster(0) as idle:
        assert fault_of(idle.scheduler_address) == "place.no_workers"
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []


@pytest.mark.parametrize("field", ["fault", "region_id"])
def test_columns_of_the_answer_must_be_free(tmp_path: Path, field: str) -> None:
    """Before a cluster is asked for."""
    table = table_of([at(0.1, 0.1)]).append_column(field, pa.array(["x"]))
    pq.write_table(table, tmp_path / "p.parquet")
    regions = RegionFile(write_regions(tmp_path), "code")
    points = PointFile(tmp_path / "p.parquet", "lon", "lat", "EPSG:4326")
    with pytest.raises(CityError) as fault:
        place_partitions(regions, points, tmp_path / "out", "nowhere", lambda *_: None)
    assert (fault.value.key, fault.value.values["field"]) == ("place.column_taken", field)
