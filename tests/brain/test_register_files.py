"""What files of registers hold: faults row by row, spreadsheets, shapes, headings, and files that are none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import psycopg
import pyogrio
import pytest
import shapely

from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.registers import RegisterFile, bring
from data.errors import BadInput
from tests.registers import (
    BUILDINGS,
    FIRMS,
    MAN,
    PERSONS,
    add_people,
    as_csv,
    as_geojson,
    as_xlsx,
    asked,
    brought,
    building,
    firm,
    keys_of,
)
from tests.worlds import at, cell

pytestmark = pytest.mark.anyio


async def test_every_fault_of_a_row_is_told_with_its_column(city: Context, tmp_path: Path) -> None:
    """Line, column and reason, in the rejects file and in the answer; the good rows are taken all the same."""
    bad = [
        ["1", "和兴路5号", "", "宫殿", "很高", *building("1", 0.2, 0.2)[5:]],
        ["", "和兴路5号", "", "住宅", "6", *building("1", 0.2, 0.2)[5:]],
        ["3", "和兴路5号", "", "住宅", "6", "abc", "23.002"],
        ["4", "和兴路5号", "", "住宅", "6", "23.002", "113.002"],
        ["5", "和兴路5号", "", "住宅", "6", "120.5", "30.5"],
        building("6", 0.2, 0.2),
        building("6", 0.2, 0.2),
    ]
    rejects = tmp_path / "no.csv"
    file = as_csv(tmp_path / "b.csv", BUILDINGS, bad, encoding="gb18030")
    outcome = await brought(city, SYSTEM_ACTOR, "building", file, rejects=rejects, language="en")
    said = [(fault.where.line, fault.where.field, fault.key.partition(".")[2]) for fault in outcome.faults]
    assert said == [
        (2, "用途", "no_such_word"),
        (2, "层数", "not_a_count"),
        (3, "楼栋编号", "empty"),
        (4, "经度", "not_a_number"),
        (5, "经度", "swapped"),
        (6, "经度", "outside_city"),
        (8, "楼栋编号", "repeated_key"),
    ]
    assert (outcome.new, outcome.rejected) == (1, 6)
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == "line,field,reason," + ",".join(BUILDINGS)
    assert len(lines) == 8
    assert lines[1].startswith("2,用途,")


async def test_identity_numbers_are_checked_and_masked_ones_refused(city: Context, tmp_path: Path) -> None:
    """And no reason repeats what it refuses."""
    await add_people(city, tmp_path)
    wrong = f"{MAN[:-1]}{(int(MAN[-1]) + 1) % 10}"
    rows = [["P8", "甲", wrong, "12345", "", "H1"], ["P9", "乙", "4401**********1234", "138****1234", "", "H1"]]
    outcome = await brought(city, SYSTEM_ACTOR, "person", as_csv(tmp_path / "p.csv", PERSONS, rows))
    assert keys_of(outcome) == ["register.identity_check", "register.masked", "register.masked"]
    assert not any(wrong in fault.said("zh") for fault in outcome.faults)


async def test_a_spreadsheet_with_dates_formulas_and_long_numbers(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """A date is a date, a number without its last digits is refused, as text it is whole."""
    x, y = at(0.2, 0.2)
    rows = [
        ["91440101MA5XXXXX0A", "甲", "餐饮", 13800001234, 7, datetime(2020, 2, 2), x, y],  # noqa: DTZ001
        ["440101199001011233", "乙", "餐饮", "13800001234", 7.0, "2020年2月2日", x, y],
        [440101199001011233, "丙", "餐饮", "", None, None, x, y],
        ["D", "=1+1", "餐饮", "", None, None, x, y],
    ]
    outcome = await brought(city, SYSTEM_ACTOR, "enterprise", as_xlsx(tmp_path / "f.xlsx", FIRMS, rows))
    assert keys_of(outcome) == ["register.lost_digits", "register.empty"]
    assert outcome.faults[0].where.line == 4
    found = "select e.source_key, c.field, c.value from closed_field c join register_entry e using (record_id) order by 1, 2"
    assert asked(owner, found) == [
        ("440101199001011233", "employees", "7"),
        ("440101199001011233", "founded_on", "2020-02-02"),
        ("91440101MA5XXXXX0A", "employees", "7"),
        ("91440101MA5XXXXX0A", "founded_on", "2020-02-02"),
    ]


async def test_shapes_come_from_vector_files(city: Context, owner: psycopg.Connection, tmp_path: Path) -> None:
    """A building's polygon is kept, its entrance lies in it; two polygons are none."""
    square, far = cell(0.3, 0.3, 0.02, 0.02), cell(0.6, 0.1, 0.02, 0.02)
    attributes = [["B1", "和兴路5号", "1栋", "住宅", 6], ["B2", "和兴路6号", "", "商业", 3]]
    shapes = [square, shapely.union_all([square, far])]
    file = as_geojson(tmp_path / "b.geojson", BUILDINGS[:5], list(zip(attributes, shapes, strict=True)))
    outcome = await brought(city, SYSTEM_ACTOR, "building", file)
    assert (outcome.new, keys_of(outcome)) == (1, ["register.not_a_polygon"])
    held = "select st_area(geom) > 0 and st_contains(geom, entrance) from building"
    assert asked(owner, held) == [(True,)]
    packed = tmp_path / "b.gpkg"
    pyogrio.raw.write(
        packed,
        geometry=shapely.to_wkb([square]),
        field_data=[np.array([str(value)], dtype=object) for value in attributes[0]],
        fields=BUILDINGS[:5],
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4490",
    )
    again = await brought(city, SYSTEM_ACTOR, "building", packed)
    assert (again.unchanged, again.changed) == (1, 0)


