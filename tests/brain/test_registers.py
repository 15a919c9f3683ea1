"""A town's own registers: taken in by their numbers, placed, refused row by row, and never by half."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
import shapely

from brain import corrections, records
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.registers import RegisterFile, bring
from data.errors import BadInput, Forbidden
from layers.crs import GCJ02, from_wgs84
from tests.registers import (
    BUILDINGS,
    FIRMS,
    HOUSEHOLDS,
    MAN,
    PERSONS,
    WOMAN,
    as_csv,
    as_geojson,
    as_xlsx,
    asked,
    brought,
    building,
    firm,
    keys_of,
)
from tests.worlds import at, cell, person

pytestmark = pytest.mark.anyio


async def _with_people(city: Context, tmp_path: Path) -> None:
    """Two buildings, a household, two persons."""
    rows = [building("B1", 0.2, 0.2), building("B2", 2.5, 0.5, "东路7号")]
    await brought(city, SYSTEM_ACTOR, "building", as_csv(tmp_path / "楼栋.csv", BUILDINGS, rows))
    file = as_csv(tmp_path / "户.csv", HOUSEHOLDS, [["H1", "B1", "101"], ["H2", "B2", "202"]])
    await brought(city, SYSTEM_ACTOR, "household", file)
    file = as_csv(
        tmp_path / "人.csv",
        PERSONS,
        [["P1", "王小明", MAN, "13812345678", "", "H1"], ["P2", "李芳", WOMAN, "", "湖南", "H2"]],
    )
    outcome = await brought(city, SYSTEM_ACTOR, "person", file)
    assert (outcome.new, outcome.rejected) == (2, 0), keys_of(outcome)


async def test_a_dry_run_says_what_a_commit_does_and_writes_nothing(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """The same numbers, once taken back and once kept."""
    file = as_csv(tmp_path / "b.csv", BUILDINGS, [building("1", 0.2, 0.2), building("2", 1.5, 0.5)])
    dry = await brought(city, SYSTEM_ACTOR, "building", file, commit=False)
    assert asked(owner, "select count(*) from building") == [(0,)]
    assert asked(owner, "select count(*) from register_entry") == [(0,)]
    done = await brought(city, SYSTEM_ACTOR, "building", file)
    assert (dry.new, dry.rejected, dry.committed) == (done.new, done.rejected, False) == (2, 0, False)
    found = asked(
        owner,
        "select b.street, b.house_number, b.use, b.floors, r.code from building b join region r on r.key = b.region_key "
        "order by b.id",
    )
    assert found == [("和兴路", "5号", "estate", 6, "440101001001"), ("和兴路", "5号", "estate", 6, "440101001003")]


async def test_the_same_file_again_changes_nothing_and_another_value_only_that(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """By number; not one row is written anew where the file says the same."""
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2), firm("B", 1.5, 0.5)])
    await brought(city, SYSTEM_ACTOR, "enterprise", file)
    fingerprint = "select xmin::text, id from enterprise order by id"
    before = asked(owner, fingerprint)
    again = await brought(city, SYSTEM_ACTOR, "enterprise", file)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert asked(owner, fingerprint) == before
    rows = [firm("A", 0.2, 0.2, 联系电话="13900005678", 从业人数="9"), firm("B", 2.5, 0.5)]
    other = await brought(city, SYSTEM_ACTOR, "enterprise", as_csv(file, FIRMS, rows))
    assert (other.new, other.changed, other.unchanged) == (0, 2, 0)
    assert dict(other.fields) == {"phone": 1, "employees": 1, "place": 1}
    assert asked(owner, "select phone from enterprise order by id") == [("139****5678",), ("138****1234",)]
    moved = (
        "select distinct r.code from {table} f join region r on r.key = f.region_key "
        "join register_entry e on e.record_id = f.record_id where e.source_key = 'B'"
    )
    for table in ("closed_field", "personal_field"):
        assert asked(owner, moved.format(table=table)) == [("440102001001",)]
    closed = "select value from closed_field where field = 'employees' order by record_id"
    assert asked(owner, closed) == [("9",), ("7",)]


async def test_what_was_corrected_here_stays_until_the_file_says_otherwise(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """An old file does not undo a correction; a new value in it does."""
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)])
    await brought(city, SYSTEM_ACTOR, "enterprise", file)
    ((number,),) = asked(owner, "select id from enterprise")
    said = {"before": "7", "after": "8", "reason": "点过"}
    await corrections.correct(city, SYSTEM_ACTOR, "enterprises", number, field="employees", **said)
    changed = as_csv(file, FIRMS, [firm("A", 0.2, 0.2, 企业名称="和兴酒家")])
    await brought(city, SYSTEM_ACTOR, "enterprise", changed)
    value = "select value from closed_field where field = 'employees'"
    assert asked(owner, value) == [("8",)]
    await brought(city, SYSTEM_ACTOR, "enterprise", as_csv(file, FIRMS, [firm("A", 0.2, 0.2, 从业人数="11")]))
    assert asked(owner, value) == [("11",)]


async def test_what_vanished_is_counted_and_retired_only_if_asked_and_comes_back(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """Nothing is deleted: a retired record is not seen any more, and is the same one when the file has it again."""
    both = [firm("A", 0.2, 0.2), firm("B", 1.5, 0.5)]
    file = as_csv(tmp_path / "f.csv", FIRMS, both)
    await brought(city, SYSTEM_ACTOR, "enterprise", file)
    ids = asked(owner, "select id from enterprise order by id")
    told = await brought(city, SYSTEM_ACTOR, "enterprise", as_csv(file, FIRMS, both[:1]))
    assert (told.vanished, told.retired) == (1, False)
    seen = [record.id for record in await records.page(city, SYSTEM_ACTOR, "enterprises", "44", after=None, limit=9)]
    assert len(seen) == 2
    await brought(city, SYSTEM_ACTOR, "enterprise", file, retire_vanished=True)
    seen = [record.id for record in await records.page(city, SYSTEM_ACTOR, "enterprises", "44", after=None, limit=9)]
    assert seen == [ids[0][0]]
    assert (await records.figures(city, SYSTEM_ACTOR, "44")).counted["enterprises"] == [("存续", 1)]
    again = await brought(city, SYSTEM_ACTOR, "enterprise", as_csv(file, FIRMS, both))
    assert (again.new, again.changed, again.unchanged) == (0, 1, 1)
    assert asked(owner, "select id from enterprise where retired_at is null order by id") == ids


async def test_personal_values_lie_masked_in_the_record_and_in_full_where_only_reveal_reads(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """Sex and birthday follow from the identity number; digests say nothing, not even that two are equal."""
    await _with_people(city, tmp_path)
    rows = asked(owner, "select name, identity, phone, is_woman, born_on::text from person order by id")
    assert rows == [
        ("王**", "4401**************", "138****5678", False, "1990-01-01"),
        ("李**", "1101**************", None, True, "1949-12-31"),
    ]
    whole = asked(owner, "select p::text from person p union all select e::text from register_entry e")
    assert not any(secret in text for (text,) in whole for secret in ("王小明", MAN, "13812345678", "李芳"))
    ((number,),) = asked(owner, "select record_id from register_entry where source_key = 'P1'")
    shown = await records.reveal(city, SYSTEM_ACTOR, "persons", number, field="identity", reason="核对")
    assert shown == MAN


async def test_rows_lie_where_their_coordinates_say_also_in_gcj02(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """What is shifted comes back to where it is, to the centimetre."""
    x, y = at(0.2, 0.2)
    shifted = from_wgs84([x], [y], GCJ02)
    row = [*building("1", 0.2, 0.2)[:5], *(f"{value[0]:.9f}" for value in shifted)]
    await brought(city, SYSTEM_ACTOR, "building", as_csv(tmp_path / "b.csv", BUILDINGS, [row]), crs="GCJ-02")
    ((lon, lat),) = asked(owner, "select st_x(entrance), st_y(entrance) from building")
    assert (lon, lat) == pytest.approx((x, y), abs=1e-7)


async def test_rows_without_coordinates_lie_where_their_building_does(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """By its number, or by its address as people write it; an address of several buildings is nobody's."""
    rows = [building("B1", 0.2, 0.2), building("B2", 2.5, 0.5, "东路7号"), building("B3", 2.6, 0.5, "东路7号")]
    rows[2][2] = "2栋"
    await brought(city, SYSTEM_ACTOR, "building", as_csv(tmp_path / "b.csv", BUILDINGS, rows))
    headings = ["统一社会信用代码", "企业名称", "行业", "地址", "楼栋编号"]
    file = as_csv(
        tmp_path / "f.csv",
        headings,
        [
            ["A", "甲", "餐饮", "和兴路 5号", ""],
            ["B", "乙", "餐饮", "东路7号2栋", ""],
            ["C", "丙", "餐饮", "东路7号", ""],
            ["D", "丁", "餐饮", "西路1号", ""],
            ["E", "戊", "餐饮", "", "B1"],
            ["F", "己", "餐饮", "", "B9"],
            ["G", "庚", "餐饮", "", ""],
        ],
    )
    outcome = await brought(city, SYSTEM_ACTOR, "enterprise", file, crs=None)
    expected = ["address_of_several", "address_unknown", "no_such_number", "no_place"]
    assert keys_of(outcome) == [f"register.{key}" for key in expected]
    found = "select e.name, r.code from enterprise e join region r on r.key = e.region_key order by e.id"
    assert asked(owner, found) == [("甲", "440101001001"), ("乙", "440102001001"), ("戊", "440101001001")]


