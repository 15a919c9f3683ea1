"""Pushing data down: what is opened to which tier where, who has received it, and what was given to oneself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.actor import Actor
from brain.context import Context
from data.dictionaries.data_sets import DataSet, Field, data_sets, fields
from data.dictionaries.rights import rights
from data.engine import KEY_MAX, scoped_transaction
from data.errors import BadInput, Conflict, Forbidden, NotFound, Where
from data.queries import query

MOST_SHOWN = 2_000
SKETCH = 1 / 1_000
"""Of the width of the whole: what a sketch of it may leave out."""

_ADD = query("pushdown", "add")
_WITHDRAW = query("pushdown", "withdraw")
_ONE = query("pushdown", "one")
_GIVEN_OUT = query("pushdown", "given_out")
_RECEIVED = query("pushdown", "received")
_RECEIVE = query("pushdown", "receive")
_OPEN = query("pushdown", "open")
_RECEIPTS = query("pushdown", "receipts")
_RECEIVERS = query("pushdown", "receivers")
_RECEIVING_REGIONS = query("pushdown", "receiving_regions")
_HISTORY = query("pushdown", "history")
_HOME_TIERS = query("pushdown", "home_tiers")
_REGION = query("regions", "by_code")
_TIERS = query("regions", "tiers")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be opened: a data set with some of its closed fields, to a tier in a region, when and why."""

    data_set: str
    fields: tuple[str, ...]
    tier: str
    scheme: str
    region: str
    purpose: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReceivingRegion:
    """A region that data would be opened to; `geometry` is GeoJSON, simplified for a sketch."""

    code: str
    name: str
    geometry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom an opening would reach: regions of the tier, and accounts in them, `MOST_SHOWN` of each at most."""

    regions: Sequence[ReceivingRegion]
    receivers: Sequence[RowMapping]


async def push(context: Context, actor: Actor, opening: Opening, *, replaces: int | None = None) -> int:
    """Opens it from `valid_from` (None: at once) on; its id. With `replaces` it is the next version of another.

    Raises Forbidden beyond the actor's own regions or sight, BadInput (data set, field, tier, purpose, times),
    NotFound, Conflict where the other has a next version already or was withdrawn.
    """
    actor.must_be_able_to("push_data")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        region = await _checked(connection, actor, opening)
        if replaces is not None:
            before = await _one(connection, replaces)
            if before.replaced_by is not None or before.withdrawn_at is not None:
                raise Conflict("pushdown.over", id=replaces)
        added = await connection.execute(
            _ADD,
            {
                "data_set": opening.data_set,
                "fields": list(opening.fields),
                "tier": opening.tier,
                "region_key": region.key,
                "region_key_hi": region.key_hi,
                "purpose": opening.purpose.strip(),
                "valid_from": opening.valid_from,
                "valid_to": opening.valid_to,
                "given_by_name": actor.name,
                "replaces": replaces,
            },
        )
        pushdown_id = int(added.scalar_one())
        await audit.record(
            connection,
            "push_down",
            kind="pushdown",
            object_id=pushdown_id,
            region_key=region.key,
            reason=opening.purpose.strip(),
            details={
                "data_set": opening.data_set,
                "fields": opening.fields,
                "tier": opening.tier,
                "replaces": replaces,
            },
        )
        return pushdown_id


async def preview(context: Context, actor: Actor, opening: Opening) -> Preview:
    """Whom it would reach; nothing is written. Raises as `push` does."""
    actor.must_be_able_to("push_data")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        region = await _checked(connection, actor, opening)
        bound = {"tier": opening.tier, "lo": region.key, "hi": region.key_hi, "limit": MOST_SHOWN}
        tolerance = (region.east - region.west) * SKETCH
        found = await connection.execute(_RECEIVING_REGIONS, {**bound, "tolerance": tolerance})
        regions = [ReceivingRegion(row.code, row.name, json.loads(row.geometry)) for row in found]
        seen_by = sorted(rights()[data_sets()[opening.data_set].right].roles)
        receivers = (await connection.execute(_RECEIVERS, {**bound, "roles": seen_by})).mappings().all()
    return Preview(regions, receivers)


async def withdraw(context: Context, actor: Actor, pushdown_id: int) -> None:
    """Ends it at once. Raises NotFound, Conflict where it was ended before."""
    actor.must_be_able_to("push_data")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = await _one(connection, pushdown_id)
        done = await connection.execute(_WITHDRAW, {"id": pushdown_id, "name": actor.name})
        if done.scalar_one_or_none() is None:
            raise Conflict("pushdown.over", id=pushdown_id)
        await audit.record(
            connection, "withdraw_pushdown", kind="pushdown", object_id=pushdown_id, region_key=row.region_key
        )


async def given_out(context: Context, actor: Actor, *, before: int | None, limit: int) -> Sequence[RowMapping]:
    """What is opened in the actor's regions, newest first."""
    actor.must_be_able_to("push_data")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        bound = {"before": KEY_MAX if before is None else before, "limit": limit}
        return (await connection.execute(_GIVEN_OUT, bound)).mappings().all()


