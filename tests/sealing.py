"""Sealing the audit log on a server that other tests use at the same time."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.seals import seal
from data.engine import scoped_transaction

_SETTLED = text("select coalesce(max(txid) < pg_snapshot_xmin(pg_current_snapshot()), true) from audit")


async def seal_all(context: Context) -> int:
    """Seals when no transaction as old as the last deed is open any more; how many deeds were sealed.

    Transactions of other databases of the server hold the horizon back as well.
    """
    while True:
        async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
            if (await connection.execute(_SETTLED)).scalar_one():
                break
        await asyncio.sleep(0.02)
    return await seal(context)