async def test_other_registers_find_their_tables(city: Context, owner: psycopg.Connection, tmp_path: Path) -> None:
    """Compounds, cameras, components, departments and workers."""
    x, y = at(0.2, 0.2)
    files = {
        "compound": (["小区编号", "小区名称", "用途", "经度", "纬度"], ["C1", "和兴花园", "小区", x, y]),
        "camera": (["国标编码", "名称", "类型", "经度", "纬度"], ["44010100001320000001", "路口球机", "球机", x, y]),
        "component": (["部件编码", "名称", "小类代码", "经度", "纬度"], ["44010101001000001", "井盖", "01001", x, y]),
        "facility": (["编号", "名称", "类别", "经度", "纬度"], ["F1", "社区医院", "医疗", x, y]),
        "device": (["编号", "名称", "类别", "经度", "纬度"], ["D1", "烟感", "smoke", x, y]),
        "department": (["部门编码", "部门名称", "区域编码"], ["D-1", "城管办", "440101"]),
        "worker": (
            ["工号", "类型", "姓名", "手机号", "网格编码"],
            ["W1", "网格员", "张三", "13800001234", "440101001001"],
        ),
    }
    for register, (headings, row) in files.items():
        file = as_csv(tmp_path / f"{register}.csv", headings, [row])
        outcome = await brought(city, SYSTEM_ACTOR, register, file)
        assert (outcome.new, keys_of(outcome)) == (1, []), register
        again = await brought(city, SYSTEM_ACTOR, register, file)
        assert (again.new, again.unchanged) == (0, 1), register
    kinds = asked(owner, "select kind from asset order by kind")
    assert kinds == [("camera",), ("component",), ("device",), ("facility",)]
    assert asked(owner, "select name, phone from unit") == [("张三", "138****1234")]
    bad = as_csv(tmp_path / "x.csv", files["component"][0], [["2", "井盖", "99999", x, y]])
    assert keys_of(await brought(city, SYSTEM_ACTOR, "component", bad)) == ["category.unknown"]


async def test_columns_are_understood_or_said(city: Context, tmp_path: Path) -> None:
    """What is missing is told before anything is read; a commit without it is refused."""
    x, y = at(0.2, 0.2)
    file = as_csv(tmp_path / "c.csv", ["No.", "小 区（名称）", "X", "Y"], [["1", "和兴", x, y]])
    told = await bring(city, SYSTEM_ACTOR, RegisterFile(file, "compound"), commit=False)
    assert told.plan.mapping == {"name": "小 区（名称）", "x": "X", "y": "Y"}
    assert told.plan.missing == ["key", "use", "crs"]
    with pytest.raises(BadInput, match="the coordinate system"):
        await bring(city, SYSTEM_ACTOR, RegisterFile(file, "compound"), commit=True)
    assert told.rows == 0


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.csv", b"\xff\xfe\x00\x01,\xff\n1,2\n", "file.encoding"),
        ("a.csv", b"", "file.empty"),
        ("a.csv", "编号,编号\n1,2\n".encode(), "file.repeated_field"),
        ("a.xlsx", b"no spreadsheet", "file.unreadable"),
        ("a.pdf", b"%PDF", "file.format"),
        ("a.geojson", b"{", "file.unreadable"),
        ("a.geojson", b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "file.not_of_format"),
        ("a.json", b'{"type": "gdal_streamed_alg", "command_line": "gdal vector"}', "file.not_of_format"),
        ("a.gpkg", b"{}", "file.not_of_format"),
    ],
)
async def test_a_file_that_is_none_is_refused_by_name(
    city: Context, tmp_path: Path, name: str, content: bytes, key: str
) -> None:
    """And not by where it lies on the server."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput) as refused:
        await bring(city, SYSTEM_ACTOR, RegisterFile(tmp_path / name, "building"), commit=False)
    assert refused.value.key == key
    assert refused.value.where.file == name
    assert str(tmp_path) not in refused.value.said("zh")


async def test_the_import_is_in_the_audit_log(city: Context, owner: psycopg.Connection, tmp_path: Path) -> None:
    """With its file and its numbers; a dry run is not."""
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)])
    await brought(city, SYSTEM_ACTOR, "enterprise", file, commit=False)
    await brought(city, SYSTEM_ACTOR, "enterprise", file)
    found = asked(
        owner, "select object_id, details ->> 'file', details ->> 'new' from audit where action = 'import_register'"
    )
    assert found == [("enterprise", "f.csv", "1")]
