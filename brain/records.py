"""What is known of a region: its records, data set by data set, and its figures; of each what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor
from brain.context import Context
from data.dictionaries import MAIN_SCHEME
from data.dictionaries.data_sets import DataSet, data_sets
from data.engine import scoped_transaction
from data.errors import BadInput, Forbidden, NotFound, Where
from data.queries import query

SMALL = 5
"""Counts of people below this may point at somebody, and are shown only to those who have the right to see them."""

_PAGE = query("records", "page")
_ONE = query("records", "one")
_REGIONS = query("records", "regions")
_CLOSED = query("records", "closed")
_REVEAL = query("records", "reveal")
_REGION = query("regions", "by_code")
_COUNTED = {
    "enterprises": query("records", "enterprise_figures"),
    "assets": query("records", "asset_figures"),
    "units": query("records", "unit_figures"),
}
_POPULATION = query("records", "population_figures")
_AGES = query("records", "age_figures")


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `fields` are its open ones, personal ones masked, and the closed ones that are open to the actor."""

    id: int
    region_key: int
    region: RowMapping
    title: str
    place: str | None
    lon: float | None
    lat: float | None
    fields: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What lies in a region, counted at a moment. None where the actor does not see a data set there.

    A count of people that is small is None for those who may not see small ones. `ages` are men by five-year bands,
    then women.
    """

    as_of: datetime
    population: dict[str, int | None] | None
    ages: list[int | None] | None
    counted: dict[str, list[tuple[str, int]] | None]


async def page(
    context: Context,
    actor: Actor,
    data_set: str,
    region: str,
    *,
    after: tuple[int, int] | None,
    limit: int,
    scheme: str = MAIN_SCHEME,
) -> list[Record]:
    """Records in a region, by region key and id, from the one after `after` on. Raises NotFound, Forbidden."""
    known = _data_set(actor, data_set)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = await _region(connection, scheme, region)
        after_key, after_id = after or (row.key - 1, 0)
        bound = {
            "data_set": known.data_set,
            "lo": row.key,
            "hi": row.key_hi,
            "after_key": after_key,
            "after_id": after_id,
            "limit": limit,
        }
        return await _records(connection, actor, known, (await connection.execute(_PAGE, bound)).all())


async def one(context: Context, actor: Actor, data_set: str, record_id: int) -> Record:
    """One record. Raises NotFound, also where it is not seen by the actor."""
    known = _data_set(actor, data_set)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return await one_within(connection, actor, known, record_id)


async def one_within(connection: AsyncConnection, actor: Actor, data_set: DataSet, record_id: int) -> Record:
    """The same within a transaction."""
    rows = (await connection.execute(_ONE, {"data_set": data_set.data_set, "id": record_id})).all()
    if not rows:
        raise NotFound("record.unknown", id=record_id)
    return (await _records(connection, actor, data_set, rows))[0]


async def reveal(context: Context, actor: Actor, data_set: str, record_id: int, *, field: str, reason: str) -> str:
    """A personal field in full. The database writes down who has seen it, and why.

    Raises Forbidden, BadInput (reason), NotFound, also where the record is not the actor's to see.
    """
    known = _data_set(actor, data_set)
    actor.must_be_able_to("reveal_personal")
    if not reason.strip():
        raise BadInput("record.no_reason", where=Where(field="reason"))
    async with scoped_transaction(context.engine, actor.scope) as connection:
        bound = {"data_set": known.data_set, "id": record_id, "field": field, "reason": reason}
        value: str | None = (await connection.execute(_REVEAL, bound)).scalar_one()
    if value is None:
        raise NotFound("record.unknown", id=record_id)
    return value


async def figures(context: Context, actor: Actor, region: str, *, scheme: str = MAIN_SCHEME) -> Figures:
    """What lies in a region, as the actor may know it. Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = await _region(connection, scheme, region)
        bound, interval = {"lo": row.key, "hi": row.key_hi}, [(row.key, row.key_hi)]
        sees_small = actor.scope.covers("see_small_counts", interval)
        population, ages = None, None
        if actor.scope.covers("see_population", interval):
            sums = (await connection.execute(_POPULATION, bound)).mappings().one()
            population = {name: _shown(int(value), sees_small) for name, value in sums.items()}
            ages = [_shown(int(band.persons), sees_small) for band in await connection.execute(_AGES, bound)]
        counted: dict[str, list[tuple[str, int]] | None] = {}
        for data_set, question in _COUNTED.items():
            counted[data_set] = None
            if actor.scope.covers(data_sets()[data_set].right, interval):
                counted[data_set] = [(each.name, each.number) for each in await connection.execute(question, bound)]
    return Figures(datetime.now(UTC), population, ages, counted)


def _shown(count: int, sees_small: bool) -> int | None:
    return count if sees_small or count == 0 or count >= SMALL else None


def _data_set(actor: Actor, data_set: str) -> DataSet:
    known = data_sets().get(data_set)
    if known is None or data_set == "incidents":
        raise NotFound("record.no_data_set", given=data_set)
    if not actor.may(known.right):
        raise Forbidden("record.not_open")
    return known


async def _region(connection: AsyncConnection, scheme: str, code: str) -> Row[Any]:
    row: Row[Any] | None = (await connection.execute(_REGION, {"scheme": scheme, "code": code})).one_or_none()
    if row is None:
        raise NotFound("region.unknown", scheme=scheme, code=code)
    return row


async def _records(
    connection: AsyncConnection, actor: Actor, data_set: DataSet, rows: Sequence[Row[Any]]
) -> list[Record]:
    bound = {"data_set": data_set.data_set, "ids": [row.id for row in rows]}
    closed: dict[int, dict[str, str | None]] = {}
    for value in await connection.execute(_CLOSED, bound):
        closed.setdefault(value.record_id, {})[value.field] = value.value
    keys = list({row.region_key for row in rows})
    regions = {row["key"]: row for row in (await connection.execute(_REGIONS, {"keys": keys})).mappings()}
    return [
        Record(
            row.id,
            row.region_key,
            regions[row.region_key],
            row.title,
            row.place,
            row.lon,
            row.lat,
            _suppressed(actor, data_set, row) | closed.get(row.id, {}),
        )
        for row in rows
    ]


def _suppressed(actor: Actor, data_set: DataSet, row: Row[Any]) -> dict[str, str | None]:
    if data_set.data_set != "population" or actor.scope.holds("see_small_counts", row.region_key):
        return dict(row.fields)
    return {name: None if 0 < int(value) < SMALL else value for name, value in row.fields.items()}
