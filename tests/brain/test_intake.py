"""Reports on their way in: placed, kept as they came, never twice, refused with the field that is wrong."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import psycopg
import pytest

from brain import batches, incidents, intake
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.placements import CityIndex
from brain.report_checks import Given
from brain.reports import read_report
from data.engine import psycopg_conninfo
from data.errors import BadInput, CityError, Conflict, Forbidden, NotFound, TooLarge, Where
from data.migrate import APP_ROLE
from layers.crs import from_wgs84, parse_crs
from tests.worlds import a_report, at, person, publish_cells, small_city_cells

pytestmark = pytest.mark.anyio


async def test_a_report_falls_into_its_grid_by_itself(city: Context) -> None:
    """With its path, its edition, its first event, and its coordinates to the last bit."""
    given = a_report(0.1234567890123, 0.9876543210987, title="Pothole", place="Main street")
    incident_id, is_new, warnings = await intake.report(city, SYSTEM_ACTOR, given)
    found = await incidents.one(city, SYSTEM_ACTOR, incident_id)
    assert (is_new, warnings) == (True, [])
    assert found["placed_code"] == "440101001001"
    assert [above["code"] for above in found["path"]] == ["44", "440101", "440101001", "440101001001"]
    assert (found["lon"], found["lat"]) == (found["original_x"], found["original_y"]) == (given.x, given.y)
    assert (found["assigned"], found["on_border"], found["nearest_m"]) == (True, False, None)
    assert (found["edition_seq"], found["state"], found["open"]) == (1, "reported", True)
    assert [event["action"] for event in found["events"]] == ["report"]


async def test_the_same_source_id_is_one_incident(city: Context) -> None:
    """Reported again, even with other words: the first stays, no second event."""
    first, _, _ = await intake.report(city, SYSTEM_ACTOR, a_report(0.1, 0.1))
    again, is_new, _ = await intake.report(city, SYSTEM_ACTOR, a_report(2.5, 0.1, title="other"))
    assert (again, is_new) == (first, False)
    found = await incidents.one(city, SYSTEM_ACTOR, first)
    assert (found["placed_code"], len(found["events"])) == ("440101001001", 1)
    elsewhere, is_new, _ = await intake.report(city, SYSTEM_ACTOR, a_report(0.1, 0.1, source="other"))
    assert is_new
    assert elsewhere != first


async def test_the_same_id_twice_in_one_batch(city: Context) -> None:
    """The second is known, whatever the order in which the database takes them."""
    outcomes = await intake.report_many(city, SYSTEM_ACTOR, [(Where(line=n), a_report(0.1, 0.1)) for n in range(3)])
    assert sorted(outcome.is_new for outcome in outcomes) == [False, False, True]
    assert all(outcome.fault is None for outcome in outcomes)


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "EPSG:4547", "EPSG:4490"])
async def test_every_crs_lands_in_the_same_grid(city: Context, crs: str) -> None:
    """Sent in its own coordinates, kept so, and placed where it truly is."""
    lon, lat = at(0.02, 0.5)
    x, y = from_wgs84([lon], [lat], parse_crs(crs))
    given = a_report(0, 0, x=float(x[0]), y=float(y[0]), crs=crs)
    incident_id, _, _ = await intake.report(city, SYSTEM_ACTOR, given)
    found = await incidents.one(city, SYSTEM_ACTOR, incident_id)
    assert found["placed_code"] == "440101001001"
    assert (found["lon"], found["lat"]) == (pytest.approx(lon, abs=2e-8), pytest.approx(lat, abs=2e-8))
    assert (found["original_x"], found["original_y"], found["original_crs"]) == (given.x, given.y, crs)


async def test_outside_everything_is_kept_with_the_nearest_region(city: Context) -> None:
    """Unassigned, counted, seen by those of the nearest region; a warning where it is far."""
    incident_id, _, warnings = await intake.report(city, SYSTEM_ACTOR, a_report(4.5, 0.5))
    found = await incidents.one(city, SYSTEM_ACTOR, incident_id)
    assert (found["assigned"], found["placed_code"], found["region_code"]) == (False, None, "440102001002")
    assert found["nearest_m"] == pytest.approx(512, rel=0.01)  # half a cell: 0.005° of longitude at 23° N
    assert warnings == []
    assert (await incidents.figures(city, SYSTEM_ACTOR))["unassigned"] == 1
    neighbour, mine = await person(city, "staff", "440101"), await person(city, "staff", "440102")
    assert (await incidents.one(city, mine, incident_id))["id"] == incident_id
    with pytest.raises(NotFound):
        await incidents.one(city, neighbour, incident_id)
    _, _, warnings = await intake.report(city, SYSTEM_ACTOR, a_report(400, 0, source_id="far"))
    assert [warning.key for warning in warnings] == ["incident.far"]


async def test_on_a_border_is_said(city: Context) -> None:
    """The tie rule decided: the card will say so."""
    incident_id, _, _ = await intake.report(city, SYSTEM_ACTOR, a_report(1, 0.5))
    found = await incidents.one(city, SYSTEM_ACTOR, incident_id)
    assert (found["placed_code"], found["on_border"]) == ("440101001001", True)


@pytest.mark.parametrize(
    ("fields", "key", "field"),
    [
        ({"x": float("nan")}, "coordinate.not_finite", "x"),
        ({"y": float("inf")}, "coordinate.not_finite", "x"),
        ({"x": 181.0}, "coordinate.out_of_range", "x"),
        ({"y": -90.5}, "coordinate.out_of_range", "x"),
        ({"x": 23.005, "y": 113.005}, "coordinate.swapped", "axes_confirmed"),
        ({"crs": "EPSG:999999"}, "crs.unknown", "crs"),
        ({"x": 5e9, "y": 5e9, "crs": "EPSG:4547"}, "coordinate.out_of_range", "x"),
        ({"taxonomy": "unheard of"}, "taxonomy.unknown", "taxonomy"),
        ({"taxonomy": "gbt47678.5-2026-matters", "category": "99999"}, "category.unknown", "category"),
        ({"occurred_at": "2026-11-01T08:00:00"}, "time.no_zone", "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, "time.out_of_range", "occurred_at"),
        ({"closed_at": "9999-12-31T23:59:59-08:00"}, "time.out_of_range", "closed_at"),
    ],
)
async def test_a_wrong_field_is_named(city: Context, fields: dict[str, Any], key: str, field: str) -> None:
    """And nothing is written."""
    with pytest.raises(CityError) as refused:
        await intake.report(city, SYSTEM_ACTOR, a_report(0.5, 0.2, **fields))
    assert (refused.value.key, refused.value.where.field) == (key, field)
    assert (await incidents.figures(city, SYSTEM_ACTOR))["total"] == 0


def test_loose_fields_are_refused_all_at_once() -> None:
    """Missing, unknown, of the wrong kind: each is one cause with its field."""
    with pytest.raises(BadInput) as refused:
        read_report({"source": "", "x": "east", "colour": "red"}, Where("f.ndjson", 7))
    causes = {(cause.where.field, cause.key) for cause in refused.value.causes}
    assert {
        ("colour", "field.extra_forbidden"),
        ("source_id", "field.missing"),
        ("source", "field.string_too_short"),
    } <= causes
    assert {cause.where.line for cause in refused.value.causes} == {7}


async def test_confirmed_axes_are_taken(city: Context) -> None:
    """A person has looked: (23, 90) is a place on earth, though far away."""
    given = a_report(0, 0, x=23.005, y=80.0, axes_confirmed=True)
    _, is_new, warnings = await intake.report(city, SYSTEM_ACTOR, given)
    assert is_new
    assert [warning.key for warning in warnings] == ["incident.far"]


async def test_good_reports_go_in_beside_bad_ones(city: Context) -> None:
    """Each report has its own outcome; one bad row costs no other."""
    rows = [a_report(0.1, 0.1, source_id="a"), a_report(0, 0, x=999.0, source_id="b"), a_report(9, 9, source_id="c")]
    outcomes = await intake.report_many(city, SYSTEM_ACTOR, [(Where(line=n), one) for n, one in enumerate(rows, 1)])
    assert [(outcome.is_new, outcome.assigned) for outcome in outcomes] == [(True, True), (False, False), (True, False)]
    assert outcomes[1].fault is not None
    assert outcomes[1].fault.where == Where(line=2, field="x")


async def test_reporting_needs_the_role_and_the_area(city: Context) -> None:
    """An auditor reports nothing; staff nothing beyond their region, not even a duplicate's existence."""
    with pytest.raises(Forbidden) as refused:
        await intake.report(city, await person(city, "auditor"), a_report(0.1, 0.1))
    assert refused.value.key == "actor.may_not"
    staff = await person(city, "staff", "440102")
    with pytest.raises(Forbidden) as refused:
        await intake.report(city, staff, a_report(0.1, 0.1))
    assert refused.value.key == "incident.outside_scope"
    await intake.report(city, SYSTEM_ACTOR, a_report(0.1, 0.1))
    with pytest.raises(Conflict) as taken:
        await intake.report(city, staff, a_report(2.1, 0.1))
    assert taken.value.key == "incident.known_elsewhere"


