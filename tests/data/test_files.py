"""Files in and out: every format there and back to the last bit, every fault named with its place."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import csv_files, packed
from data.csv_files import CsvFile, write_rows
from data.errors import BadInput, TooLarge
from data.files import read_features, write_features
from data.replacing import replaced

SQUARE = shapely.multipolygons([shapely.box(113.1234567890123, 23.0, 113.2, 23.1)])


def a_feature(code: Any = "1", geometry: Any = None) -> dict[str, Any]:
    """One GeoJSON feature."""
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry or shapely.geometry.mapping(SQUARE)}


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl", ".gpkg", ".shp", ".fgb"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4547"])
def test_every_format_there_and_back(tmp_path: Path, ending: str, crs: str) -> None:
    """Geometry to the last bit, Chinese names, empty values and the CRS survive."""
    path = tmp_path / f"x{ending}"
    columns: dict[str, list[str | None]] = {"code": ["440604", "2"], "name": ["禅城区", None]}
    if ending.startswith(".geojson") and crs == "EPSG:4547":
        with pytest.raises(BadInput) as refused:
            write_features(path, np.array([SQUARE, SQUARE]), columns, crs)
        assert refused.value.key == "file.geojson_crs"
        assert not path.exists()
        return
    write_features(path, np.array([SQUARE, SQUARE]), columns, crs)
    found = read_features(path)
    expected = shapely.normalize(shapely.get_parts(np.array([SQUARE, SQUARE])))
    assert shapely.equals_exact(shapely.normalize(shapely.get_parts(found.geoms)), expected).all()
    assert found.column("code") == ["440604", "2"]
    assert [name or None for name in found.column("name")] == ["禅城区", None]
    if not ending.startswith(".geojson"):
        assert found.crs is not None
        assert crs.removeprefix("EPSG:") in found.crs


def test_packed_and_plain_are_the_same(tmp_path: Path) -> None:
    """`.geojsonl.gz` is read as `.geojsonl`, with the lines of its features, blank ones skipped."""
    text = json.dumps(a_feature("a")) + "\n\n" + json.dumps(a_feature("b")) + "\n"
    (tmp_path / "x.geojsonl").write_text(text)
    (tmp_path / "x.geojsonl.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed_file = read_features(tmp_path / "x.geojsonl"), read_features(tmp_path / "x.geojsonl.gz")
    assert plain.column("code") == packed_file.column("code") == ["a", "b"]
    assert [place.line for place in plain.places] == [place.line for place in packed_file.places] == [1, 3]


def test_codes_stay_text(tmp_path: Path) -> None:
    """Numbers in a file become digits, however long, without a point or an exponent."""
    (tmp_path / "x.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [a_feature(440604012061001001), a_feature(7)]})
    )
    assert read_features(tmp_path / "x.geojson").column("code") == ["440604012061001001", "7"]
    (tmp_path / "y.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [a_feature(440604.0), a_feature(None)]})
    )
    assert read_features(tmp_path / "y.geojson").column("code") == ["440604", None]


GOOD_LINE = json.dumps(a_feature()).encode() + b"\n"
WRONG: dict[str, tuple[bytes | None, str]] = {
    "missing.geojson": (None, "file.missing"),
    "x.docx": (b"PK", "file.format"),
    "broken.geojson": (b'{"type": "FeatureCollection", "features": [', "file.unreadable"),
    "line.geojsonl": (GOOD_LINE + b'{"type": "Feature", "geome\n' + GOOD_LINE, "file.not_a_feature"),
    "list.geojsonl": (b"[1, 2]\n", "file.not_a_feature"),
    "cut.geojsonl.gz": (gzip.compress(GOOD_LINE * 2000)[:-40], "file.truncated"),
    "plain.geojsonl.gz": (GOOD_LINE, "file.not_gzip"),
    "not.zip": (b"nothing of the kind", "file.not_zip"),
    "empty.gpkg": (b"", "file.not_of_format"),
    "text.shp": (b"hello", "file.not_of_format"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_file_is_named(tmp_path: Path, name: str) -> None:
    """Each with its own reason, the file's name, and the line where there is one."""
    content, key = WRONG[name]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read_features(path)
    assert refused.value.key == key
    assert refused.value.where.file == str(path)
    if name == "line.geojsonl":
        assert refused.value.where.line == 2


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gzip and zip alike, by ratio and by size."""
    monkeypatch.setattr(packed, "RATIO_FREE", 2**20)
    bomb = tmp_path / "x.geojsonl.gz"
    bomb.write_bytes(gzip.compress(b" " * 2**24))
    with pytest.raises(TooLarge):
        read_features(bomb)
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.shp", b"\0" * 2**24)
    with pytest.raises(TooLarge):
        read_features(archive)


def test_an_unknown_field_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """The person sees what to write instead."""
    (tmp_path / "x.geojsonl").write_text(json.dumps(a_feature()) + "\n")
    with pytest.raises(BadInput) as refused:
        read_features(tmp_path / "x.geojsonl").column("kode")
    assert refused.value.values == {"field": "kode", "fields": "code"}
    assert "kode" in refused.value.said("zh")


def test_an_unreadable_geometry_is_none_and_its_neighbours_are_read(tmp_path: Path) -> None:
    """The one who imports decides what that means; here nothing is dropped."""
    null = {"type": "Feature", "properties": {"code": "b"}, "geometry": None}
    (tmp_path / "x.geojsonl").write_text("\n".join(map(json.dumps, [a_feature("a"), null, a_feature("c")])))
    found = read_features(tmp_path / "x.geojsonl")
    assert [geom is None for geom in found.geoms] == [False, True, False]
    assert found.column("code") == ["a", "b", "c"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(st.text('a,b"\n中文 1', max_size=8), min_size=3, max_size=3), min_size=1, max_size=20),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    is_packed=st.booleans(),
)
def test_csv_of_any_office_is_read_back(tmp_path: Path, rows: list[list[str]], encoding: str, is_packed: bool) -> None:
    """Quotes, commas, line breaks within a cell; UTF-8 with or without mark, GBK; packed or not."""

    text = io.StringIO(newline="")
    csv.writer(text).writerows([["一", "二", "三"], *rows])
    content = text.getvalue().encode(encoding)
    path = tmp_path / ("x.csv.gz" if is_packed else "x.csv")
    path.write_bytes(gzip.compress(content) if is_packed else content)
    file = CsvFile(path)
    found = list(file.rows())
    assert file.fields == ["一", "二", "三"]
    assert [row.cells for row in found] == [[cell.replace("\r\n", "\n") for cell in row] for row in rows]


def test_csv_rows_know_their_line(tmp_path: Path) -> None:
    """A cell with a line break makes its row longer, and the next one begins further down."""
    (tmp_path / "x.csv").write_text('a,b\n1,2\n"x\ny",3\n4\n5,6,7\n8,9\n', "utf-8")
    found = list(CsvFile(tmp_path / "x.csv").rows())
    assert [row.line for row in found] == [2, 3, 5, 6, 7]
    assert [row.fault and row.fault.key for row in found] == [None, None, "file.columns", "file.columns", None]
    assert found[3].cells == ["5", "6", "7"]


CELLS = st.text(st.sampled_from('ab中 ,"\r\n'), max_size=4)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=12), at_once=st.integers(1, 5))
def test_rows_read_many_at_a_time_are_those_read_one_by_one(rows: list[list[str]], at_once: int) -> None:
    """With quotes or without, wherever the first stands: the same rows, lines and faults as with the care quotes need."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([["a", "b", "c"], *rows])
        file = CsvFile(path)
        with mock.patch.object(csv, "field_size_limit", return_value=0):
            careful = list(file.rows())
        with mock.patch.object(csv_files, "_LINES_AT_ONCE", at_once):
            found = list(file.rows())
    assert [(row.line, row.cells, str(row.fault)) for row in found] == [
        (row.line, row.cells, str(row.fault)) for row in careful
    ]


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8))
def test_rows_are_written_as_the_csv_module_writes_them(rows: list[list[str]]) -> None:
    """Whether it is the quick way or the other."""
    ours, theirs = io.StringIO(newline=""), io.StringIO(newline="")
    write_rows(ours, rows)
    csv.writer(theirs).writerows(rows)
    assert ours.getvalue() == theirs.getvalue()


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_a_file_replaces_another_when_it_is_whole(tmp_path: Path, name: str) -> None:
    """Before that, and if its writing fails, the other stays; a folder is not replaced."""
    path = tmp_path / name
    with replaced(path) as file:
        file.write("old")
    with replaced(path) as file:
        file.write("new")
        assert packed_text(path) == "old"
    assert packed_text(path) == "new"
    with pytest.raises(TypeError), replaced(path) as file:
        file.writelines(["half", None])  # type: ignore[list-item]
    assert packed_text(path) == "new"
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError), replaced(tmp_path / "folder"):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([path, tmp_path / "folder"])


