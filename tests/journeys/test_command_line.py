"""Importing, exporting, placing as a person types it: what goes in comes out, what is wrong is named."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from data.files import read_features, write_features
from layers.crs import from_wgs84, geometries_from_wgs84, parse_crs
from tests.command_line import CommandLine
from tests.serving import serving
from tests.worlds import at, cell, nested, small_city_cells


def write_city(folder: Path, ending: str = ".gpkg", crs: str = "EPSG:4326") -> list[Path]:
    """The small city as one file a tier, in a CRS."""
    files = []
    regions = nested(small_city_cells())
    for layer, names, parents in zip(regions.layers, regions.names, regions.parents, strict=True):
        path = folder / f"{layer.tier}{ending}"
        geoms = geometries_from_wgs84(np.asarray(layer.geoms), parse_crs(crs))
        columns: dict[str, list[str | None]] = {"code": list(layer.codes), "name": list(names), "up": list(parents)}
        write_features(path, geoms, columns, crs if crs.startswith("EPSG") else "EPSG:4326")
        files.append(path)
    return files


IMPORT = ("--tier", "city,district,community,grid", "--code", "code", "--name", "name")


@pytest.mark.parametrize(
    ("ending", "crs"), [(".gpkg", "EPSG:4547"), (".shp", "EPSG:4490"), (".fgb", "EPSG:4326"), (".geojsonl", "GCJ-02")]
)
@pytest.mark.parametrize("parent", ["up", ""])
def test_a_city_goes_in_and_comes_out_the_same(
    command_line: CommandLine, tmp_path: Path, ending: str, crs: str, parent: str
) -> None:
    """Any format, any CRS, parents by field or by shape; exported and imported again, nothing has changed."""
    files = write_city(tmp_path, ending, crs)
    words = ["import", "regions", *files, *IMPORT, "--commit"]
    words += ["--crs", crs] if crs == "GCJ-02" else []
    words += ["--parent", f",{parent},{parent},{parent}"] if parent else []
    assert "15 added" in command_line.run(*words)
    out = tmp_path / "out.gpkg"
    assert "15" in command_line.run("export", "regions", out)
    found = read_features(out)
    expected = nested(small_city_cells())
    by_code = dict(
        zip(
            found.column("code"),
            zip(found.column("parent"), found.column("tier"), found.geoms, strict=True),
            strict=True,
        )
    )
    for layer, parents in zip(expected.layers, expected.parents, strict=True):
        for code, above, geom in zip(layer.codes, parents, layer.geoms, strict=True):
            assert by_code[code][:2] == (above, layer.tier)
            assert shapely.hausdorff_distance(by_code[code][2], geom) < 2e-9
    again = command_line.run(
        "import",
        "regions",
        out,
        "--tier-field",
        "tier",
        "--code",
        "code",
        "--name",
        "name",
        "--parent",
        "parent",
        "--commit",
    )
    assert "0 added, 0 changed, 15 unchanged, 0 ended" in again


def test_export_in_another_crs(command_line: CommandLine, tmp_path: Path) -> None:
    """Metres in the city's own zone; a format that cannot say so is refused, naming those that can."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    command_line.run("export", "regions", tmp_path / "out.shp", "--crs", "EPSG:4547", "--tier", "grid")
    found = read_features(tmp_path / "out.shp")
    x, y = from_wgs84([113.0], [23.0], parse_crs("EPSG:4547"))
    west, south, _, _ = shapely.total_bounds(found.geoms)
    assert (west, south) == (pytest.approx(float(x[0]), abs=50), pytest.approx(float(y[0]), abs=50))
    assert len(found.geoms) == 9
    assert ".gpkg" in command_line.run("export", "regions", tmp_path / "out.geojson", "--crs", "4547", fails=True)


