"""Many rows at once: COPY into a temporary table, from there into one that row policies guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from data.engine import driver_connection
from data.queries import query

EVERY = 20_000
"""Rows between two reports of progress."""

LIKE = {"personal_field": "closed_field"}
"""Tables that may not be read, and others of the same columns to stage their rows in."""

_NUMBERS = query("ground", "numbers")


async def numbers(connection: AsyncConnection, table: str, count: int) -> list[int]:
    """Ids for so many new rows of a table, ascending."""
    return sorted((await connection.execute(_NUMBERS, {"table": table, "count": count})).scalars())


async def add_rows(
    connection: AsyncConnection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Adds rows, ids among their columns; geometries as WKB in hexadecimal. `progress` is told how many are copied."""
    driver = await driver_connection(connection)
    names = {
        "staged": sql.Identifier(f"staged_{table}"),
        "like": sql.Identifier(LIKE.get(table, table)),
        "table": sql.Identifier(table),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    await driver.execute(sql.SQL("create temporary table {staged} (like {like}) on commit drop").format(**names))
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
    await driver.execute(
        sql.SQL("insert into {table} ({columns}) overriding system value select {columns} from {staged}").format(
            **names
        )
    )
    await driver.execute(sql.SQL("drop table {staged}").format(**names))
    progress(copied)
