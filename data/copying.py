"""Many rows at once: COPY into a temporary table, from there into one that row policies guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from data.engine import driver_connection
from data.queries import query

EVERY = 20_000
"""Rows between two reports of progress."""

LIKE = {"personal_field": "closed_field"}
"""Tables that may not be read, and others of the same columns to stage their rows in."""

Progress = Callable[[int], None]
Rows = Iterable[Sequence[Any]]
Driver = psycopg.AsyncConnection[tuple[object, ...]]

_NUMBERS = query("ground", "numbers")


async def numbers(connection: AsyncConnection, table: str, count: int) -> list[int]:
    """Ids for so many new rows of a table, ascending."""
    return sorted((await connection.execute(_NUMBERS, {"table": table, "count": count})).scalars())


async def add_rows(
    connection: AsyncConnection,
    table: str,
    columns: Sequence[str],
    rows: Rows,
    progress: Progress = lambda done: None,
) -> None:
    """Adds rows, ids among their columns; geometries as WKB in hexadecimal. `progress` is told how many are copied."""
    async with _staged(connection, table, columns, rows, progress) as (driver, names):
        await driver.execute(
            sql.SQL("insert into {table} ({columns}) overriding system value select {columns} from {staged}").format(
                **names
            )
        )


async def add_unknown(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Rows, given_back: str
) -> set[Any]:
    """Adds the rows that no constraint knows already; the column `given_back` of those that were added."""
    async with _staged(connection, table, columns, rows) as (driver, names):
        added = await driver.execute(
            sql.SQL(
                "insert into {table} ({columns}) overriding system value select {columns} from {staged} "
                "on conflict do nothing returning {given_back}"
            ).format(**names, given_back=sql.Identifier(given_back))
        )
        return {value for (value,) in await added.fetchall()}


async def change_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Rows, *, keys: Sequence[str] = ("id",)
) -> int:
    """Changes the rows with these values of `keys`, which are among the columns; how many there were."""
    async with _staged(connection, table, columns, rows) as (driver, names):
        await driver.execute(sql.SQL("analyze {staged}").format(**names))  # or the planner takes few rows for many
        done = await driver.execute(
            sql.SQL("update {table} t set {values} from {staged} s where {same}").format(
                **names, values=_pairs(", ", [name for name in columns if name not in keys], ""), same=_same(keys)
            )
        )
        return done.rowcount


async def put_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Rows, *, keys: Sequence[str]
) -> None:
    """Changes the rows with these values of `keys`, and adds those that are not there."""
    kept = list(rows)
    await change_rows(connection, table, columns, kept, keys=keys)
    async with _staged(connection, table, columns, kept) as (driver, names):
        await driver.execute(
            sql.SQL(
                "insert into {table} ({columns}) select {columns} from {staged} s "
                "where not exists (select from {table} t where {same})"
            ).format(**names, same=_same(keys))
        )


def _same(keys: Sequence[str]) -> sql.Composed:
    return _pairs(" and ", keys, "t.")


def _pairs(between: str, columns: Sequence[str], of: str) -> sql.Composed:
    return sql.SQL(between).join(
        sql.SQL(of) + sql.Identifier(name) + sql.SQL(" = s.") + sql.Identifier(name) for name in columns
    )


@asynccontextmanager
async def _staged(
    connection: AsyncConnection,
    table: str,
    columns: Sequence[str],
    rows: Rows,
    progress: Progress = lambda done: None,
) -> AsyncIterator[tuple[Driver, dict[str, sql.Composable]]]:
    """Rows in a temporary table of these columns; the connection, and names to compose a statement of."""
    driver = await driver_connection(connection)
    names: dict[str, sql.Composable] = {
        "staged": sql.Identifier(f"staged_{table}"),
        "like": sql.Identifier(LIKE.get(table, table)),
        "table": sql.Identifier(table),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    await driver.execute(
        sql.SQL("create temporary table {staged} on commit drop as select {columns} from {like} with no data").format(
            **names
        )
    )
    copied = 0
    async with (
        driver.cursor() as cursor,
        cursor.copy(sql.SQL("copy {staged} ({columns}) from stdin").format(**names)) as copy,
    ):
        for row in rows:
            await copy.write_row(row)
            copied += 1
            if copied % EVERY == 0:
                progress(copied)
    yield driver, names
    await driver.execute(sql.SQL("drop table {staged}").format(**names))
    progress(copied)
