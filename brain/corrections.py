"""Backflow: who stands in front of it corrects what is wrong; what is not theirs to decide waits for its owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit, records
from brain.actor import Actor
from brain.context import Context
from brain.masking import masked
from data.dictionaries.data_sets import Field, data_sets, fields
from data.engine import KEY_MAX, scoped_transaction
from data.errors import BadInput, Conflict, Forbidden, NotFound, Where
from data.queries import query

State = Literal["applied", "waiting", "confirmed", "refused"]
STATES: tuple[State, ...] = ("applied", "waiting", "confirmed", "refused")

STATUSES = ("存续", "停业", "注销")
COUNTS = {"households", "persons", "floating"}
MOST_COUNT = 100_000

_ADD = query("corrections", "add")
_WAITING_FOR = query("corrections", "waiting_for")
_LAST_OF = query("corrections", "last_of")
_OF_RECORD = query("corrections", "of_record")
_QUEUE = query("corrections", "queue")
_ONE = query("corrections", "one")
_DECIDE = query("corrections", "decide")
_SET_CLOSED = query("records", "set_closed")
_PUT_PERSONAL = query("records", "put_personal")
_SET = {
    ("population", "households"): query("records", "set_population_households"),
    ("population", "persons"): query("records", "set_population_persons"),
    ("population", "floating"): query("records", "set_population_floating"),
    ("persons", "name"): query("records", "set_persons_name"),
    ("persons", "phone"): query("records", "set_persons_phone"),
    ("persons", "identity"): query("records", "set_persons_identity"),
    ("persons", "origin"): query("records", "set_persons_origin"),
    ("enterprises", "name"): query("records", "set_enterprises_name"),
    ("enterprises", "trade_name"): query("records", "set_enterprises_trade_name"),
    ("enterprises", "status"): query("records", "set_enterprises_status"),
    ("enterprises", "phone"): query("records", "set_enterprises_phone"),
    ("assets", "name"): query("records", "set_assets_name"),
    ("assets", "category"): query("records", "set_assets_category"),
    ("units", "name"): query("records", "set_units_name"),
    ("units", "phone"): query("records", "set_units_phone"),
}


async def correct(
    context: Context,
    actor: Actor,
    data_set: str,
    record_id: int,
    *,
    field: str,
    before: str | None,
    after: str | None,
    reason: str,
) -> State:
    """Corrects a field of a record that was `before` when the actor looked: applied at once, or waiting for its owner.

    Of a personal field `before` is what was shown, masked. Raises NotFound, Forbidden, BadInput (field, value, reason),
    Conflict where it is something else by now, or where another correction of it waits.
    """
    actor.must_be_able_to("correct_records")
    known = fields().get((data_set, field))
    if known is None:
        raise BadInput("correction.no_field", where=Where(field="field"), given=field)
    if not reason.strip():
        raise BadInput("correction.no_reason", where=Where(field="reason"))
    _check_value(known, after)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        record = await records.one_within(connection, actor, data_sets()[data_set], record_id)
        if not actor.scope.holds("correct_records", record.region_key):
            raise Forbidden("correction.beyond_scope")
        if known.kind == "closed" and not actor.scope.holds(known.held, record.region_key):
            raise Forbidden("record.not_open")
        bound = {"data_set": data_set, "id": record_id, "field": field}
        waiting = (await connection.execute(_WAITING_FOR, bound)).one_or_none()
        if waiting is not None:
            raise Conflict("correction.waits", name=waiting.author_name, after=waiting.after or "-")
        shown = masked(field, after) if known.kind == "personal" and after else after
        state: State = "applied" if known.owner == "here" else "waiting"
        if state == "applied":
            await _apply(connection, known, record_id, before, shown)
            if known.kind == "personal" and after:
                await connection.execute(_PUT_PERSONAL, {**bound, "region_key": record.region_key, "value": after})
        elif record.fields.get(field) != before:
            await _changed(connection, known, record_id)
        await connection.execute(
            _ADD,
            {
                **bound,
                "region_key": record.region_key,
                "before": before,
                "after": shown,
                "reason": reason.strip(),
                "state": state,
                "author_name": actor.name,
            },
        )
        await audit.record(
            connection,
            "correct_record",
            kind=data_set,
            object_id=record_id,
            region_key=record.region_key,
            reason=reason.strip(),
            details={"field": field, "before": before, "after": shown, "state": state},
        )
    return state


async def decide(context: Context, actor: Actor, correction_id: int, *, confirm: bool, why: str) -> None:
    """Confirms what waits and applies it, or refuses it. Raises NotFound, Conflict (decided or changed meanwhile)."""
    actor.must_be_able_to("confirm_corrections")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_ONE, {"id": correction_id})).one_or_none()
        if row is None or not actor.scope.holds("confirm_corrections", row.region_key):
            raise NotFound("correction.unknown", id=correction_id)
        bound = {
            "id": correction_id,
            "state": "confirmed" if confirm else "refused",
            "name": actor.name,
            "why": why.strip(),
        }
        if (await connection.execute(_DECIDE, bound)).scalar_one_or_none() is None:
            raise Conflict("correction.decided", id=correction_id)
        if confirm:
            await _apply(connection, fields()[row.data_set, row.field], row.record_id, row.before, row.after)
        await audit.record(
            connection,
            "decide_correction",
            kind=row.data_set,
            object_id=row.record_id,
            region_key=row.region_key,
            reason=why.strip() or None,
            details={"correction": correction_id, "field": row.field, "confirmed": confirm},
        )


async def of_record(context: Context, actor: Actor, data_set: str, record_id: int) -> Sequence[RowMapping]:
    """What was corrected in one record, newest first. Raises NotFound, Forbidden."""
    await records.one(context, actor, data_set, record_id)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return (await connection.execute(_OF_RECORD, {"data_set": data_set, "id": record_id})).mappings().all()


async def queue(
    context: Context, actor: Actor, states: Sequence[State], *, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """Corrections of what the actor sees, newest first."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        bound = {"states": list(states), "before": KEY_MAX if before is None else before, "limit": limit}
        return (await connection.execute(_QUEUE, bound)).mappings().all()


async def _apply(
    connection: AsyncConnection, field: Field, record_id: int, before: str | None, after: str | None
) -> None:
    bound: dict[str, Any] = {"id": record_id, "before": before, "after": after}
    if field.kind == "closed":
        done = await connection.execute(_SET_CLOSED, {**bound, "data_set": field.data_set, "field": field.field})
    else:
        done = await connection.execute(_SET[field.data_set, field.field], bound)
    if done.scalar_one_or_none() is None:
        await _changed(connection, field, record_id)


async def _changed(connection: AsyncConnection, field: Field, record_id: int) -> None:
    """Raises Conflict with who changed it last, so that the second sees the first's change."""
    bound = {"data_set": field.data_set, "id": record_id, "field": field.field}
    last = (await connection.execute(_LAST_OF, bound)).one_or_none()
    if last is None:
        raise Conflict("correction.changed")
    raise Conflict("correction.changed_by", name=last.author_name, after=last.after or "-")


def _check_value(field: Field, after: str | None) -> None:
    where = Where(field="after")
    if field.field in COUNTS and not (after and after.isdecimal() and int(after) <= MOST_COUNT):
        raise BadInput("correction.not_a_count", where=where, most=MOST_COUNT)
    if field.field == "status" and after not in STATUSES:
        raise BadInput("correction.no_status", where=where, statuses="、".join(STATUSES))
    if field.kind == "open" and field.field != "origin" and not (after and after.strip()):
        raise BadInput("correction.empty", where=where)
