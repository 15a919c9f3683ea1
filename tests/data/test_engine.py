"""The scope of a transaction: fails closed, ends with its transaction, holds for every way of asking."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.intake import report_many
from brain.reports import IncidentReport
from data.engine import MOST_INTERVALS, SYSTEM, scoped_transaction
from data.errors import Where
from tests.worlds import at, person, seeing

pytestmark = pytest.mark.anyio

COUNT = text("select count(*) from incident")


@pytest.fixture
async def two_incidents(city: Context) -> Context:
    """One incident in each district."""
    reports = [
        (Where(), IncidentReport(source="t", source_id=str(n), taxonomy="source", category="x", x=x, y=y))
        for n, (x, y) in enumerate([at(0.1, 0.1), at(2.5, 0.5)])
    ]
    await report_many(city, SYSTEM_ACTOR, reports)
    return city


async def test_no_scope_sees_no_rows(two_incidents: Context) -> None:
    """Fail closed: a connection that nobody scoped finds nothing and may write nothing."""
    async with two_incidents.engine.begin() as connection:
        assert (await connection.execute(COUNT)).scalar_one() == 0
        assert (await connection.execute(text("select count(*) from incident_event"))).scalar_one() == 0
        assert (await connection.execute(text("select count(*) from account"))).scalar_one() == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with two_incidents.engine.begin() as connection:
            await connection.execute(
                text("insert into edition (scheme_id, seq, valid_from, note) values (1,9,now(),'')")
            )


async def test_scope_ends_with_its_transaction(two_incidents: Context) -> None:
    """A pooled connection used again remembers nothing of the one who used it before."""
    engine = two_incidents.engine
    async with scoped_transaction(engine, SYSTEM) as connection:
        assert (await connection.execute(COUNT)).scalar_one() == 2
        pid = (await connection.execute(text("select pg_backend_pid()"))).scalar_one()
    async with engine.begin() as connection:
        assert (await connection.execute(text("select pg_backend_pid()"))).scalar_one() == pid
        assert (await connection.execute(COUNT)).scalar_one() == 0


async def test_a_district_sees_its_own_and_not_its_neighbour(two_incidents: Context) -> None:
    """Counts and events alike: each district one, both together two."""
    for regions, expected in (
        (("440101",), 1),
        (("440102",), 1),
        (("440101", "440102"), 2),
        (("440101001001",), 1),
        ((), 2),
    ):
        actor = await person(two_incidents, "staff", *regions)
        async with scoped_transaction(two_incidents.engine, actor.scope) as connection:
            assert (await connection.execute(COUNT)).scalar_one() == expected, regions
            events = await connection.execute(text("select count(*) from incident_event"))
            assert events.scalar_one() == expected, regions


async def test_every_interval_of_a_scope_counts(two_incidents: Context) -> None:
    """The last of the intervals opens rows like the first; the hull around them does not."""
    async with scoped_transaction(two_incidents.engine, SYSTEM) as connection:
        keys = list((await connection.execute(text("select region_key from incident order by id"))).scalars())
    nowhere = [(2**50 + 10 * n, 2**50 + 10 * n + 1) for n in range(MOST_INTERVALS - 1)]
    for key in keys:
        scope = seeing((key, key), *nowhere)
        async with scoped_transaction(two_incidents.engine, scope) as connection:
            assert (await connection.execute(COUNT)).scalar_one() == 1
    around = seeing((1, min(keys) - 1), (max(keys) + 1, max(keys) + 2))
    async with scoped_transaction(two_incidents.engine, around) as connection:
        assert (await connection.execute(COUNT)).scalar_one() == 0


async def test_too_many_intervals_are_refused() -> None:
    """A scope that the policies cannot compare is not cut silently."""
    with pytest.raises(ValueError, match="at most"):
        seeing(*((2 * n, 2 * n) for n in range(MOST_INTERVALS + 1)))


async def test_event_log_is_append_only(two_incidents: Context, owner) -> None:  # type: ignore[no-untyped-def]
    """Neither the application nor the owner changes or removes a line."""
    async with scoped_transaction(two_incidents.engine, SYSTEM) as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("update incident_event set action = 'forged'"))
    import psycopg

    for statement in (
        "update incident_event set action = 'x'",
        "delete from incident_event",
        "truncate incident_event",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            owner.execute(statement)
