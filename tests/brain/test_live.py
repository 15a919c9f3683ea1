"""The live feed: what changes reaches those who may see it, soon, and a reconnect misses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import psycopg
import pytest

from brain import intake
from brain.actor import SYSTEM_ACTOR, Actor
from brain.context import Context
from brain.live import Live
from data.engine import SYSTEM, psycopg_conninfo, settings_of
from tests.worlds import a_report, cell, person, publish_cells, small_city_cells

pytestmark = pytest.mark.anyio

SOON_S = 5.0


class Feed:
    """One reader's messages, parsed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._read: list[tuple[str, dict[str, Any]]] = []
        self.cursor: int | None = None

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next message."""
        while not self._read:
            block = await asyncio.wait_for(anext(self._stream), SOON_S)
            for message in block.decode().strip().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in message.split("\n"))
                if "id" in fields:
                    self.cursor = int(fields["id"])
                self._read.append((fields["event"], json.loads(fields["data"])))
        return self._read.pop(0)

    async def rest(self) -> AsyncIterator[bytes]:
        """What is left until the stream ends."""
        async for block in self._stream:
            yield block

    async def incident_ids(self, count: int) -> list[int]:
        """The ids of the next messages until there are `count` different ones."""
        seen: set[int] = set()
        while len(seen) < count:
            event, data = await self.next()
            if event == "edition":
                continue
            assert event == "incidents"
            seen |= {int(i) for i in data["ids"]}
        return sorted(seen)


@asynccontextmanager
async def listening(context: Context, actor: Actor, cursor: int | None = None) -> AsyncIterator[Feed]:
    """A feed whose greeting has been read."""
    async with aclosing(context.live.stream(actor.scope, cursor)) as stream:  # type: ignore[type-var]
        yield Feed(stream)


async def test_a_feed_that_has_just_begun_tells_the_first_event(city: Context) -> None:
    """Even one that happens before the feed has ticked for the first time."""
    async with listening(city, SYSTEM_ACTOR) as feed:
        assert (await feed.next())[0] == "hello"
        made = await _report(city, 0.1, 0.1, "first")
        city.live.start()
        assert await feed.incident_ids(1) == [made]


@pytest.fixture
async def live(city: Context) -> Context:
    """The small city with its feed running."""
    city.live.start()
    await asyncio.wait_for(city.live.connected.wait(), SOON_S)
    return city


async def _report(context: Context, column: float, row: float, source_id: str) -> int:
    incident_id, _, _ = await intake.report(context, SYSTEM_ACTOR, a_report(column, row, source_id=source_id))
    return incident_id


async def test_each_hears_of_their_own_regions_only(live: Context) -> None:
    """Two districts and a commander: the right ids, and nothing of the neighbour's."""
    west, east, all_ = (
        await person(live, "staff", "440101"),
        await person(live, "staff", "440102"),
        await person(live, "commander"),
    )
    async with listening(live, west) as in_west, listening(live, east) as in_east, listening(live, all_) as everywhere:
        for feed in (in_west, in_east, everywhere):
            assert (await feed.next())[0] == "hello"
        a = await _report(live, 0.1, 0.1, "a")
        b = await _report(live, 2.5, 0.5, "b")
        c = await _report(live, 0.2, 0.1, "c")
        assert await in_west.incident_ids(2) == [a, c]
        assert await in_east.incident_ids(1) == [b]
        assert await everywhere.incident_ids(3) == [a, b, c]


async def test_a_reconnect_is_told_what_it_missed(live: Context) -> None:
    """With the cursor it had, exactly its own missed ones; without one, nothing old."""
    west = await person(live, "staff", "440101")
    async with listening(live, west) as feed:
        await feed.next()
        cursor = feed.cursor
    a = await _report(live, 0.1, 0.1, "a")
    await _report(live, 2.5, 0.5, "b")
    async with listening(live, west, cursor) as feed:
        assert await feed.incident_ids(1) == [a]
        assert [(await feed.next())[0] for _ in range(2)] == ["edition", "hello"]
    async with listening(live, west) as feed:
        assert (await feed.next())[0] == "hello"