async def test_persons_are_found_home_by_address_and_room(city: Context, tmp_path: Path) -> None:
    """Who is in no household is refused."""
    await _with_people(city, tmp_path)
    headings = ["编号", "姓名", "证件号码", "住址", "房号"]
    rows = [["P3", "赵一", WOMAN, "和兴路5号", "101"], ["P4", "钱二", MAN, "和兴路5号", "999"]]
    outcome = await brought(city, SYSTEM_ACTOR, "person", as_csv(tmp_path / "p.csv", headings, rows))
    assert (outcome.new, keys_of(outcome)) == (1, ["register.no_household"])


async def test_a_row_outside_the_importers_region_is_refused_and_the_others_taken(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """Row by row; and who may import nowhere is refused as a whole."""
    steward = await person(city, "steward", "440101")
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2), firm("B", 2.5, 0.5)])
    outcome = await brought(city, steward, "enterprise", file)
    assert (outcome.new, keys_of(outcome)) == (1, ["register.outside_scope"])
    dispatcher = await person(city, "dispatcher", "440101")
    with pytest.raises(Forbidden):
        await brought(city, dispatcher, "enterprise", file)
    with pytest.raises(Forbidden):
        await brought(city, dispatcher, "enterprise", file, commit=False)


async def test_the_neighbours_numbers_and_vanished_records_are_not_mine(city: Context, tmp_path: Path) -> None:
    """A number in use elsewhere is refused without saying where; what lies elsewhere does not vanish with my file."""
    east, west = await person(city, "steward", "440102"), await person(city, "steward", "440101")
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 2.5, 0.5)])
    await brought(city, east, "enterprise", file)
    outcome = await brought(
        city, west, "enterprise", as_csv(file, FIRMS, [firm("A", 0.2, 0.2), firm("B", 0.2, 0.2)])
    )
    assert (outcome.new, outcome.vanished, keys_of(outcome)) == (1, 0, ["register.known_elsewhere"])


