"""Jobs in the same database, written on the caller's own transaction: rolled back, there was never a job."""

from __future__ import annotations

import procrastinate
from sqlalchemy.ext.asyncio import AsyncConnection

from data.engine import driver_connection, psycopg_conninfo

_unopened = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer(connection: AsyncConnection, task_name: str, **arguments: str | int) -> None:
    """Has the worker run `task_name` with `arguments` once this transaction is committed; one at a time of a name."""
    task = _unopened.configure_task(
        task_name, lock=task_name, allow_unknown=True, connection=await driver_connection(connection)
    )
    await task.defer_async(**arguments)


def open_queue(url: str) -> procrastinate.App:
    """The queue for a worker; used as an async context (`open_async`)."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=psycopg_conninfo(url)))
