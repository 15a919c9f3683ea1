"""Connections to the database, and the only place that sets its scope."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from getpass import getuser
from socket import gethostname
from typing import Literal, cast

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from data.dictionaries.data_sets import closed_fields
from data.dictionaries.rights import rights

MOST_INTERVALS = 4
"""How many key intervals each right of a transaction's scope may have: as many as the policies compare."""

KEY_MAX = 2**63 - 2
"""One less than the largest bigint: a range of keys ends after its last."""


Intervals = tuple[tuple[int, int], ...]
"""Closed intervals of region keys, ascending, neither overlapping nor adjoining."""


Via = Literal["session", "token", "command_line", "job"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a deed comes from: by which door, and the address behind it (of a machine, or user@machine)."""

    via: Via
    address: str | None = None


def _user() -> str:
    """Who runs this process: by name, where its number has one."""
    try:
        return os.environ.get("SUDO_USER") or getuser()
    except (KeyError, OSError):
        return str(os.getuid())


_AT_THE_SERVER = Origin("command_line", f"{_user()}@{gethostname()}")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, from where, and for each right they have the key intervals of the regions in which they have it."""

    actor_id: int | None
    actor_name: str
    rights: Mapping[str, Intervals]
    roles: str = ""
    origin: Origin = _AT_THE_SERVER
    is_read_only: bool = False
    """The database itself then refuses to write anything."""

    def __post_init__(self) -> None:
        most = max(map(len, self.rights.values()), default=0)
        if most > MOST_INTERVALS:
            raise ValueError(f"a scope has at most {MOST_INTERVALS} intervals, not {most}")

    def of(self, right: str) -> Intervals:
        """Where this right is held: nowhere, if it is not."""
        return self.rights.get(right, ())

    def covers(self, right: str, intervals: Sequence[tuple[int, int]]) -> bool:
        """Whether this right is held in all of these."""
        return all(any(lo <= first and last <= hi for lo, hi in self.of(right)) for first, last in intervals)

    def holds(self, right: str, key: int) -> bool:
        """Whether this right is held in the region of this key: the same rule as the policies'."""
        return any(lo <= key <= hi for lo, hi in self.of(right))


HOME = "home"
"""The name under which a scope holds the regions of its roles, whatever they are."""

SYSTEM = Scope(
    actor_id=None,
    actor_name="system",
    rights=dict.fromkeys([*rights(), *(field.held for field in closed_fields()), HOME], ((0, KEY_MAX),)),
)
"""The installation itself: start-up, the command line on the server, jobs over the whole city."""

_SEE = "see_"
"""Rights to see are compared with the key of every row, and so are given as integers, not as a multirange."""

_SET_SCOPE = text(
    "select set_config(name, value, true) "
    "from unnest(cast(:names as text[]), cast(:values as text[])) as s(name, value)"
)


def settings_of(scope: Scope) -> dict[str, str]:
    """The database settings that say who asks and what they may."""
    settings = {
        "citybrain.actor": "" if scope.actor_id is None else str(scope.actor_id),
        "citybrain.actor_name": scope.actor_name,
        "citybrain.roles": scope.roles,
        "citybrain.via": scope.origin.via,
        "citybrain.address": scope.origin.address or "",
    }
    if scope.is_read_only:
        settings["transaction_read_only"] = "on"
    for right, intervals in scope.rights.items():
        if not intervals:
            continue
        settings[f"citybrain.may.{right}"] = "{" + ",".join(f"[{lo},{hi}]" for lo, hi in intervals) + "}"
        if right.startswith(_SEE):
            settings[f"citybrain.{right}.bounds"] = ",".join(f"{lo},{hi + 1}" for lo, hi in intervals)
            for place, (lo, hi) in enumerate(intervals, start=1):
                settings[f"citybrain.{right}.lo{place}"] = str(lo)
                settings[f"citybrain.{right}.hi{place}"] = str(hi)
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
        connect_args={"options": OPTIONS, "application_name": "citybrain"},
    )


OPTIONS = "-c timezone=UTC -c jit=off -c plan_cache_mode=force_custom_plan"
"""A plan is made for the scope that asks: one made for the whole city reads everything for a single grid, too."""


@asynccontextmanager
async def scoped_transaction(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """One transaction that sees what `scope` may see; committed at the end, rolled back on any exception."""
    settings = settings_of(scope)
    async with engine.begin() as connection:
        await connection.execute(_SET_SCOPE, {"names": list(settings), "values": list(settings.values())})
        yield connection


async def driver_connection(connection: AsyncConnection) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """The psycopg connection below, in the same transaction: for COPY."""
    raw = await connection.get_raw_connection()
    return cast("psycopg.AsyncConnection[tuple[object, ...]]", raw.driver_connection)
