"""The audit log: a deed is recorded on the transaction that does it, and is there exactly if that is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from data.dictionaries.deeds import deeds
from data.queries import query

__all__ = ["as_json", "deeds", "record"]

_ADD = query("audit", "add")


async def record(
    connection: AsyncConnection,
    deed: str,
    *,
    kind: str | None = None,
    object_id: object = None,
    region_key: int | None = None,
    reason: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Records that the actor of this transaction does `deed` to an object (`kind`, `object_id`), perhaps in a region.

    Who acts, with which roles and from where is the transaction's own (`Scope`). `details` are facts as JSON; for a
    change `before` and `after`. Raises KeyError for a deed that deeds.tsv does not know.
    """
    await connection.execute(
        _ADD,
        {
            "action": deeds()[deed].deed,
            "kind": kind,
            "object_id": None if object_id is None else str(object_id),
            "region_key": region_key,
            "reason": reason,
            "details": None if details is None else as_json(details),
        },
    )


def as_json(details: Mapping[str, object]) -> str:
    """Details as text, Chinese readable."""
    return json.dumps(details, ensure_ascii=False)
