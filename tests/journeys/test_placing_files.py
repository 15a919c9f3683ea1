"""`citybrain place` on files: streamed, whole or not at all, bad rows set aside, further fields beside the answer."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from brain.point_files import CHUNK
from brain.point_tables import ROWS
from layers.crs import from_wgs84, parse_crs
from layers.locate import Placing
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
from tests.worlds import at, small_city_cells


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """The command line where there is no database."""
    return without_database(tmp_path)


def write_points(path: Path, points: list[tuple[Any, Any]]) -> Path:
    """A file of points in the form of its name."""
    if path.suffix == ".parquet":
        pq.write_table(table_of(points), path, row_group_size=max(7, len(points) // 3))
        return path
    return write_csv(path, points)


def answers_of(path: Path, field: str = "region_id") -> list[str]:
    """A column of a placed file, empty for none."""
    if path.suffix == ".parquet":
        return [value or "" for value in read_table(path).column(field).to_pylist()]
    return [row[field] for row in rows_of(path)]


def beside(out: Path) -> list[str]:
    """What else a run left beside a placed file, hidden files too."""
    return sorted(file.name for file in out.parent.iterdir() if "out" in file.name and file != out)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_every_form_gives_the_answers_of_the_index(tmp_path: Path, command_line: CommandLine, ending: str) -> None:
    """On corners, edges, in a hole, outside; the input's columns stay as they are; the codes above stand beside."""
    points = awkward_points()
    path, out = write_points(tmp_path / f"p{ending}", points), tmp_path / f"out{ending}"
    said = command_line.run(
        "place", write_regions(tmp_path), path, *WORDS, "--out", out, "--with", "community,district"
    )
    cells = small_city_cells()
    slots = Placing.build(list(cells), np.array(list(cells.values()))).place(*zip(*points, strict=True))
    expected = [list(cells)[slot] if slot >= 0 else "" for slot in slots]
    assert answers_of(out) == expected
    assert {"", "440101001002", "440101002002"} <= set(expected)
    assert answers_of(out, "community") == [code[:9] for code in expected]
    assert answers_of(out, "district") == [code[:6] for code in expected]
    assert f"Placed {len(expected) - expected.count('')} points, {expected.count('')} outside" in said
    if ending == ".parquet":
        assert read_table(out).drop_columns(["region_id", "community", "district"]).equals(read_table(path))
    else:
        given = rows_of(path)
        assert [{name: row[name] for name in given[0]} for row in rows_of(out)] == given
    assert beside(out) == []


def test_shifted_coordinates_are_placed(tmp_path: Path, command_line: CommandLine) -> None:
    """GCJ-02 understood; the coordinates stay as they came."""
    lon, lat = from_wgs84(*zip(at(0.1, 0.1), at(-1, -1), strict=True), parse_crs("GCJ-02"))
    path = write_csv(tmp_path / "p.csv", list(zip(lon.tolist(), lat.tolist(), strict=True)))
    command_line.run("place", write_regions(tmp_path), path, *WORDS, "--crs", "GCJ-02", "--out", tmp_path / "out.csv")
    assert answers_of(tmp_path / "out.csv") == ["440101001001", ""]
    assert answers_of(tmp_path / "out.csv", "lon") == answers_of(path, "lon")


def test_a_field_without_a_value_is_empty(tmp_path: Path, command_line: CommandLine) -> None:
    """Not the word None; in Parquet null."""
    points = [at(0.1, 0.1), at(1.1, 0.1)]
    regions = write_regions(tmp_path)
    for ending, expected in ((".csv", ["", "noted"]), (".parquet", [None, "noted"])):
        path, out = write_points(tmp_path / f"p{ending}", points), tmp_path / f"out{ending}"
        command_line.run("place", regions, path, *WORDS, "--with", "note", "--out", out)
        found = read_table(out).column("note").to_pylist() if ending == ".parquet" else answers_of(out, "note")
        assert found == expected