def packed_text(path: Path) -> str:
    """The text of a file that may be packed."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"", "file.empty"), (b"a,a\n1,2\n", "file.repeated_field"), (b"a,b\n\xff\xff\xff,1\n", "file.encoding")],
)
def test_a_wrong_csv_is_named(tmp_path: Path, content: bytes, key: str) -> None:
    """Before a row of it is used."""
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(BadInput) as refused:
        CsvFile(tmp_path / "x.csv")
    assert refused.value.key == key


def test_a_csv_cut_off_in_the_middle_is_named(tmp_path: Path) -> None:
    """Not taken for the end of the file."""
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)[:-30])
    with pytest.raises(BadInput) as refused:
        list(CsvFile(tmp_path / "x.csv.gz").rows())
    assert refused.value.key == "file.truncated"


def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    """Its own line is faulty; every line after it is read."""
    lines = ["a,b,c"] + [f"{n},x,y" for n in range(2, 200)]
    lines[2] = '3,"x,y'
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", "utf-8")
    found = list(CsvFile(tmp_path / "x.csv").rows())
    faults = [row for row in found if row.fault is not None]
    assert [(row.line, row.fault and row.fault.key, row.cells) for row in faults] == [(3, "file.quote", ['3,"x,y'])]
    assert [row.values["a"] for row in found if row.fault is None] == [str(n) for n in range(2, 200) if n != 3]
    assert [row.line for row in found] == list(range(2, 200))


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"a.shp": b"<OGRVRTDataSource/>"}, "file.not_of_format"),
        ({"a.vrt": b"<OGRVRTDataSource/>"}, "file.one_shapefile"),
        ({"a.shp": b"", "b.shp": b""}, "file.one_shapefile"),
    ],
)
def test_a_zip_holds_one_shapefile_and_no_pointer(tmp_path: Path, members: dict[str, bytes], key: str) -> None:
    """GDAL would follow instructions to other files of the machine, whatever the name of the file that gives them."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(BadInput) as refused:
        read_features(path)
    assert refused.value.key == key


@pytest.mark.parametrize("name", ["x.geojson", "x.geojsonl", "x.gpkg", "x.fgb", "x.shp"])
@pytest.mark.parametrize(
    "content", ["<OGRVRTDataSource><OGRVRTLayer name='p'/></OGRVRTDataSource>", '{"type": "gdal_streamed_alg"}']
)
def test_a_pointer_to_another_file_is_followed_under_no_name(tmp_path: Path, name: str, content: str) -> None:
    """Nothing is read but what was given."""
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput):
        read_features(tmp_path / name)
