"""The demo's past in the database: whole logs at the times of then, gone on with after an interruption, seen by scope."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import groupby

import psycopg
import pytest

from brain import boundaries
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.demo import region_set
from brain.demo_history import load_history
from brain.incidents import figures
from data.demo import history as demo_history
from data.demo.city import DemoCity, make_city
from data.demo.regions import make_regions
from data.dictionaries.transitions import state_after, states
from tests.worlds import person

pytestmark = pytest.mark.anyio

DAYS = 12


def told(*_: object) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def chancheng() -> DemoCity:
    """The city that the demo shows first."""
    return make_city("chancheng", 1)


@pytest.fixture
async def published(context: Context, chancheng: DemoCity, monkeypatch: pytest.MonkeyPatch) -> Context:
    """An installation with its borders; parts are small."""
    monkeypatch.setattr(demo_history, "PART_ROWS", 1000)
    regions = region_set(make_regions(chancheng.plan, chancheng.codes, chancheng.terrain))
    await boundaries.publish(context, SYSTEM_ACTOR, "main", regions, note="", progress=told)
    return context


async def test_the_past_is_loaded_with_its_logs_and_gone_on_with_where_it_broke_off(
    published: Context, chancheng: DemoCity, owner: psycopg.Connection
) -> None:
    """Cancelled after a part, loaded again, and once more: every incident once, with its own log and its own times."""

    def break_off(_: str, done: int, about: int) -> None:
        if done:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(load_history(published, chancheng, DAYS, break_off))
    before = await figures(published, SYSTEM_ACTOR)
    steps: list[tuple[int, int]] = []
    await load_history(published, chancheng, DAYS, lambda _, done, about: steps.append((done, about)))
    after = await figures(published, SYSTEM_ACTOR)
    assert 0 < before["total"] < after["total"] == before["total"] + steps[-1][0]
    assert steps[-1][1] >= steps[-1][0]
    await load_history(published, chancheng, DAYS, told)
    assert await figures(published, SYSTEM_ACTOR) == after
    assert after["total"] == pytest.approx(262 * DAYS, rel=0.15)
    assert after["unassigned"] < after["total"] / 100

    see_everything(owner)
    incidents = {
        row[0]: row[1:]
        for row in owner.execute(
            "select id, state, reported_at, closed_at, region_key from incident order by reported_at, id"
        )
    }
    assert list(incidents) == sorted(incidents)
    events = owner.execute("select incident_id, action, at, region_key from incident_event order by incident_id, id")
    logged = 0
    for incident_id, log in groupby(events.fetchall(), key=lambda event: event[0]):
        deeds = list(log)
        state, reported_at, closed_at, key = incidents[incident_id]
        assert state_after([action for _, action, _, _ in deeds]) == state
        times = [at for _, _, at, _ in deeds]
        assert times == sorted(times)
        assert times[0] == reported_at
        assert (closed_at in times) == states()[state].is_closed == (closed_at is not None)
        assert {of for _, _, _, of in deeds} == {key}
        logged += 1
    assert logged == len(incidents)
    (end,) = owner.execute("select published_at from edition").fetchone()  # type: ignore[misc]
    moments = [reported_at for _, reported_at, _, _ in incidents.values()]
    assert end - timedelta(days=DAYS) < min(moments) < max(moments) <= end
    kept = owner.execute("select count(*), count(details) from incident_event where action = 'request_return'")
    assert len(set(kept.fetchone() or ())) == 1

    one, all_of_it = await person(published, "staff", "440604010"), await person(published, "commander")
    assert 0 < (await figures(published, one))["total"] < (await figures(published, all_of_it))["total"]


def see_everything(owner: psycopg.Connection) -> None:
    """The owner is bound by the policies too."""
    for name, value in (("role", "system"), ("lo", "0"), ("hi", str(2**62)), ("lo1", "0"), ("hi1", str(2**62))):
        owner.execute("select set_config(%s, %s, false)", (f"citybrain.{name}", value))