async def test_a_transaction_that_commits_late_is_not_missed(live: Context) -> None:
    """It took its event id before another that was told first: an id as cursor would lose it."""
    west = await person(live, "staff", "440101")
    url = psycopg_conninfo(live.settings.owner_url)
    async with await psycopg.AsyncConnection.connect(url) as slow:
        first = await _report(live, 0.1, 0.1, "first")
        for setting in settings_of(SYSTEM).items():
            await slow.execute("select set_config(%s, %s, true)", setting)
        late = await slow.execute(
            "insert into incident_event (incident_id, region_key, action, actor_name) "
            "select id, region_key, 'late', 'test' from incident where id = %s",
            (first,),
        )
        assert late.rowcount == 1
        async with listening(live, west) as feed:
            await feed.next()
            second = await _report(live, 0.2, 0.1, "second")
            told: set[int] = set()
            while second not in told:
                told |= {*await feed.incident_ids(1)}
            cursor = feed.cursor
        await slow.commit()
    async with listening(live, west, cursor) as feed:
        assert first in await feed.incident_ids(1)


async def test_a_cursor_from_nowhere_means_read_everything(live: Context) -> None:
    """After a restore from a backup the old cursors lie in the future."""
    async with listening(live, SYSTEM_ACTOR, 2**60) as feed:
        assert [(await feed.next())[0] for _ in range(3)] == ["reload", "edition", "hello"]


async def test_a_publish_reaches_every_map(live: Context) -> None:
    """The new edition's id, whoever asks: borders are everybody's."""
    staff = await person(live, "staff", "440102001001")
    await _report(live, 0.1, 0.1, "wakes the feed once")
    async with listening(live, staff) as feed:
        assert (await feed.next())[0] == "hello"
        cells = small_city_cells() | {"440102001001": cell(2, 0, 0.9), "440102001005": cell(2.9, 0, 0.1)}
        done = await publish_cells(live, cells)
        assert await feed.next() == ("edition", {"scheme": "main", "edition": str(done.edition_id)})


async def test_a_reader_that_does_not_read_is_cut_off_and_nobody_else(
    live: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its messages do not pile up; the others go on."""
    monkeypatch.setattr("brain.live.MOST_WAITING", 2)
    async with listening(live, SYSTEM_ACTOR) as stuck, listening(live, SYSTEM_ACTOR) as awake:
        await stuck.next()
        await awake.next()
        for number in range(4):
            made = await _report(live, 0.1, 0.1, str(number))
            assert await awake.incident_ids(1) == [made]
        rest = [message async for message in stuck.rest()]
        assert all(b"incidents" in message for message in rest)
        assert len(rest) <= 2


async def test_the_feed_survives_a_broken_connection(live: Context, owner: psycopg.Connection) -> None:
    """What happens while the listener is away is told when it is back."""
    async with listening(live, SYSTEM_ACTOR) as feed:
        await feed.next()
        before = await _report(live, 0.1, 0.1, "before")
        assert await feed.incident_ids(1) == [before]
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'"
        )
        during = await _report(live, 0.2, 0.1, "during")
        assert await feed.incident_ids(1) == [during]


async def test_the_feed_survives_whatever_happens_to_a_tick(live: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that is empty for a while must not leave a feed that looks alive and is deaf."""
    tick = live.live._tick
    failed = asyncio.Event()

    async def fail_once() -> None:
        if not failed.is_set():
            failed.set()
            raise TimeoutError("no connection was free")
        await tick()

    monkeypatch.setattr(live.live, "_tick", fail_once)
    async with listening(live, SYSTEM_ACTOR) as feed:
        await feed.next()
        made = await _report(live, 0.1, 0.1, "during")
        await asyncio.wait_for(failed.wait(), SOON_S)
        assert await feed.incident_ids(1) == [made]


async def test_closing_ends_every_stream(live: Context) -> None:
    """A shutdown does not wait for readers."""
    async with listening(live, SYSTEM_ACTOR) as feed:
        await feed.next()
        await live.live.close()
        with pytest.raises(StopAsyncIteration):
            await feed.next()
    async with listening(live, SYSTEM_ACTOR) as late:
        with pytest.raises(StopAsyncIteration):
            await late.next()
    assert isinstance(live.live, Live)
