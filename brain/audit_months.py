"""The audit log's months: made ahead, and dropped when they are older than the settings say."""

from __future__ import annotations

from datetime import UTC, datetime

from brain import audit
from brain.actor import SYSTEM_ACTOR
from brain.audit_checks import verify
from brain.context import Context
from brain.seals import heads_files, seal
from data.engine import SYSTEM, open_engine, scoped_transaction
from data.errors import Conflict
from data.queries import query

_MAKE = query("audit", "make_months")
_DROP = query("audit", "drop_months")


async def make_months(context: Context) -> None:
    """Makes the tables of the months to come."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        await connection.execute(_MAKE)


async def prune(context: Context) -> dict[str, int]:
    """Drops the months that are over age, as the database's owner, and records and seals that; the deeds of each.

    Raises Conflict, and drops nothing, where the chain does not fit: what does not fit is still needed.
    """
    await seal(context)
    verdict = await verify(context, heads_files(context)[0])
    if verdict.faults:
        raise Conflict("audit.not_pruned", causes=tuple(verdict.faults))
    engine = open_engine(context.settings.owner_url, pool_size=1)
    try:
        async with scoped_transaction(engine, SYSTEM_ACTOR.scope) as connection:
            rows = (await connection.execute(_DROP, {"before": _age(context.settings.audit_months)})).all()
            if rows:
                months = [{"month": str(row.month), "rows": row.lines} for row in rows]
                await audit.record(connection, "prune_audit", kind="audit", details={"months": months})
    finally:
        await engine.dispose()
    await seal(context)
    return {str(row.month): row.lines for row in rows}


def _age(months: int) -> datetime:
    """The beginning of the month so many months ago."""
    now = datetime.now(UTC)
    ago = now.year * 12 + now.month - 1 - months
    return datetime(ago // 12, ago % 12 + 1, 1, tzinfo=UTC)
