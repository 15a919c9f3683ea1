"""Connections to the database, and the only place that sets its scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

MOST_INTERVALS = 4
"""How many key intervals one transaction's scope may have: as many as the policies compare."""

KEY_MAX = 2**63 - 2
"""One less than the largest bigint: a range of keys ends after its last."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, in which role, and the closed key intervals of the regions they may see (merged, ascending)."""

    actor_id: int | None
    actor_name: str
    role: str
    intervals: tuple[tuple[int, int], ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.intervals) > MOST_INTERVALS:
            raise ValueError(f"a scope has at most {MOST_INTERVALS} intervals, not {len(self.intervals)}")

    def covers(self, intervals: Sequence[tuple[int, int]]) -> bool:
        """Whether all of these lie in scope."""
        return all(any(lo <= first and last <= hi for lo, hi in self.intervals) for first, last in intervals)

    def holds(self, key: int) -> bool:
        """Whether the region of this key is in scope: the same rule as the policies'."""
        return any(lo <= key <= hi for lo, hi in self.intervals)


SYSTEM = Scope(actor_id=None, actor_name="system", role="system", intervals=((0, KEY_MAX),))
"""The installation itself: start-up, the command line on the server, jobs over the whole city."""

_SET_SCOPE = text(
    "select set_config(name, value, true) "
    "from unnest(cast(:names as text[]), cast(:values as text[])) as s(name, value)"
)


def _settings(scope: Scope) -> dict[str, str]:
    settings = {
        "citybrain.actor": "" if scope.actor_id is None else str(scope.actor_id),
        "citybrain.role": scope.role,
        "citybrain.lo": str(min((lo for lo, _ in scope.intervals), default="")),
        "citybrain.hi": str(max((hi for _, hi in scope.intervals), default="")),
    }
    for place in range(MOST_INTERVALS):
        lo, hi = scope.intervals[place] if place < len(scope.intervals) else ("", "")
        settings[f"citybrain.lo{place + 1}"] = str(lo)
        settings[f"citybrain.hi{place + 1}"] = str(hi)
    return settings


def sqlalchemy_url(url: str) -> URL:
    """The same address for SQLAlchemy on psycopg 3, whatever driver the given one names."""
    return make_url(url).set(drivername="postgresql+psycopg")


def psycopg_conninfo(url: str) -> str:
    """The same address for psycopg itself, whatever characters the password has."""
    parts = make_url(url).translate_connect_args(username="user", database="dbname")
    options = {
        name: value if isinstance(value, str) else ",".join(value) for name, value in make_url(url).query.items()
    }
    return make_conninfo("", **parts, **options)


def open_engine(url: str, *, pool_size: int = 8) -> AsyncEngine:
    """A pool of connections as the role that `url` names."""
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",  # whatever the server's default: after a lock the next statement looks anew
        connect_args={"options": "-c timezone=UTC -c jit=off", "application_name": "citybrain"},
    )


@asynccontextmanager
async def scoped_transaction(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """One transaction that sees what `scope` may see; committed at the end, rolled back on any exception."""
    settings = _settings(scope)
    async with engine.begin() as connection:
        await connection.execute(_SET_SCOPE, {"names": list(settings), "values": list(settings.values())})
        yield connection


async def driver_connection(connection: AsyncConnection) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """The psycopg connection below, in the same transaction: for COPY."""
    raw = await connection.get_raw_connection()
    return cast("psycopg.AsyncConnection[tuple[object, ...]]", raw.driver_connection)