async def test_without_regions_nothing_can_be_placed(context: Context) -> None:
    """Said, not stored somewhere."""
    with pytest.raises(Conflict) as refused:
        await intake.report(context, SYSTEM_ACTOR, a_report(0.1, 0.1))
    assert refused.value.key == "regions.none"


async def test_a_new_edition_is_used_at_once_and_the_old_placing_stays(city: Context) -> None:
    """The index follows the publish; what was placed before keeps its edition and code."""
    old, _, _ = await intake.report(city, SYSTEM_ACTOR, a_report(1.5, 0.5, source_id="before"))
    cells = small_city_cells()
    cells["440101001004"] = cells.pop("440101001003")
    await publish_cells(city, cells)
    new, _, _ = await intake.report(city, SYSTEM_ACTOR, a_report(1.5, 0.5, source_id="after"))
    before, after = await incidents.one(city, SYSTEM_ACTOR, old), await incidents.one(city, SYSTEM_ACTOR, new)
    assert (before["placed_code"], before["edition_seq"]) == ("440101001003", 1)
    assert (after["placed_code"], after["edition_seq"]) == ("440101001004", 2)
    drawn, _ = await incidents.points(city, SYSTEM_ACTOR, (*at(1, 0), *at(2, 1)), only_open=True, limit=10)
    assert {row["id"] for row in drawn} == {old, new}
    below = await incidents.latest(
        city, SYSTEM_ACTOR, region="440101", only_open=True, assigned=True, before=None, limit=10
    )
    assert {row["id"] for row in below} == {old, new}
    counts = await incidents.open_counts(city, SYSTEM_ACTOR, "district", (112, 22, 114, 24))
    assert counts == {"440101": 2}


