"""Sealing the audit log: what was committed since the last seal is chained to it, and the chain's head told outside.

A seal covers the deeds of one month whose transactions lie between two horizons (decision 0006): below a horizon
nothing is still to come, so nobody who writes waits for a seal, or for another writer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.context import Context
from data.audit_heads import Head, append_heads, last_head
from data.engine import SYSTEM, scoped_transaction
from data.errors import Unready
from data.queries import query

EVERY_S = 1.0
AT_ONCE = 5_000
"""Rows read from the database, or heads written, at once."""

_ONE_AT_A_TIME = query("audit", "seal_one_at_a_time")
_HORIZON = query("audit", "horizon")
_LAST = query("audit", "last_seal")
_SORT_NOTHING = query("audit", "sort_nothing")
_LINES = query("audit", "lines")
_ADD = query("audit", "add_seal")
_SEALS = query("audit", "seals")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seal:
    """What is covered: `rows` deeds of a month, of transactions from `txid_from` up to but without `txid_to`."""

    seq: int
    month: date
    txid_from: int
    txid_to: int
    rows: int
    at: datetime
    digest: str

    @property
    def head(self) -> Head:
        """The seal as it is told outside."""
        return Head(self.seq, _moment(self.at), self.rows, self.digest)


FIRST = Seal(0, date.min, 0, 0, 0, datetime.min.replace(tzinfo=UTC), "")
"""What the first seal follows."""


class Lines:
    """The deeds of one month between two horizons: counted, and hashed in the order of their transactions."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, line: str) -> None:
        """One deed, in the form of the query `lines`."""
        self.count += 1
        self._hash.update(line.encode() + b"\n")

    def sealed(self, before: Seal, month: date, txid_from: int, txid_to: int, at: datetime) -> Seal:
        """The seal over these deeds that follows `before`: the one place that says what a digest is made of."""
        facts = [before.digest, before.seq + 1, str(month), txid_from, txid_to, self.count, _moment(at)]
        text = json.dumps([*facts, self._hash.hexdigest()])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Seal(before.seq + 1, month, txid_from, txid_to, self.count, at, digest)


async def last_seal(connection: AsyncConnection) -> Seal:
    """The newest seal, or FIRST."""
    row = (await connection.execute(_LAST)).mappings().one_or_none()
    return FIRST if row is None else Seal(**row)


async def seals(connection: AsyncConnection, after: int, last: int) -> AsyncGenerator[Seal, None]:
    """Seals after one number and up to another, read a page at a time."""
    while after < last:
        page = await connection.execute(_SEALS, {"after": after, "last": last, "limit": AT_ONCE})
        found = [Seal(**row) for row in page.mappings()]
        if not found:
            return
        for seal in found:
            yield seal
        after = found[-1].seq


async def lines(
    connection: AsyncConnection, txid_from: int, txid_to: int
) -> AsyncGenerator[tuple[int, date, str], None]:
    """Deeds between two horizons, read a page at a time, by transaction: its id, the month, the deed's one form."""
    await connection.execute(_SORT_NOTHING)
    after = {"after_txid": txid_from, "after_id": 0}
    while True:
        page = (await connection.execute(_LINES, {**after, "txid_to": txid_to, "limit": AT_ONCE})).all()
        for row in page:
            yield row.txid, row.month, row.line
        if len(page) < AT_ONCE:
            return
        after = {"after_txid": page[-1].txid, "after_id": page[-1].id}


async def seal(context: Context) -> int:
    """Seals what has been committed since the last seal, if nobody else does, and tells the heads; how many deeds.

    Raises Unready where the database was restored from a dump into a cluster whose transaction ids lie behind; OSError
    where a head cannot be written: the seals stand all the same.
    """
    sealed = 0
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        if not (await connection.execute(_ONE_AT_A_TIME)).scalar_one():
            return 0
        last = await last_seal(connection)
        moment = (await connection.execute(_HORIZON)).one()
        if moment.horizon < last.txid_to:
            raise Unready("audit.restored", horizon=moment.horizon, sealed=last.txid_to)
        months: dict[date, Lines] = {}
        async for _, month, line in lines(connection, last.txid_to, moment.horizon):
            months.setdefault(month, Lines()).add(line)
        txid_from, seal = last.txid_to, last
        for month in sorted(months):
            seal = months[month].sealed(seal, month, txid_from, moment.horizon, moment.now)
            await connection.execute(_ADD, asdict(seal))
            sealed += seal.rows
    await _tell_heads(context)
    return sealed


async def seal_for_ever(context: Context) -> None:
    """Seals every second until it is cancelled, whatever goes wrong meanwhile."""
    while True:
        try:
            await seal(context)
        except Exception as fault:  # whatever it was: a worker that no longer seals would look alive
            log.error("audit log not sealed", fault=str(fault))
        await asyncio.sleep(EVERY_S)


def heads_files(context: Context) -> list[Path]:
    """Where heads are told: in the installation's home, and where the settings say."""
    settings = context.settings
    return [settings.home / "audit-heads.jsonl", *([settings.audit_heads] if settings.audit_heads else [])]


async def _tell_heads(context: Context) -> None:
    """In each place, though another should fail."""
    faults: list[OSError] = []
    for path in heads_files(context):
        try:
            await _tell_heads_in(context, path)
        except OSError as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


async def _tell_heads_in(context: Context, path: Path) -> None:
    known = await asyncio.to_thread(last_head, path)
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        last = (await last_seal(connection)).seq
        waiting: list[Head] = []
        async for seal in seals(connection, known, last):
            waiting.append(seal.head)
            if len(waiting) == AT_ONCE or seal.seq == last:
                await asyncio.to_thread(append_heads, path, waiting)
                waiting = []


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
