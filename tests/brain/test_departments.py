"""Departments' schemes beside the main one: an incident is placed in all of them at once, and found by each."""

from __future__ import annotations

import psycopg
import pytest
import shapely

from brain import boundaries, incidents, intake, regions
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.demo import region_set
from data.demo.regions import DemoRegion
from data.engine import scoped_transaction
from data.errors import NotFound, Where
from tests.worlds import a_report, person, publish_beats

pytestmark = pytest.mark.anyio


async def report(context: Context, column: float, row: float, source_id: str) -> int:
    """The id of an incident reported there."""
    incident_id, _, _ = await intake.report(context, SYSTEM_ACTOR, a_report(column, row, source_id=source_id))
    return incident_id


async def test_an_incident_lies_in_every_scheme(city: Context) -> None:
    """In one pass: its micro-grid, and the department's region with its own edition and its own border."""
    await publish_beats(city)
    found = await incidents.one(city, SYSTEM_ACTOR, await report(city, 1.5, 0.5, "on the beats' line"))
    assert (found["placed_code"], found["on_border"]) == ("440101001003", False)
    assert [dict(place) for place in found["departments"]] == [
        {
            "scheme": "police",
            "scheme_name_zh": "公安责任区",
            "scheme_name_en": "Police beats",
            "code": "beat-1",
            "name": "West",
            "tier": "grid",
            "on_border": True,
            "edition_id": 2,
            "edition_seq": 1,
        }
    ]
    north = await incidents.one(city, SYSTEM_ACTOR, await report(city, 1.5, 3.5, "no beat there"))
    assert (north["placed_code"], north["departments"]) == ("440101002002", [])


async def test_a_departments_next_edition_is_used_at_once(city: Context) -> None:
    """The line moves; who was placed before keeps the edition of the day."""
    await publish_beats(city)
    before = await report(city, 1.2, 0.5, "before")
    await publish_beats(city, border=1.0)
    after = await report(city, 1.2, 0.5, "after")
    for incident_id, code, seq in ((before, "beat-1", 1), (after, "beat-2", 2)):
        (place,) = (await incidents.one(city, SYSTEM_ACTOR, incident_id))["departments"]
        assert (place["code"], place["edition_seq"]) == (code, seq)


async def test_a_beats_incidents_are_listed_within_the_readers_scope(city: Context) -> None:
    """Its own list crosses the districts; a reader of one district sees that part of it, and no beat of another's."""
    await publish_beats(city)
    spots = {"a": (0.5, 0.2), "b": (1.8, 0.5), "c": (2.5, 0.5), "d": (3.5, 2.5), "e": (1.5, 3.5)}
    ids = {name: await report(city, *spot, name) for name, spot in spots.items()}

    async def listed(actor: object, region: str, **more: object) -> list[str]:
        rows = await incidents.latest(
            city,
            actor,
            scheme="police",
            region=region,
            before=None,
            limit=50,
            **{"only_open": True, "assigned": None, **more},
        )  # type: ignore[arg-type]
        return sorted(name for name, number in ids.items() if number in {row["id"] for row in rows})

    assert await listed(SYSTEM_ACTOR, "beat-1") == ["a"]
    assert await listed(SYSTEM_ACTOR, "beat-2") == ["b", "c", "d"]
    assert await listed(SYSTEM_ACTOR, "beat-2", assigned=False) == []
    west = await person(city, "staff", "440101")
    assert await listed(west, "beat-2") == ["b"]
    with pytest.raises(NotFound):
        await listed(SYSTEM_ACTOR, "beat-9")
    async with scoped_transaction(city.engine, west.scope) as connection:
        seen = await connection.exec_driver_sql("select incident_id from incident_placement order by 1")
        assert list(seen.scalars()) == [ids["a"], ids["b"]]


async def test_a_beats_card_counts_what_the_reader_may_see(city: Context) -> None:
    """A beat is in nobody's scope; its incidents are, each by its own district."""
    await publish_beats(city)
    for name, spot in (("a", (1.8, 0.5)), ("b", (2.5, 0.5)), ("c", (3.5, 2.5))):
        await report(city, *spot, name)
    west, commander = await person(city, "staff", "440101"), await person(city, "commander")
    for reader, expected in ((west, 1), (commander, 3), (SYSTEM_ACTOR, 3)):
        counts = (await regions.card(city, reader, "police", "beat-2")).counts
        assert counts is not None
        assert (counts["open"], counts["total"]) == (expected, expected)


async def test_a_batch_known_in_part_places_only_what_is_new(city: Context, owner: psycopg.Connection) -> None:
    """No second line for an incident that was there before."""
    await publish_beats(city)
    first = [(Where(), a_report(0.5, 0.2, source_id=str(n))) for n in range(3)]
    await intake.report_many(city, SYSTEM_ACTOR, first)
    more = [(Where(), a_report(2.5, 0.5, source_id=str(n))) for n in range(5)]
    outcomes = await intake.report_many(city, SYSTEM_ACTOR, more)
    assert [outcome.is_new for outcome in outcomes] == [False, False, False, True, True]
    rows = owner.execute(
        "select i.source_id, r.code from incident_placement p join incident i on i.id = p.incident_id "
        "join region r on r.key = p.placed_key order by 1"
    ).fetchall()
    assert rows == [("0", "beat-1"), ("1", "beat-1"), ("2", "beat-1"), ("3", "beat-2"), ("4", "beat-2")]


async def test_a_department_is_no_reason_to_place_where_the_city_is_not(city: Context) -> None:
    """A beat that reaches beyond the city: the incident stays unassigned, and is the beat's all the same."""
    wide = region_set([DemoRegion("sea", "Sea", "grid", None, shapely.box(112, 22, 115, 24))])
    await boundaries.publish(city, SYSTEM_ACTOR, "police", wide, note="", progress=lambda *_: None)
    found = await incidents.one(city, SYSTEM_ACTOR, await report(city, 4.5, 0.5, "out there"))
    assert (found["assigned"], found["region_code"]) == (False, "440102001002")
    assert [place["code"] for place in found["departments"]] == ["sea"]
