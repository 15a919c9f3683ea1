"""References without foreign keys: what the triggers check a statement at a time, and what they never let go."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from brain import incidents, intake
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from data.dictionaries import SCHEME_WIDTH
from data.engine import SYSTEM, Scope, scoped_transaction
from tests.worlds import a_report, become, person, publish_beats, publish_cells, small_city_cells

pytestmark = pytest.mark.anyio

NOBODY = SCHEME_WIDTH // 2 + 1
"""A key of the main scheme that no region has."""

ADD = (
    "insert into incident (source, source_id, taxonomy, category, title, state, original_x, original_y, original_crs, "
    "geom, region_key, placed_edition, placed_code, assigned, on_border) "
    "select 's', n::text, %(taxonomy)s, 'c', '', 'reported', 0, 0, '', st_setsrid(st_makepoint(113, 23), 4326), "
    "case when n = 3 then %(key)s else (select key from region where code = '440101001001') end, %(edition)s, "
    "case when n = 3 then %(code)s else '440101001001' end, true, false from generate_series(1, 5) n"
)


def key_of(owner: psycopg.Connection, code: str) -> int:
    """A region's key."""
    (key,) = owner.execute("select key from region where code = %s", (code,)).fetchone()  # type: ignore[misc]
    return int(key)


@pytest.fixture
def system(owner: psycopg.Connection) -> psycopg.Connection:
    """The owner, who is bound by the policies too, seeing everything."""
    become(owner, SYSTEM)
    return owner


async def test_an_incidents_region_is_one_of_its_edition(city: Context, system: psycopg.Connection) -> None:
    """One line of five that is wrong refuses all: unknown, ended, not yet there, of another code, of another scheme."""
    cells = small_city_cells()
    cells["440101001004"] = cells.pop("440101001003")
    await publish_cells(city, cells)
    await publish_beats(city)
    ended, later, beat = (key_of(system, code) for code in ("440101001003", "440101001004", "beat-1"))
    right = {"taxonomy": "source", "edition": 2, "key": later, "code": "440101001004"}
    for wrong in (
        {"key": NOBODY},
        {"key": ended, "code": "440101001003"},
        {"edition": 1},
        {"code": "440101001001"},
        {"key": beat, "code": "beat-1"},
        {"edition": 3},
        {"edition": 99},
        {"taxonomy": "unheard of"},
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            system.execute(ADD, right | wrong)
    system.execute(ADD, right)
    assert system.execute("select count(*) from incident").fetchone() == (5,)
    system.execute("update incident set region_key = %s where region_key = %s", (ended, later))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        system.execute(f"update incident set region_key = {NOBODY} where region_key = %s", (ended,))


async def test_events_and_placements_carry_their_incidents_key(city: Context, system: psycopg.Connection) -> None:
    """Under another key others would see them; without an incident nobody would miss them."""
    await publish_beats(city)
    key, beat, other = (key_of(system, code) for code in ("440101001001", "beat-1", "440102001001"))
    system.execute(ADD, {"taxonomy": "source", "edition": 1, "key": key, "code": "440101001001"})
    (incident,) = system.execute("select min(id) from incident").fetchone()  # type: ignore[misc]
    event = "insert into incident_event (incident_id, region_key, action, actor_name) values (%s, %s, 'a', 'n')"
    placement = (
        "insert into incident_placement (incident_id, scheme_id, region_key, placed_key, placed_edition, on_border) "
        "values (%s, 2, %s, %s, %s, false)"
    )
    for number, region in ((incident, other), (10**9, key)):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            system.execute(event, (number, region))
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            system.execute(placement, (number, region, beat, 2))
    for placed, edition in ((key, 2), (beat, 1), (NOBODY, 2), (beat, 99)):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            system.execute(placement, (incident, key, placed, edition))
    system.execute(event, (incident, key))
    system.execute(placement, (incident, key, beat, 2))


async def test_placements_follow_their_incident(city: Context, system: psycopg.Connection) -> None:
    """Given to another region, it is seen there with everything; a placement alone goes nowhere."""
    await publish_beats(city)
    incident_id, _, _ = await intake.report(city, SYSTEM_ACTOR, a_report(0.1, 0.1))
    east = key_of(system, "440102001001")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        system.execute("update incident_placement set region_key = %s", (east,))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        system.execute("update incident_placement set placed_key = %s", (NOBODY,))
    async with scoped_transaction(city.engine, SYSTEM) as connection:
        moved = text("update incident set region_key = :key where id = :id")
        await connection.execute(moved, {"key": east, "id": incident_id})
    assert system.execute("select region_key from incident_placement").fetchall() == [(east,)]
    reader = await person(city, "staff", "440102")
    assert (await incidents.one(city, reader, incident_id))["departments"][0]["code"] == "beat-1"


@pytest.mark.parametrize(
    "statement",
    [
        "delete from region",
        "delete from edition",
        "delete from scheme",
        "delete from taxonomy",
        "delete from incident",
        "truncate region cascade",
        "update region set key = key + 1 where code = '440101001001'",
        "update incident set id = default",
        "update edition set id = default where id = 2",
        "update scheme set id = default where not is_main",
        "update incident set placed_code = 'x'",
        "update incident set placed_edition = 2",
        "update taxonomy set taxonomy = 'x' where taxonomy = 'source'",
    ],
)
async def test_what_is_referred_to_stays(city: Context, system: psycopg.Connection, statement: str) -> None:
    """So that a reference that was right once is right for ever, also for the owner."""
    await publish_beats(city)
    key = key_of(system, "440101001001")
    system.execute(ADD, {"taxonomy": "source", "edition": 1, "key": key, "code": "440101001001"})
    system.execute("update incident set closed_at = now()")
    with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.ForeignKeyViolation)):
        system.execute(statement)


