"""The live feed: what changed, told to every open map that may see it, gathered per tick.

The event log is the source; a notification only wakes this process. A cursor is a transaction horizon: every
transaction below it had ended when it was given out, so reading again from it misses nothing, whatever order
transactions committed in; what it repeats is harmless, since a message carries ids only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from brain.actor import Proof
from data.engine import SYSTEM, Intervals, Scope, scoped_transaction
from data.notify import listen
from data.queries import query

TICK_S = 0.1
BEAT_S = 10.0
RETRY_S = 1.0
MOST_EVENTS = 20_000
"""Events read at once; a feed further behind than this tells its readers to read everything again."""

MOST_WAITING = 64
"""Messages a slow reader may have waiting before it is cut off, to come back with its cursor."""

_PROOFS = {"session", "api_token"}
"""Tables whose notifications tell that somebody may have to leave."""

_EVENTS = query("incidents", "live_events")
_HORIZON = query("incidents", "live_horizon")
_EDITIONS = query("regions", "current_editions")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event; `cursor` is the horizon to come back with."""

    event: str
    data: dict[str, object]
    cursor: int | None = None

    def encoded(self) -> bytes:
        """As it goes over the wire (WHATWG HTML, server-sent events)."""
        head = f"id: {self.cursor}\n" if self.cursor is not None else ""
        return f"{head}event: {self.event}\ndata: {json.dumps(self.data, separators=(',', ':'))}\n\n".encode()


@dataclass(eq=False, slots=True)
class _Reader:
    proof: Proof | None
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))


