"""What people get wrong at the command line: each answered by a sentence, nothing lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.journeys.test_command_line import IMPORT, feature, write_city
from tests.worlds import at, cell


def test_mended_rejects_go_in_and_nothing_is_lost_on_the_way(command_line: CommandLine, tmp_path: Path) -> None:
    """The rejects file, mended, is itself a file to import; it is never overwritten by its own import."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    lon, lat = at(0.1, 0.1)
    path, rejects = tmp_path / "hot.csv", tmp_path / "hot.rejects.csv"
    path.write_text(f"lon,lat,what\n{lon},{lat},a\nx,{lat},b\n{lon},{lat},\n")
    words = ["--lon", "lon", "--lat", "lat", "--crs", "EPSG:4326", "--map", "category=what"]
    assert "Added 1, known already 0, rejected 2" in command_line.run("import", "incidents", path, *words)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [tuple(row[1:3]) for row in rows[1:]] == [
        ("lon", "Not a coordinate: “x”."),
        ("what", "This field is missing."),
    ]
    with rejects.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], [*rows[1][:3], lon, lat, "b"], [*rows[2][:3], lon, lat, "c"]])
    mended = rejects.read_bytes()
    refused = command_line.run("import", "incidents", rejects, *words, "--rejects", rejects, fails=True)
    assert "input itself" in refused
    assert "Added 2, known already 0, rejected 0" in command_line.run("import", "incidents", rejects, *words)
    assert rejects.read_bytes() == mended


def test_rows_without_ids_are_known_by_their_content(command_line: CommandLine, tmp_path: Path) -> None:
    """The same row is the same report in whichever file and on whichever line; equal rows in one file are several."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    lon, lat = at(0.1, 0.1)
    words = ["--lon", "lon", "--lat", "lat", "--crs", "EPSG:4326", "--map", "category=what", "--source", "hot line"]
    for month, rows, expected in (
        ("may", ["a", "b", "b"], "Added 3, known already 0"),
        ("june", ["new", "a", "c"], "Added 2, known already 1"),
        ("may", ["a", "b", "b"], "Added 0, known already 3"),
    ):
        path = tmp_path / month / "hot.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("lon,lat,what\n" + "".join(f"{lon},{lat},{what}\n" for what in rows))
        assert expected in command_line.run("import", "incidents", path, *words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["export", "regions", "nowhere/out.gpkg"], "nowhere"),
        (["export", "regions", "out.zip"], ".gpkg"),
        (["import", "incidents", "x.csv", "--encoding", "hex"], "hex"),
        (["import", "incidents", "x.csv", "--encoding", "bogus"], "bogus"),
        (["import", "incidents", "x.csv", "--time-zone", "Foo/Bar"], "Foo/Bar"),
        (["import", "incidents", "nul.csv"], "rejected 1"),
    ],
)
def test_everyday_mistakes_are_sentences(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], expected: str
) -> None:
    """No traceback for a folder that is not there, an encoding that is none, a NUL in a cell."""
    monkeypatch.chdir(tmp_path)
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    lon, lat = at(0.1, 0.1)
    for name, what in (("x.csv", "a"), ("nul.csv", "a\0b")):
        (tmp_path / name).write_text(f"lon,lat,what\n{lon},{lat},{what}\n")
    if words[0] == "import":
        words = [*words, "--lon", "lon", "--lat", "lat", "--crs", "EPSG:4326", "--map", "category=what"]
    said = command_line.run(*words, fails=True)
    assert expected in said


def test_a_wrong_setting_is_named(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that the person set."""
    monkeypatch.setenv("CITYBRAIN_FAR_M", "abc")
    assert "CITYBRAIN_FAR_M" in command_line.run("doctor", fails=True)


def test_place_refuses_regions_that_share_an_id(tmp_path: Path, command_line: CommandLine) -> None:
    """A file with two tiers under one field would answer at random."""
    regions, points = tmp_path / "r.geojsonl", tmp_path / "p.csv"
    regions.write_text("\n".join([feature("1", cell(0, 0)), feature("1", cell(1, 0))]))
    points.write_text("lon,lat\n113.001,23.001\n")
    words = ["--region-id", "code", "--lon", "lon", "--lat", "lat", "--crs", "4326", "--out", tmp_path / "o.csv"]
    assert "line 2" in command_line.run("place", regions, points, *words, fails=True)