def test_an_export_in_gcj02_does_not_say_it_is_wgs84(command_line: CommandLine, tmp_path: Path) -> None:
    """Nobody reads it 600 m off without being asked: formats that always mean WGS 84 are refused, others say nothing."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    assert ".gpkg" in command_line.run("export", "regions", tmp_path / "o.geojson", "--crs", "GCJ-02", fails=True)
    for ending in (".gpkg", ".shp", ".fgb"):
        out = tmp_path / f"gcj{ending}"
        command_line.run("export", "regions", out, "--crs", "GCJ-02")
        again = [
            "import",
            "regions",
            out,
            "--tier-field",
            "tier",
            "--code",
            "code",
            "--name",
            "name",
            "--parent",
            "parent",
        ]
        assert "--crs" in command_line.run(*again, fails=True)
        assert "0 added" in command_line.run(*again, "--crs", "GCJ-02")


def feature(code: Any, geom: Any, **properties: Any) -> str:
    """One line of a GeoJSON sequence."""
    return json.dumps(
        {
            "type": "Feature",
            "properties": {"code": code, **properties},
            "geometry": shapely.geometry.mapping(geom) if geom else None,
        }
    )


BOW_TIE = shapely.Polygon([(113, 23), (113.01, 23.01), (113.01, 23), (113, 23.01)])


@pytest.mark.parametrize(
    ("lines", "words", "expected"),
    [
        ([feature("1", cell(0, 0)), feature("1", cell(1, 0))], [], ["line 2", "code 1 is repeated"]),
        ([feature("1", cell(0, 0)), feature(None, cell(1, 0))], [], ["line 2", "no code"]),
        ([feature("1", cell(0, 0)), feature("2", None)], [], ["line 2"]),
        ([feature("1", cell(0, 0)), feature("2", shapely.Point(113, 23))], [], ["line 2"]),
        ([feature("1", cell(0, 0)), '{"type":"Feature","geom'], [], ["line 2", "not a GeoJSON feature"]),
        ([feature("1", cell(0, 0), up="9")], ["--parent", "up"], ["line 1", "parent 9", "missing"]),
        (
            [feature("1", cell(0, 0), up="2"), feature("2", cell(1, 0), up="1")],
            ["--parent", "up"],
            ["parent 2", "parent 1"],
        ),
        ([feature("1", cell(0, 0))], ["--code", "kode"], ["no field “kode”", "code"]),
        ([feature("1", cell(0, 0))], ["--tier", "street"], ["no tier “street”", "micro_grid"]),
        ([feature("1", cell(0, 0))], ["--crs", "EPSG:99999"], ["EPSG:99999"]),
        (
            [feature("1", shapely.box(500000, 2500000, 500100, 2500100))],
            [],
            ["line 1", "outside longitude and latitude"],
        ),
    ],
)
def test_what_blocks_an_import_is_named_and_nothing_goes_in(
    command_line: CommandLine, tmp_path: Path, lines: list[str], words: list[str], expected: list[str]
) -> None:
    """File, line, field; in the caller's language; no traceback; no half import."""
    path = tmp_path / "x.geojsonl"
    path.write_text("\n".join(lines))
    given = ["import", "regions", str(path), "--tier", "grid", "--code", "code", "--commit", *words]
    said = command_line.run(*given, fails=True)
    assert str(path) in said or "EPSG" in said or "tier" in said
    for part in expected:
        assert part in said
    chinese = command_line.run(*given, language="zh_CN.UTF-8", fails=True)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    assert (
        "nothing" in command_line.run("export", "regions", tmp_path / "out.gpkg", fails=True).lower()
        or not (tmp_path / "out.gpkg").exists()
    )