async def test_a_record_that_moves_into_the_neighbours_region_is_refused(city: Context, tmp_path: Path) -> None:
    """Nobody gives away what is theirs into a region that is not."""
    west = await person(city, "steward", "440101")
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)])
    await brought(city, west, "enterprise", file)
    outcome = await brought(city, west, "enterprise", as_csv(file, FIRMS, [firm("A", 2.5, 0.5)]))
    assert (outcome.changed, outcome.vanished, keys_of(outcome)) == (0, 0, ["register.outside_scope"])


async def test_a_field_that_is_closed_to_the_importer_is_not_brought(city: Context, tmp_path: Path) -> None:
    """The day of foundation is the district's: a community's steward leaves the column out, or is refused."""
    steward = await person(city, "steward", "440101001")
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)])
    outcome = await brought(city, steward, "enterprise", file)
    assert set(keys_of(outcome)) == {"register.not_open"}


async def test_a_cancelled_import_leaves_nothing(
    city: Context, owner: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a row, not an entry, not a line in the audit log, not a rejects file; and a former one stays."""
    monkeypatch.setattr("brain.registers.CHUNK", 10)
    file = as_csv(tmp_path / "b.csv", BUILDINGS, [building(str(number), 0.2, 0.2) for number in range(40)])
    rejects = tmp_path / "b.rejects.csv"
    rejects.write_text("former")
    read: list[int] = []

    async def take_in() -> None:
        await brought(city, SYSTEM_ACTOR, "building", file, rejects=rejects, progress=until_twenty)

    def until_twenty(rows: int) -> None:
        read.append(rows)
        if rows == 20:
            task.cancel()

    task = asyncio.create_task(take_in())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert read == [10, 20]
    for table in ("building", "register_entry"):
        assert asked(owner, f"select count(*) from {table}") == [(0,)]
    assert asked(owner, "select count(*) from audit where action = 'import_register'") == [(0,)]
    assert rejects.read_text() == "former"


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
    await _with_people(city, tmp_path)
    wrong = f"{MAN[:-1]}{(int(MAN[-1]) + 1) % 10}"
    rows = [["P8", "甲", wrong, "12345", "", "H1"], ["P9", "乙", "4401**********1234", "138****1234", "", "H1"]]
    outcome = await brought(city, SYSTEM_ACTOR, "person", as_csv(tmp_path / "p.csv", PERSONS, rows))
    assert keys_of(outcome) == ["register.identity_check", "register.masked", "register.masked"]
    assert not any(wrong in fault.said("zh") for fault in outcome.faults)


async def test_a_spreadsheet_with_dates_formulas_and_long_numbers(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """A date is a date, a number without its last digits is refused, as text it is whole."""
    from datetime import datetime

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
    import pyogrio

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
        field_data=[__import__("numpy").array([str(value)], dtype=object) for value in attributes[0]],
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
        "worker": (["工号", "类型", "姓名", "手机号", "网格编码"], ["W1", "网格员", "张三", "13800001234", "440101001001"]),
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
    found = asked(owner, "select object_id, details ->> 'file', details ->> 'new' from audit where action = 'import_register'")
    assert found == [("enterprise", "f.csv", "1")]