EVENT = (
    "insert into incident_event (incident_id, region_key, at, action, actor_name) "
    "select id, region_key, at + %(late)s * interval '1 s', %(action)s, 'n' from given where n <= %(logged)s"
)
WITH_LOG = (
    "with given as (select nextval('incident_id_seq') as id, timestamptz '2025-11-01' as at, n, key as region_key "
    "from region, generate_series(1, 5) n where code = '440101001001'), "
    "added as (insert into incident (id, source, source_id, taxonomy, category, title, state, reported_at, original_x, "
    "original_y, original_crs, geom, region_key, placed_edition, placed_code, assigned, on_border) "
    "overriding system value select id, 's', n::text, 'source', 'c', '', 'reported', at, 0, 0, '', "
    "st_setsrid(st_makepoint(113, 23), 4326), region_key, 1, '440101001001', true, false from given) " + EVENT
)
WHOLE = {"logged": 5, "action": "report", "late": 0}


async def test_the_system_brings_incidents_with_their_logs_or_not_at_all(
    city: Context, system: psycopg.Connection
) -> None:
    """A log that one of five lacks, that begins with another deed or at another time refuses all of them."""
    with system.transaction():
        system.execute("select set_config('citybrain.brings_log', 'yes', true)")
        for wrong in ({"logged": 4}, {"action": "dispatch"}, {"late": 1}):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation), system.transaction():
                system.execute(WITH_LOG, WHOLE | wrong)
        system.execute(WITH_LOG, WHOLE)
    found = system.execute("select count(*), count(distinct incident_id), max(at)::date::text from incident_event")
    assert found.fetchone() == (5, 5, "2025-11-01")


@pytest.mark.parametrize("kept", [frozenset(SYSTEM.rights) - {"keep_city"}, {"see_incidents", "report_incidents"}])
async def test_nobody_else_leaves_the_log_to_himself(
    city: Context, system: psycopg.Connection, kept: frozenset[str]
) -> None:
    """Whoever says that he brings the log: the event of the report is written all the same, with the time of today."""
    become(system, Scope(None, "x", {right: SYSTEM.of(right) for right in kept}))
    system.execute("select set_config('citybrain.brings_log', 'yes', false)")
    system.execute(WITH_LOG, WHOLE | {"logged": 0})
    found = system.execute(
        "select count(*) from incident_event where action = 'report' and at > now() - interval '1 h'"
    )
    assert found.fetchone() == (5,)


async def test_bringing_the_log_ends_with_the_transaction(city: Context, system: psycopg.Connection) -> None:
    """Whoever has the connection next has not said so."""
    with system.transaction():
        system.execute("select set_config('citybrain.brings_log', 'yes', true)")
    system.execute(WITH_LOG, WHOLE | {"logged": 0})
    assert system.execute("select count(*) from incident_event").fetchone() == (5,)