def test_faults_that_real_data_have_are_reported_and_do_not_block(command_line: CommandLine, tmp_path: Path) -> None:
    """A bow-tie repaired, an overlap, a gap, a protrusion: listed with area and place, as JSON and as a page."""
    cells = {
        "440101001001": BOW_TIE,
        "440101001002": cell(0.9, 0, 1.1),
        "440101001003": cell(2, 0, 1.2),
        "440101001004": cell(0, 1, 3).difference(cell(1, 1.4, 0.2, 0.2)),
    }
    grids = tmp_path / "grids.geojsonl"
    grids.write_text("\n".join(feature(code, geom, up="440101") for code, geom in cells.items()))
    district = tmp_path / "district.geojsonl"
    district.write_text(feature("440101", cell(0, 0, 3, 2)))
    words = ["import", "regions", district, grids, "--tier", "district,grid", "--code", "code", "--parent", ",up"]
    said = command_line.run(*words, "--report", tmp_path / "r.json", "--page", tmp_path / "r.html")
    report = json.loads((tmp_path / "r.json").read_text("utf-8"))
    kinds = {(fault["kind"], fault["tier"]) for fault in report["faults"]}
    assert kinds == {("invalid_ring", "grid"), ("overlap", "grid"), ("gap", "grid"), ("protrusion", "grid")}
    hole = [fault for fault in report["faults"] if fault["kind"] == "gap" and fault["area_m2"] < 100_000]
    assert [(round(fault["lon"], 3), round(fault["lat"], 3)) for fault in hole] == [(113.011, 23.015)]
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "440101001003" in page
    assert 'src="http' not in page
    assert "nothing written" in said
    assert "not imported" in command_line.run(*words, "--commit", "--strict", fails=True)
    assert "5 added" in command_line.run(*words, "--commit")


def test_incidents_from_an_offices_file(command_line: CommandLine, tmp_path: Path) -> None:
    """GBK, packed, times without zone, bad rows in between: the good go in, the bad lie beside with their reasons."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    lon, lat = at(0.1, 0.1)
    rows = [
        ["编号", "经度", "纬度", "类别", "日期", "时刻", "地点"],
        ["1", lon, lat, "01001", "2026-11-01", "08:30", "文昌路1号"],
        ["2", "东经113度", lat, "01001", "2026-11-01", "08:30", ""],
        ["3", lon, lat, "99999", "2026-11-01", "08:30", ""],
        ["4", lon, lat, "01001", "昨天", "", ""],
        ["5", *at(9, 9), "01002", "2026-11-01", "08:30", ""],
        ["6", lon, lat, "01001"],
        ["1", lon, lat, "01001", "2026-11-01", "09:30", "again"],
    ]
    path = tmp_path / "案件.csv.gz"
    with gzip.open(path, "wt", encoding="gbk", newline="") as file:
        csv.writer(file).writerows(rows)
    rejects = tmp_path / "rejects.csv"
    words = [
        "import",
        "incidents",
        path,
        "--lon",
        "经度",
        "--lat",
        "纬度",
        "--crs",
        "EPSG:4326",
        "--id",
        "编号",
        "--taxonomy",
        "gbt47678.5-2026-matters",
        "--map",
        "category=类别",
        "--map",
        "occurred_at=日期+时刻",
        "--map",
        "place=地点",
        "--time-format",
        "%Y-%m-%d %H:%M",
        "--rejects",
        rejects,
    ]
    said = command_line.run(*words)
    assert "Added 2, known already 1, rejected 4; unassigned 1" in said
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        found = [(row["line"], row["field"]) for row in csv.DictReader(file)]
    assert found == [("3", "经度"), ("4", "类别"), ("5", "日期+时刻"), ("7", "")]
    assert "Added 0, known already 3, rejected 4" in command_line.run(*words)


def test_swapped_columns_are_asked_about(command_line: CommandLine, tmp_path: Path) -> None:
    """Where nobody can answer, the import stops and says what to do; nothing has gone in."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    path = tmp_path / "x.csv"
    path.write_text("lon,lat\n" + "".join(f"{23 + n / 1000},113.005\n" for n in range(5)))
    words = ["import", "incidents", str(path), "--crs", "EPSG:4326", "--category", "x"]
    said = command_line.run(*words, "--lon", "lon", "--lat", "lat", fails=True)
    assert "look swapped" in said
    assert "--axes-confirmed" in said
    assert "Added 5" in command_line.run(*words, "--lon", "lat", "--lat", "lon")


