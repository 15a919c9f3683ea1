"""What an auditor reads: deeds newest first, taken away with a watermark, and whether they are sealed."""

from __future__ import annotations

import csv
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from sqlalchemy import Row, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.actor import Actor
from brain.context import Context
from brain.seals import Seal, last_seal
from data.dictionaries import MAIN_SCHEME
from data.dictionaries.deeds import deeds
from data.engine import KEY_MAX, SYSTEM, scoped_transaction
from data.errors import BadInput, Language, NotFound, Where, message
from data.queries import query

RIGHT = "see_audit"
PAGE = 5_000
"""Deeds read at once for a file."""

MOST_EXPORTED = 200_000

_LATEST = query("audit", "latest")
_UNSEALED = query("audit", "unsealed")
_REGION = query("regions", "by_code")

_EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
_COLUMNS = (
    *("id", "at", "actor_id", "actor_name", "roles", "action", "object_kind", "object_id"),
    *("region_code", "region_name", "reason", "address", "via", "details"),
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deeds: of a time, a person (part of the name, or the id), an object (kind or kind/id), a region."""

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    action: str | None = None
    about: str | None = None
    region: str | None = None

    def bound(self, keys: tuple[int, int] | None) -> dict[str, object]:
        """What the query is given; `keys` are those of the region."""
        kind, _, object_id = (self.about or "").partition("/")
        return {
            "since": self.since or _EVER[0],
            "until": self.until or _EVER[1],
            "person": self.person or None,
            "action": self.action or None,
            "kind": kind or None,
            "object_id": object_id or None,
            "lo": keys and keys[0],
            "hi": keys and keys[1],
        }


@dataclass(frozen=True, slots=True)
class Health:
    """The newest seal, if there is one, and what it does not cover yet."""

    last: Seal | None
    unsealed: int
    oldest: datetime | None
    is_overdue: bool


async def latest(
    context: Context, actor: Actor, wanted: Wanted, before: str | None, limit: int
) -> tuple[Sequence[RowMapping], str | None]:
    """Deeds newest first that the actor may see, after those of a former page; and the cursor of the next.

    Raises Forbidden, NotFound (region), BadInput (deed, cursor).
    """
    actor.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        bound = await _bound(connection, wanted)
        page = (await connection.execute(_LATEST, {**bound, **_position(before), "limit": limit + 1})).all()
    rows = page[:limit]
    return [row._mapping for row in rows], _cursor(rows[-1]) if len(page) > limit else None


async def export(
    context: Context, actor: Actor, wanted: Wanted, reason: str, language: Language
) -> tuple[str, list[str]]:
    """Deeds as CSV whose first lines say who took them, when, how many and why: the file's name, and its text in parts.

    It is recorded before anything is handed out. Raises Forbidden, NotFound, BadInput (no reason, or too many).
    """
    actor.must_be_able_to(RIGHT)
    if not reason.strip():
        raise BadInput("audit.no_reason", where=Where(field="reason"))
    parts: list[str] = []
    count = 0
    async with scoped_transaction(context.engine, actor.scope) as connection:
        async with aclosing(_pages(connection, await _bound(connection, wanted))) as pages:
            async for page in pages:
                count += len(page)
                if count > MOST_EXPORTED:
                    raise BadInput("audit.too_many", most=MOST_EXPORTED)
                parts.append(_text([[_cell(name, getattr(row, name)) for name in _COLUMNS] for row in page]))
        asked = {name: str(value) for name, value in asdict(wanted).items() if value}
        await audit.record(
            connection, "export_audit", kind="audit", reason=reason, details={"rows": count, "asked": asked}
        )
    now = datetime.now(UTC)
    mark = message("audit.watermark", language).format(
        name=actor.name, login=actor.login, at=now.isoformat(sep=" ", timespec="seconds"), rows=count, reason=reason
    )
    head = _text([[f"# {line}"] for line in mark.splitlines()] + [list(_COLUMNS)])
    return f"audit_{now:%Y%m%dT%H%M%SZ}_{actor.login}_{count}.csv", ["\ufeff" + head, *parts]


async def health(context: Context, actor: Actor) -> Health:
    """Whether the log is sealed; of the whole log, whatever of it the actor may read. Raises Forbidden."""
    actor.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        last = await last_seal(connection)
        unsealed = (await connection.execute(_UNSEALED, {"txid_from": last.txid_to})).one()
    return Health(last if last.seq else None, unsealed.rows, unsealed.oldest, unsealed.is_overdue)


async def _bound(connection: AsyncConnection, wanted: Wanted) -> dict[str, object]:
    if wanted.action and wanted.action not in deeds():
        raise BadInput("audit.unknown_deed", where=Where(field="action"), deed=wanted.action, deeds=", ".join(deeds()))
    if not wanted.region:
        return wanted.bound(None)
    found = (await connection.execute(_REGION, {"scheme": MAIN_SCHEME, "code": wanted.region})).one_or_none()
    if found is None:
        raise NotFound("region.unknown", scheme=MAIN_SCHEME, code=wanted.region)
    return wanted.bound((found.key, found.key_hi))


async def _pages(connection: AsyncConnection, bound: dict[str, object]) -> AsyncGenerator[Sequence[Row[Any]], None]:
    position = _position(None)
    while True:
        page = (await connection.execute(_LATEST, {**bound, **position, "limit": PAGE})).all()
        yield page
        if len(page) < PAGE:
            return
        position = {"before_at": page[-1].at, "before_id": page[-1].id}


def _cursor(row: Row[Any]) -> str:
    return f"{row.at.astimezone(UTC).isoformat()}/{row.id}"


def _position(cursor: str | None) -> dict[str, object]:
    if cursor is None:
        return {"before_at": _EVER[1], "before_id": KEY_MAX}
    at, _, row_id = cursor.partition("/")
    try:
        moment, before_id = datetime.fromisoformat(at), int(row_id)
    except ValueError:
        moment, before_id = datetime.min, -1  # noqa: DTZ901 refused below
    if moment.tzinfo is None or not 0 <= before_id <= KEY_MAX:
        raise BadInput("audit.cursor", where=Where(field="cursor"))
    return {"before_at": moment, "before_id": before_id}


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "at":
        return str(value.astimezone(UTC).isoformat())
    text = audit.as_json(value) if name == "details" else str(value)
    return f"'{text}" if text.startswith(_RISKY) else text


def _text(rows: list[list[str]]) -> str:
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()