def test_bad_rows_of_a_csv_are_set_aside(tmp_path: Path, command_line: CommandLine) -> None:
    """Each with line, field and reason and as it came, in the order of lines; the good ones are all placed."""
    lon, lat = at(0.1, 0.1)
    lines = [
        "id,lon,lat",
        f"a,{lon},{lat}",
        f"b,{lon}",
        f"c,x,{lat}",
        f"d,{lon},",
        f"e,nan,{lat}",
        f"f,{lon},-inf",
        "",
        f"g,{lon},95",
        f'"h, ""quoted""",{lon},{lat}',
        f'"never closed,{lon},{lat}',
        f"i,{lon},{lat}",
    ]
    path, out = tmp_path / "p.csv", tmp_path / "out.csv"
    path.write_text("\n".join(lines))
    said = command_line.run("place", write_regions(tmp_path), path, *WORDS, "--out", out)
    assert "Placed 3 points, 0 outside every region, 0 on a border, rejected 7" in said
    assert "line 4, field lon: Not a coordinate: “x”." in said
    assert [row["id"] for row in rows_of(out)] == ["a", 'h, "quoted"', "i"]
    with (tmp_path / "out.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["line", "field", "reason", "id", "lon", "lat"]
    assert [tuple(row[:2]) for row in rows] == [
        ("3", ""),
        ("4", "lon"),
        ("5", "lat"),
        ("6", "lon"),
        ("7", "lat"),
        ("9", "lon"),
        ("11", ""),
    ]
    assert rows[1][3:] == ["c", "x", str(lat)]
    assert "within ±90" in rows[5][2]


def test_bad_rows_of_parquet_are_set_aside(tmp_path: Path, command_line: CommandLine) -> None:
    """Their number stands in place of the line, whichever row group they stand in; the good ones keep their types."""
    good = at(0.1, 0.1)
    points = [good] * 8 + [(None, 23.0), good, (float("nan"), 23.0), (113.0, float("inf")), (500.0, 23.0)]
    path, out, rejects = write_points(tmp_path / "p.parquet", points), tmp_path / "out.parquet", tmp_path / "bad.csv"
    said = command_line.run("place", write_regions(tmp_path), path, *WORDS, "--out", out, "--rejects", rejects)
    assert "Placed 9 points, 0 outside every region, 0 on a border, rejected 4" in said
    found = read_table(out)
    assert found.drop_columns(["region_id"]).equals(table_of(points).take([*range(8), 9]))
    assert [(row["line"], row["field"], row["id"]) for row in rows_of(rejects)] == [
        ("9", "lon", "8"),
        ("11", "lon", "10"),
        ("12", "lat", "11"),
        ("13", "lon", "12"),
    ]


def test_without_a_bad_row_there_is_no_rejects_file(tmp_path: Path, command_line: CommandLine) -> None:
    """Not even that of a run before; where every row is bad the command fails."""
    path, out, rejects = tmp_path / "p.csv", tmp_path / "out.csv.gz", tmp_path / "out.rejects.csv"
    words = ["place", write_regions(tmp_path), path, *WORDS, "--out", out]
    write_csv(path, [("x", "y")])
    said = command_line.run(*words, fails=True)
    assert str(rejects) in said
    assert rows_of(out) == []
    assert [row["what"] for row in rows_of(rejects)] == ["street, number"]
    write_csv(path, [at(-1, -1)])
    command_line.run(*words)
    assert not rejects.exists()


def test_no_points_are_no_fault(tmp_path: Path, command_line: CommandLine) -> None:
    """An empty file is placed: its columns, and no row."""
    regions = write_regions(tmp_path)
    for ending in (".csv", ".parquet"):
        path, out = write_points(tmp_path / f"p{ending}", []), tmp_path / f"out{ending}"
        assert "Placed 0 points" in command_line.run("place", regions, path, *WORDS, "--out", out)
        assert answers_of(out) == []


@pytest.mark.parametrize(
    ("points", "words", "expected"),
    [
        ("p.csv", ["--out", "out.parquet"], ["out.parquet", "p.csv", "one form"]),
        ("p.parquet", ["--out", "out.csv"], ["out.csv", "p.parquet", "one form"]),
        ("p.csv", ["--with", "what"], ["p.csv", "column what already"]),
        ("p.parquet", ["--with", "tags"], ["p.parquet", "column tags already"]),
        ("p.csv", ["--with", "district,district"], ["column district already"]),
        ("p.csv", ["--with", "city"], ["no field “city”", "community"]),
        ("p.csv", ["--lon", "x"], ["no field “x”"]),
        ("p.parquet", ["--lon", "x"], ["no field “x”"]),
        ("p.parquet", ["--lon", "tags"], ["field tags", "list"]),
        ("none.parquet", [], ["no such file"]),
        ("broken.parquet", [], ["Cannot be read"]),
        ("p.csv", ["--crs", "nonsense"], ["nonsense"]),
        ("p.csv", ["--rejects", "p.csv"], ["input itself"]),
        ("p.csv", ["--rejects", "out.csv"], ["the result"]),
        ("p.csv", ["--out", "p.csv"], ["p.csv", "one of the inputs"]),
        ("p.csv", ["--out", "grids.gpkg"], ["grids.gpkg", "one of the inputs"]),
        ("p.csv", ["--out", "folder.csv"], ["folder.csv"]),
        ("p.parquet", ["--out", "folder.parquet"], ["folder.parquet"]),
        ("p.csv", ["--out", "nowhere/out.csv"], ["nowhere"]),
        ("p.csv", ["--engine", "dask"], ["--scheduler"]),
        ("p.csv", ["--scheduler", "tcp://127.0.0.1:1"], ["--engine dask"]),
        ("p.csv", ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"], ["p.csv", "Parquet"]),
        ("p.parquet", ["--engine", "dask", "--scheduler", "x", "--rejects", "r.csv"], ["column fault"]),
    ],
)
def test_what_stops_placing_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: CommandLine,
    points: str,
    words: list[str],
    expected: list[str],
) -> None:
    """In the caller's language, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    write_points(tmp_path / "p.csv", [at(0.1, 0.1)])
    write_points(tmp_path / "p.parquet", [at(0.1, 0.1)])
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    for name in ("folder.csv", "folder.parquet"):
        (tmp_path / name).mkdir()
    regions = write_regions(tmp_path)
    given = ["place", regions.name, points, *WORDS, "--out", f"out{Path(points).suffix}", *words]
    before = sorted(tmp_path.iterdir())
    said = command_line.run(*given, fails=True)
    assert [part for part in expected if part not in said] == []
    chinese = command_line.run(*given, language="zh_CN.UTF-8", fails=True)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert sorted(tmp_path.iterdir()) == before


def test_points_that_are_all_elsewhere_are_remarked_on(tmp_path: Path, command_line: CommandLine) -> None:
    """The wrong coordinate system is a usual reason: the file is written, and the doubt is said."""
    path = write_points(tmp_path / "p.csv", [at(0.1, 0.1)])
    words = ["place", write_regions(tmp_path), path, *WORDS, "--out", tmp_path / "out.csv"]
    assert "exchanged" not in command_line.run(*words)
    assert "exchanged" in command_line.run(*words, "--crs", "EPSG:4547")


def test_parquet_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """The plain product needs neither pyarrow nor Dask."""
    path = write_points(tmp_path / "p.parquet", [at(0.1, 0.1)])
    words = ["place", write_regions(tmp_path), path, *WORDS, "--out", tmp_path / "out.parquet"]
    for room in ("brain.point_tables", "brain.point_partitions"):
        monkeypatch.delitem(sys.modules, room, raising=False)
    for package, more in (("pyarrow", []), ("dask", ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"])):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            said = command_line.run(*words, *more, fails=True)
        assert f"{package} is missing" in said
        assert "citybrain[dask]" in said


def test_the_plain_product_loads_neither(tmp_path: Path) -> None:
    """Nor does it spend the time: the command line does not import Dask, and CSV not even pyarrow's readers."""
    code = "import sys, brain.cli, brain.point_files; print({'dask', 'distributed', 'brain.point_tables'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def in_a_process(before: str, after: str, words: list[Any]) -> subprocess.CompletedProcess[str]:
    """`citybrain …` in a process of its own, with something done before and after."""
    code = "\n".join(
        (
            "import signal, sys",
            "signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background has it ignored",
            "from brain.cli import main",
            before,
            "try:",
            "    main()",
            "except SystemExit as end:",
            "    if end.code: raise",
            after,
        )
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )


@pytest.mark.parametrize(("ending", "end"), [(".csv", signal.SIGKILL), (".parquet", signal.SIGINT)])
def test_a_run_that_is_stopped_leaves_what_was_there(tmp_path: Path, ending: str, end: signal.Signals) -> None:
    """After its second part: no half result, no half rejects, however it ends; interrupted, nothing is left at all."""
    part = CHUNK if ending == ".csv" else ROWS
    points: list[tuple[Any, Any]] = [at(0.1, 0.1), (float("nan"), 23.0)] * part
    path, out = write_points(tmp_path / f"p{ending}", points), tmp_path / f"out{ending}"
    out.write_text("of a run before")
    die = (
        "import os; from brain.point_answers import Placed; count = Placed.count\n"
        "def counted(self, answers):\n"
        f"    count(self, answers); os.kill(os.getpid(), {int(end)}) if self.placed > {part // 2} else None\n"
        "Placed.count = counted"
    )
    done = in_a_process(die, "", ["place", write_regions(tmp_path), path, *WORDS, "--out", out])
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert out.read_text() == "of a run before"
    assert not (tmp_path / "out.rejects.csv").exists()
    if end is signal.SIGINT:
        assert beside(out) == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_memory_does_not_grow_with_the_points(tmp_path: Path, ending: str) -> None:
    """Ten times as many points and rejects, which held at once would take a hundred megabytes and more, need few."""
    regions = write_regions(tmp_path)
    peaks = []
    for parts in (2, 20):
        path, out = tmp_path / f"p{parts}{ending}", tmp_path / f"out{parts}{ending}"
        rows = parts * CHUNK
        random = np.random.default_rng(parts)
        places = random.uniform((112.99, 22.99), (113.05, 23.05), (rows, 2))
        places[::8, 1] = 95
        table = pa.table({"lon": places[:, 0], "lat": places[:, 1], "text": ["x" * 100] * rows})
        if ending == ".parquet":
            noise = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(400), rows, [None, pa.py_buffer(random.bytes(400 * rows))]
            )
            pq.write_table(table.append_column("noise", noise), path, row_group_size=CHUNK)
        else:
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([table.column_names, *zip(*table.to_pydict().values(), strict=True)])
        peak = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
        smaller = f"import brain.point_tables; brain.point_tables.ROWS = {CHUNK}"
        done = in_a_process(smaller, peak, ["place", regions, path, *WORDS, "--out", out])
        assert f"rejected {rows // 8};" in done.stdout, done.stderr
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 60, peaks
