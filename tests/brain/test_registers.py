"""A town's own registers: taken in by their numbers, placed, refused row by row, and never by half."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from brain import corrections, records
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from data.engine import scoped_transaction
from data.errors import Forbidden
from layers.crs import GCJ02, from_wgs84
from tests.registers import (
    BUILDINGS,
    FIRMS,
    MAN,
    WOMAN,
    add_people,
    as_csv,
    asked,
    brought,
    building,
    firm,
    keys_of,
)
from tests.worlds import at, person

pytestmark = pytest.mark.anyio


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
    await add_people(city, tmp_path)
    rows = asked(owner, "select name, identity, phone, is_woman, born_on::text from person order by id")
    assert rows == [
        ("王**", "4401**************", "138****5678", False, "1990-01-01"),
        ("李**", "1101**************", None, True, "1949-12-31"),
    ]
    assert asked(owner, "select count(*) from personal_field where field = 'phone'") == [(1,)]
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
    await add_people(city, tmp_path)
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
    outcome = await brought(city, west, "enterprise", as_csv(file, FIRMS, [firm("A", 0.2, 0.2), firm("B", 0.2, 0.2)]))
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


async def test_a_town_finds_its_import_in_its_own_audit_log(
    city: Context, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """Under the region of who imported."""
    steward = await person(city, "steward", "440101")
    await brought(city, steward, "enterprise", as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)]))
    found = "select r.code from audit a join region r on r.key = a.region_key where a.action = 'import_register'"
    assert asked(owner, found) == [("440101",)]


async def test_the_database_holds_the_same(city: Context, tmp_path: Path) -> None:
    """As the application's role with a steward's scope: nothing is written where the steward may not import."""
    steward = await person(city, "steward", "440101")
    east = "(select key from region where code = '440102001001')"
    shape = "st_setsrid(st_point(113.025, 23.005), 4326)"
    for statement in (
        f"insert into building (region_key, use, street, house_number, floors, staircases, entrance) "
        f"select {east}, 'estate', 'x', '1', 1, 1, {shape}",
        f"insert into building (use, street, house_number, floors, staircases, entrance) "
        f"select 'estate', 'x', '1', 1, 1, {shape}",
        f"insert into compound (region_key, use, name) select {east}, 'estate', 'x'",
        f"insert into department (region_key, code, name, region_code) select {east}, 'x', 'x', 'x'",
        f"insert into asset (region_key, kind, category, identifier, name, geom) "
        f"select {east}, 'device', 'x', 'x', 'x', {shape}",
        f"insert into register_entry (register, source_key, record_id, region_key, digests) select 'x', 'x', 1, {east}, '{{}}'",
    ):
        with pytest.raises(ProgrammingError, match="row-level security"):
            async with scoped_transaction(city.engine, steward.scope) as connection:
                await connection.exec_driver_sql(statement)