def test_accounts_at_the_command_line(command_line: CommandLine, tmp_path: Path) -> None:
    """Added with a role and a region; what does not fit is said."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    words = ["accounts", "add", "wang", "--name", "王敏", "--password", "long enough"]
    assert "wang" in command_line.run(*words, "--role", "staff", "--region", "440101")
    assert "taken" in command_line.run(*words, "--role", "staff", fails=True)
    assert "no role" in command_line.run(
        "accounts", "add", "li", "--name", "李", "--password", "long enough", "--role", "king", fails=True
    )
    assert "at least 10" in command_line.run(
        "accounts", "add", "li", "--name", "李", "--password", "short", "--role", "staff", fails=True
    )
    assert "no region" in command_line.run(
        "accounts",
        "add",
        "li",
        "--name",
        "李",
        "--password",
        "long enough",
        "--role",
        "staff",
        "--region",
        "x",
        fails=True,
    )
    assert "wang" in command_line.run("accounts", "password", "wang", "--new", "even longer")


def test_tokens_at_the_command_line(command_line: CommandLine, tmp_path: Path) -> None:
    """Shown once when made, listed without it, worth nothing once revoked; beyond the account's rights none is made."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    words = ["accounts", "add", "hotline", "--name", "12345", "--password", "long enough"]
    command_line.run(*words, "--role", "dispatcher", "--region", "440101")
    making = ["tokens", "add", "hotline", "--name", "12345 system", "--right"]
    assert "keep_accounts" in command_line.run(*making, "keep_accounts", fails=True)
    said = command_line.run(*making, "report_incidents", "--region", "440101001", "--days", "30")
    token = re.search(r"cb_\S+", said)
    assert token
    listed = command_line.run("tokens", "list", "hotline")
    assert "12345 system" in listed
    assert token[0] not in listed
    with serving(command_line.settings) as served:
        client = served.client()
        client.headers["authorization"] = f"Bearer {token[0]}"
        assert client.get("/api/session").json()["rights"] == ["report_incidents"]
        command_line.run("tokens", "revoke", listed.split()[0])
        assert client.get("/api/session").status_code == 401
    assert command_line.run("tokens", "list", "hotline") == ""


def test_doctor_says_what_is_missing(command_line: CommandLine, tmp_path: Path) -> None:
    """And how to mend it; all well: exit 0."""
    broken = CommandLine(
        command_line.settings.model_copy(
            update={"database_url": None, "app_database_url": None, "home": tmp_path / "nothing"}
        )
    )
    fresh = broken.run("doctor")
    assert fresh.count("✓") == 3
    (tmp_path / "nothing" / "secret").write_text("damaged")
    assert "secret" in broken.run("doctor", fails=True)


def test_aliases_stand_for_regions(command_line: CommandLine, tmp_path: Path) -> None:
    """A zone over two communities, in GBK; a code that is not there stops all of it, with its line."""
    command_line.run("import", "regions", *write_city(tmp_path), *IMPORT, "--commit")
    path = tmp_path / "zones.csv"
    words = ["import", "aliases", path, "--alias", "别名", "--code", "编码"]
    path.write_text("别名,编码\n高新区,440101001\n高新区,999\n", "gbk")
    said = command_line.run(*words, fails=True)
    assert "line 3" in said
    assert "999" in said
    path.write_text("别名,编码\n高新区,440101001\n高新区,440102001\n", "gbk")
    for _ in range(2):
        assert "2" in command_line.run(*words)
    with serving(command_line.settings) as served:
        client = served.sign_in("staff", "440101")
        found = client.get("/api/regions/main", params={"alias": "高新区"}).json()["items"]
        assert [region["code"] for region in found] == ["440101001", "440102001"]
        assert client.get("/api/regions/main", params={"alias": "无"}).json()["items"] == []