async def test_batches_in_opposite_order_do_not_wait_for_each_other(city: Context) -> None:
    """The same ids from two senders at once: each incident once, no deadlock."""
    given = [(Where(), a_report(0.1, 0.1, source_id=str(n))) for n in range(400)]
    both = await asyncio.gather(
        intake.report_many(city, SYSTEM_ACTOR, given), intake.report_many(city, SYSTEM_ACTOR, given[::-1])
    )
    assert sum(outcome.is_new for outcomes in both for outcome in outcomes) == 400
    assert (await incidents.figures(city, SYSTEM_ACTOR))["total"] == 400


async def test_placing_does_not_hold_the_loop(city: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch is being placed, others are answered: here placing waits until somebody has been."""
    others_answered, placing_began, waited = threading.Event(), threading.Event(), []
    place = CityIndex.place

    def slowly(index: CityIndex, lon: Any, lat: Any) -> Any:
        placing_began.set()
        waited.append(others_answered.wait(10))
        return place(index, lon, lat)

    monkeypatch.setattr(CityIndex, "place", slowly)
    batch = asyncio.create_task(intake.report_many(city, SYSTEM_ACTOR, [(Where(), a_report(0.1, 0.1))]))
    await asyncio.to_thread(placing_began.wait, 10)
    await incidents.figures(city, SYSTEM_ACTOR)
    others_answered.set()
    assert (await batch)[0].is_new
    assert waited == [True]


async def test_a_batch_is_numbered_in_the_order_of_its_reports(city: Context) -> None:
    """So that newest first by number is newest first in time, whatever the sources call their reports."""
    given = [
        (Where(), a_report(0.1, 0.1, source_id=name, reported_at=f"2026-11-0{day}T08:00:00Z"))
        for name, day in (("z", 1), ("a", 3), ("m", 2))
    ]
    await intake.report_many(city, SYSTEM_ACTOR, given)
    listed = await incidents.latest(
        city, SYSTEM_ACTOR, region=None, only_open=True, assigned=None, before=None, limit=10
    )
    assert [row["source_id"] for row in listed] == ["a", "m", "z"]


async def test_a_batch_that_a_deadlock_ends_begins_again(city: Context, owner: psycopg.Connection) -> None:
    """Somebody else takes the same ids the other way round: nobody is refused, nothing is there twice."""
    add = (
        "insert into incident (source, source_id, taxonomy, category, title, state, original_x, original_y, original_crs, "
        "geom, region_key, placed_edition, placed_code, assigned, on_border) "
        "select 'test', %s, 'source', 'c', '', 'reported', 0, 0, '', st_setsrid(st_makepoint(113, 23), 4326), key, 1, code, "
        "true, false from region where code = '440101001001'"
    )
    # PostgreSQL ends the one whose patience ends first: the batch, though this machine be slow.
    owner.execute(f"alter role {APP_ROLE} in database {owner.info.dbname} set deadlock_timeout = '3s'")
    await city.engine.dispose()
    with psycopg.connect(psycopg_conninfo(city.settings.owner_url), options="-c deadlock_timeout=1min") as other:
        other.execute(add, ("b",))
        given = [(Where(), a_report(0.1, 0.1, source_id=name, reported_at="2026-11-01T08:00:00Z")) for name in "ab"]
        batch = asyncio.create_task(intake.report_many(city, SYSTEM_ACTOR, given))
        while not owner.execute("select from pg_locks where locktype = 'transactionid' and not granted").fetchall():
            assert not batch.done()
            await asyncio.sleep(0)
        await asyncio.to_thread(other.execute, add, ("a",))
    assert [(outcome.is_new, outcome.fault) for outcome in await batch] == [(False, None)] * 2
    assert owner.execute("select source_id from incident order by 1").fetchall() == [("a",), ("b",)]


async def test_a_stream_of_chunks_is_numbered_in_its_order(city: Context, owner: psycopg.Connection) -> None:
    """Two are written at a time; outcomes come in order, under their tags, a chunk without reports among them."""

    async def chunks() -> AsyncIterator[tuple[int, Given]]:
        for chunk in range(6):
            yield (
                chunk,
                [(Where(), a_report(0.1, 0.1, source_id=f"{chunk}-{n}")) for n in range(0 if chunk == 3 else 300)],
            )

    tags = []
    async for tag, outcomes in intake.report_chunks(city, SYSTEM_ACTOR, chunks()):
        tags.append((tag, len(outcomes)))
        assert all(outcome.is_new for outcome in outcomes)
    assert tags == [(0, 300), (1, 300), (2, 300), (3, 0), (4, 300), (5, 300)]
    rows = owner.execute("select split_part(source_id, '-', 1)::int from incident order by id").fetchall()
    assert [chunk for (chunk,) in rows] == sorted(chunk for (chunk,) in rows)


async def test_a_stream_that_breaks_off_leaves_whole_chunks(city: Context) -> None:
    """What was handed over before is written; who reads no further ends what is under way."""

    async def chunks() -> AsyncIterator[tuple[int, Given]]:
        for chunk in range(4):
            if chunk == 2:
                raise RuntimeError("the line is dead")
            yield chunk, [(Where(), a_report(0.1, 0.1, source_id=f"{chunk}-{n}")) for n in range(50)]

    with pytest.raises(RuntimeError):
        async for _ in intake.report_chunks(city, SYSTEM_ACTOR, chunks()):
            pass
    assert (await incidents.figures(city, SYSTEM_ACTOR))["total"] == 100


async def test_a_batch_with_a_line_too_long_keeps_what_came_before(
    city: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole chunks that had come in; the rest is to be sent again."""
    monkeypatch.setattr("brain.batches.CHUNK", 10)
    x, y = at(0.1, 0.1)
    report = {"source": "s", "taxonomy": "source", "category": "c", "x": x, "y": y}
    lines = [json.dumps({**report, "source_id": str(n)}).encode() for n in range(25)]

    async def blocks() -> AsyncIterator[bytes]:
        yield b"\n".join(lines) + b"\n"
        yield b"x" * (city.settings.batch_line_limit + 1)

    with pytest.raises(TooLarge):
        await batches.report_stream(city, SYSTEM_ACTOR, blocks())
    assert (await incidents.figures(city, SYSTEM_ACTOR))["total"] == 20


async def test_a_reader_that_goes_away_ends_what_is_under_way(city: Context) -> None:
    """Nothing goes on in the dark, no connection stays taken."""

    async def chunks() -> AsyncIterator[tuple[int, Given]]:
        for chunk in range(50):
            yield chunk, [(Where(), a_report(0.1, 0.1, source_id=f"{chunk}-{n}")) for n in range(20)]

    async with aclosing(intake.report_chunks(city, SYSTEM_ACTOR, chunks())) as done:
        async for _ in done:
            break
    total = (await incidents.figures(city, SYSTEM_ACTOR))["total"]
    assert total % 20 == 0
    assert 20 <= total <= 20 * (intake.MOST_WRITING + 1)
    assert city.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
