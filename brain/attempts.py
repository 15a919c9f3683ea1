"""Attempts to prove who one is: counted by log-in name and by address, and made to wait when too many fail.

An attempt counts as failed before it is examined, so that many at once are no way round. Names that nobody has are
counted like the others: a wait says nothing about whether there is such an account.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy.ext.asyncio import AsyncConnection

from brain.context import Context
from data.engine import SYSTEM, scoped_transaction
from data.errors import TooMany
from data.queries import query

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
FREE_OF_ADDRESS = 100
"""An office of hundreds may stand behind one address."""

ADDRESS_WINDOW = timedelta(hours=1)

_BEGIN = query("attempts", "begin")
_LOCK = query("attempts", "lock")
_WRITE = query("attempts", "write")
_TAKE_BACK = query("attempts", "take_back")
_CLEAR = query("attempts", "clear")

Ready = Callable[[int, datetime, datetime], datetime]
"""From failures, since when, and the last: the earliest moment of the next attempt."""


class Attempt:
    """One attempt under way. It has failed unless it is said to be otherwise."""

    def __init__(self, context: Context, login: str, address: str | None) -> None:
        self._context = context
        self._now = context.clock()
        self._login = _subject(context, "login", login)
        self._address = _subject(context, "address", _network(address)) if address else None
        self._last_failed_at: datetime | None = None

    async def begin(self) -> None:
        """Counts it. Raises TooMany while this name or this address has to wait."""
        async with scoped_transaction(self._context.engine, SYSTEM) as connection:
            if self._address:
                await self._count(connection, self._address, _ready_address, ADDRESS_WINDOW)
            self._last_failed_at = await self._count(connection, self._login, _ready_login, None)

    async def half_right(self) -> None:
        """The password was right, and the second factor is still to come: as if it had not been made."""
        await self._take_back(self._login, self._last_failed_at)
        await self._take_back(self._address, None)

    async def right(self) -> None:
        """Forgets the name's failures; the address loses this one alone, or one's own account would clear it."""
        async with scoped_transaction(self._context.engine, SYSTEM) as connection:
            await connection.execute(_CLEAR, {"subject": self._login})
        await self._take_back(self._address, None)

    async def _count(
        self, connection: AsyncConnection, subject: str, ready: Ready, window: timedelta | None
    ) -> datetime:
        now = self._now
        await connection.execute(_BEGIN, {"subject": subject, "now": now})
        row = (await connection.execute(_LOCK, {"subject": subject})).one()
        failures, since = row.failures, row.since
        last: datetime = row.failed_at
        if window and since + window <= now:
            failures, since = 0, now
        wait = ready(failures, since, last) - now
        if wait > timedelta(0):
            raise TooMany("account.wait", seconds=int(wait.total_seconds()) + 1)
        counted = {"subject": subject, "failures": failures + 1, "since": since, "now": now}
        await connection.execute(_WRITE, counted)
        return last

    async def _take_back(self, subject: str | None, failed_at: datetime | None) -> None:
        if subject is None:
            return
        async with scoped_transaction(self._context.engine, SYSTEM) as connection:
            await connection.execute(_TAKE_BACK, {"subject": subject, "mine": self._now, "before": failed_at})


async def forgive(context: Context, login: str) -> None:
    """Forgets the failures of a name: its account has a new password."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        await connection.execute(_CLEAR, {"subject": _subject(context, "login", login)})


def wait_after(failures: int) -> timedelta:
    """How long a name waits after so many failures in a row."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 16)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _ready_login(failures: int, since: datetime, failed_at: datetime) -> datetime:
    return failed_at + wait_after(failures)


def _ready_address(failures: int, since: datetime, failed_at: datetime) -> datetime:
    return since if failures < FREE_OF_ADDRESS else since + ADDRESS_WINDOW


def _network(address: str) -> str:
    """The address, of IPv6 the 64 bits that a household is given: the rest is the guest's own to change."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def _subject(context: Context, kind: str, value: str) -> str:
    key = context.settings.derived("sign-in failures").encode()
    return hmac.new(key, f"{kind} {value}".encode(), hashlib.sha256).hexdigest()