async def receipts(context: Context, actor: Actor, pushdown_id: int) -> Sequence[RowMapping]:
    """Who has received it, and when they first opened it. Raises NotFound."""
    actor.must_be_able_to("push_data")
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await _one(connection, pushdown_id)
        return (await connection.execute(_RECEIPTS, {"id": pushdown_id})).mappings().all()


async def history(context: Context, actor: Actor, pushdown_id: int) -> Sequence[RowMapping]:
    """Its versions, the first first. Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await _one(connection, pushdown_id)
        return (await connection.execute(_HISTORY, {"id": pushdown_id})).mappings().all()


async def received(context: Context, actor: Actor) -> Sequence[RowMapping]:
    """What the actor was given, newest first; from now on it counts as received, unless somebody else looks."""
    pairs = [(role, name) for name, data_set in data_sets().items() for role in rights()[data_set.right].roles]
    bound = {"roles": [role for role, _ in pairs], "sees": [data_set for _, data_set in pairs]}
    async with scoped_transaction(context.engine, actor.scope) as connection:
        rows = (await connection.execute(_RECEIVED, bound)).mappings().all()
        fresh = [row["id"] for row in rows if row["received_at"] is None]
        if fresh and actor.viewer is None:
            await connection.execute(_RECEIVE, {"ids": fresh, "name": actor.name})
    return rows


async def open_received(context: Context, actor: Actor, pushdown_id: int) -> None:
    """Writes down that the actor has opened what they were given. Raises NotFound where it was not given to them."""
    if pushdown_id not in {row["id"] for row in await received(context, actor)}:
        raise NotFound("pushdown.unknown", id=pushdown_id)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await connection.execute(_OPEN, {"id": pushdown_id})


def known_data_sets() -> list[tuple[DataSet, list[Field]]]:
    """Every data set with its fields."""
    return [
        (known, [field for field in fields().values() if field.data_set == name]) for name, known in data_sets().items()
    ]


async def home_tiers(context: Context, actor: Actor) -> dict[str, str]:
    """From which tier upwards each data set, and each closed field, is seen by role alone."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return {row.subject: row.tier for row in await connection.execute(_HOME_TIERS)}


async def _checked(connection: AsyncConnection, actor: Actor, opening: Opening) -> Row[Any]:
    """The region of an opening that is in order and within what the actor may push and sees."""
    if opening.data_set not in data_sets():
        raise BadInput("pushdown.no_data_set", where=Where(field="data_set"), given=opening.data_set)
    for name in opening.fields:
        field = fields().get((opening.data_set, name))
        if field is None or field.kind != "closed":
            raise BadInput("pushdown.no_closed_field", where=Where(field="fields"), given=name)
    depths = {row.tier: row.depth for row in await connection.execute(_TIERS)}
    if opening.tier not in depths:
        raise BadInput("tier.unknown", where=Where(field="tier"), tier=opening.tier, tiers=", ".join(depths))
    if not opening.purpose.strip():
        raise BadInput("pushdown.no_purpose", where=Where(field="purpose"))
    if opening.valid_from and opening.valid_to and opening.valid_to <= opening.valid_from:
        raise BadInput("pushdown.no_time", where=Where(field="valid_to"))
    bound = {"scheme": opening.scheme, "code": opening.region}
    region: Row[Any] | None = (await connection.execute(_REGION, bound)).one_or_none()
    if region is None:
        raise NotFound("region.unknown", scheme=opening.scheme, code=opening.region)
    needed = ["push_data", data_sets()[opening.data_set].right]
    needed += [fields()[opening.data_set, name].held for name in opening.fields]
    if not all(actor.scope.covers(right, [(region.key, region.key_hi)]) for right in needed):
        raise Forbidden("pushdown.beyond_scope")
    return region


async def _one(connection: AsyncConnection, pushdown_id: int) -> Row[Any]:
    row: Row[Any] | None = (await connection.execute(_ONE, {"id": pushdown_id})).one_or_none()
    if row is None:
        raise NotFound("pushdown.unknown", id=pushdown_id)
    return row
