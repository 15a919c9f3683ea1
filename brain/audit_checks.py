"""Is the audit log as it was written? Every seal is computed anew and compared, with the heads outside too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from brain.context import Context
from brain.seals import FIRST, Lines, Seal, last_seal, lines, seals
from brain.settings import LEAST_AUDIT_MONTHS
from data.audit_heads import opened_heads
from data.engine import SYSTEM, scoped_transaction
from data.errors import CityError, Conflict
from data.queries import query

TOLD_WITHIN = timedelta(minutes=1)

_PRUNINGS = query("audit", "prunings")
_UNSEALED = query("audit", "unsealed")


@dataclass(slots=True)
class Verdict:
    """What was compared, which months are pruned, and everything that does not fit."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    pruned: set[date] = field(default_factory=set)
    faults: list[CityError] = field(default_factory=list)


async def verify(context: Context, heads: Path) -> Verdict:
    """Reads the whole log and its chain once, a bit at a time. Raises OSError if there is no file of heads.

    Of the seals, and of the heads, the first that does not fit is named: what follows it proves nothing.
    """
    verdict = Verdict()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        fault = await _head_fault(connection, heads)
        last = await last_seal(connection)
        verdict.pruned = await _pruned(connection, last)
        unsealed = (await connection.execute(_UNSEALED, {"txid_from": last.txid_to})).one()
        verdict.unsealed = unsealed.rows
        chain_fault = await _chain_fault(connection, last, verdict)
    verdict.faults += [found for found in (chain_fault, fault) if found is not None]
    if unsealed.is_overdue:
        verdict.faults.append(Conflict("audit.unsealed", rows=unsealed.rows, oldest=_said(unsealed.oldest)))
    return verdict


async def _pruned(connection: AsyncConnection, last: Seal) -> set[date]:
    """Months that a sealed deed says were pruned, when they were old enough for it."""
    rows = await connection.execute(_PRUNINGS, {"txid_to": last.txid_to})
    return {row.month for row in rows if _months_between(row.month, row.at) > LEAST_AUDIT_MONTHS}


async def _chain_fault(connection: AsyncConnection, last: Seal, verdict: Verdict) -> CityError | None:
    before = FIRST
    async with (
        aclosing(lines(connection, 0, last.txid_to)) as deeds,
        aclosing(_ticks(seals(connection, 0, last.seq))) as ticks,
    ):
        waiting = await anext(deeds, None)
        async for tick in ticks:
            first = tick[0]
            if (first.seq, first.txid_from) != (before.seq + 1, before.txid_to):
                return Conflict("audit.seal_gap", seq=before.seq + 1, at=_said(first.at))
            months: dict[date, Lines] = {}
            while waiting is not None and waiting[0] < first.txid_to:
                months.setdefault(waiting[1], Lines()).add(waiting[2])
                waiting = await anext(deeds, None)
            for seal in tick:
                fault = _seal_fault(before, seal, months.pop(seal.month, None), verdict.pruned)
                if fault is not None:
                    return fault
                verdict.seals += 1
                verdict.rows += seal.rows
                before = seal
            if months:
                found = sum(month.count for month in months.values())
                return Conflict("audit.seal_rows", seq=first.seq, at=_said(first.at), had=0, found=found)
    return None if before.seq == last.seq else Conflict("audit.seal_gap", seq=before.seq + 1, at=_said(last.at))


async def _ticks(found: AsyncGenerator[Seal, None]) -> AsyncGenerator[list[Seal], None]:
    """Seals of the same horizons together: one for each month."""
    tick: list[Seal] = []
    async with aclosing(found):
        async for seal in found:
            if tick and (seal.txid_from, seal.txid_to) != (tick[0].txid_from, tick[0].txid_to):
                yield tick
                tick = []
            tick.append(seal)
    if tick:
        yield tick


def _seal_fault(before: Seal, seal: Seal, found: Lines | None, pruned: set[date]) -> CityError | None:
    if found is None and seal.month in pruned and seal.seq == before.seq + 1:
        return None  # its deeds are gone by right; what follows is chained to it all the same
    found = found or Lines()
    if found.count != seal.rows:
        return Conflict("audit.seal_rows", seq=seal.seq, at=_said(seal.at), had=seal.rows, found=found.count)
    if found.sealed(before, seal.month, seal.txid_from, seal.txid_to, seal.at) != seal:
        return Conflict("audit.seal_changed", seq=seal.seq, at=_said(seal.at), rows=seal.rows)
    return None


async def _head_fault(connection: AsyncConnection, path: Path) -> CityError | None:
    """The heads are opened first: each was told after its seal was there."""
    with opened_heads(path) as heads:
        last = await last_seal(connection)
        async with aclosing(seals(connection, 0, last.seq)) as found:
            async for seal in found:
                head = next(heads, None)
                if head is None and datetime.now(UTC) - seal.at < TOLD_WITHIN:
                    return None
                if head is None or head.seq > seal.seq:
                    return Conflict("audit.head_missing", seq=seal.seq, file=path)
                if head != seal.head:
                    return Conflict("audit.head_differs", seq=head.seq, file=path, at=head.at)
        left = next(heads, None)
    return None if left is None else Conflict("audit.seal_gone", seq=left.seq, file=path, at=left.at)


def _months_between(month: date, at: datetime) -> int:
    return (at.year - month.year) * 12 + at.month - month.month


def _said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