class Live:
    """One feed a process: one listening connection, one buffer per distinct scope and tick."""

    def __init__(
        self,
        engine: AsyncEngine,
        url: str,
        *,
        on_editions: Callable[[], None],
        ended_among: Callable[[Collection[Proof]], Awaitable[set[Proof]]],
    ) -> None:
        """`on_editions` is called at the beginning and after every publish; `ended_among` says who has to leave."""
        self._ended_among = ended_among
        self._engine = engine
        self._on_editions = on_editions
        self._url = url
        self._readers: dict[Intervals, set[_Reader]] = {}
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._left = asyncio.Event()
        self._horizon = 0
        self._beginning = asyncio.Lock()
        self._told: dict[int, int] = {}
        self._editions: dict[str, int] = {}
        self._closed = False
        self.connected = asyncio.Event()

    def start(self) -> None:
        """Begins to listen; needs a running loop."""
        self._task = asyncio.create_task(self._run(), name="live feed")

    async def close(self) -> None:
        """Ends every stream, and those still to come, and stops listening."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for reader in [reader for readers in self._readers.values() for reader in readers]:
            self._cut(reader)

    async def stream(self, scope: Scope, cursor: int | None, proof: Proof | None = None) -> AsyncIterator[bytes]:
        """Server-sent events for `scope`, from `cursor` on, until `proof` ends; holds no database session meanwhile."""
        await self._begin()
        if self._closed:
            return
        group = scope.of("see_incidents")
        reader = _Reader(proof)
        self._readers.setdefault(group, set()).add(reader)
        try:
            yield await self._greeting(scope, cursor)
            while True:
                try:
                    message = await asyncio.wait_for(reader.waiting.get(), BEAT_S)
                except TimeoutError:
                    message = Message("beat", {}).encoded()
                if message is None:
                    return
                yield message
        finally:
            self._readers[group].discard(reader)
            if not self._readers[group]:
                del self._readers[group]

    async def _begin(self) -> None:
        """Fixes where the feed begins, before anybody reads it: what happens from then on is told to every reader."""
        async with self._beginning:
            if self._horizon == 0:
                async with scoped_transaction(self._engine, SYSTEM) as connection:
                    self._editions = await _read_editions(connection)
                    self._horizon = await _read_horizon(connection)
                self._on_editions()

    async def _greeting(self, scope: Scope, cursor: int | None) -> bytes:
        """A hello with a fresh cursor; before it the editions there are, and what happened since the old cursor."""
        async with scoped_transaction(self._engine, scope) as connection:
            horizon = await _read_horizon(connection)
            editions = _edition_messages(await _read_editions(connection))
            missed: list[Row[tuple[int, int, int, int]]] = []
            if cursor is not None and cursor <= horizon:
                missed = await _read_events(connection, cursor, [])
        hello = Message("hello", {}, horizon).encoded()
        if cursor is None:
            return hello
        hello = editions + hello
        if cursor > horizon or len(missed) == MOST_EVENTS:
            return Message("reload", {}).encoded() + hello
        ids = sorted({row.incident_id for row in missed})
        return (Message("incidents", {"ids": [str(i) for i in ids]}).encoded() if ids else b"") + hello

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen())
                    tasks.create_task(self._tell())
                    tasks.create_task(self._see_out())
            except* Exception as faults:  # whatever it was: a feed that has ended would look alive and be deaf
                log.warning("live feed begins anew", faults=[str(fault) for fault in faults.exceptions])
            self.connected.clear()
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with aclosing(listen(self._url)) as notifications:
            async for table in notifications:
                self.connected.set()
                (self._left if table in _PROOFS else self._woken).set()

    async def _tell(self) -> None:
        await self.connected.wait()
        await self._begin()
        while True:
            await self._woken.wait()
            await asyncio.sleep(TICK_S)
            self._woken.clear()
            await self._tick()

    async def _see_out(self) -> None:
        """Ends the streams of those whose session or token has ended: at once when it is ended, else within a beat."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), BEAT_S)
            self._left.clear()
            readers = [reader for group in self._readers.values() for reader in group]
            proofs = {reader.proof for reader in readers if reader.proof}
            ended = await self._ended_among(proofs) if proofs else set()
            for reader in readers:
                if reader.proof in ended:
                    self._cut(reader)

    async def _tick(self) -> None:
        """Reads what is new in the log and puts one message into each scope's readers."""
        async with scoped_transaction(self._engine, SYSTEM) as connection:
            horizon = await _read_horizon(connection)
            fresh = await _read_events(connection, self._horizon, list(self._told))
            editions = await _read_editions(connection)
        told = self._told | {row.id: row.txid for row in fresh}
        self._told = {event: txid for event, txid in told.items() if txid >= horizon}
        self._horizon = horizon
        published = {scheme: edition for scheme, edition in editions.items() if self._editions.get(scheme) != edition}
        self._editions = editions
        if published:
            self._on_editions()
        for intervals, readers in list(self._readers.items()):
            messages = _edition_messages(published)
            if len(fresh) == MOST_EVENTS:
                messages += Message("reload", {}, horizon).encoded()
            else:
                seen = (row for row in fresh if any(lo <= row.region_key <= hi for lo, hi in intervals))
                ids = sorted({row.incident_id for row in seen})
                if ids:
                    messages += Message("incidents", {"ids": [str(i) for i in ids]}, horizon).encoded()
            if messages:
                for reader in list(readers):
                    self._put(reader, messages)

    def _put(self, reader: _Reader, message: bytes) -> None:
        if reader.waiting.full():
            self._cut(reader)
        else:
            reader.waiting.put_nowait(message)

    def _cut(self, reader: _Reader) -> None:
        """Ends a reader's stream; it comes back with its cursor and misses nothing."""
        while not reader.waiting.empty():
            reader.waiting.get_nowait()
        reader.waiting.put_nowait(None)


def _edition_messages(published: dict[str, int]) -> bytes:
    return b"".join(
        Message("edition", {"scheme": scheme, "edition": str(edition)}).encoded()
        for scheme, edition in published.items()
    )


async def _read_editions(connection: AsyncConnection) -> dict[str, int]:
    """Each scheme's current edition."""
    return {row.scheme: row.edition_id for row in await connection.execute(_EDITIONS)}


async def _read_horizon(connection: AsyncConnection) -> int:
    return int((await connection.execute(_HORIZON)).scalar_one())


async def _read_events(
    connection: AsyncConnection, horizon: int, told: list[int]
) -> list[Row[tuple[int, int, int, int]]]:
    bound = {"horizon": horizon, "told": told, "limit": MOST_EVENTS}
    return list((await connection.execute(_EVENTS, bound)).all())
