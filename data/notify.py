"""LISTEN as an async iterator."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import psycopg

from data.engine import psycopg_conninfo

CHANNEL = "citybrain"


async def listen(url: str) -> AsyncGenerator[str, None]:
    """The payload of every notification, on one connection of its own; an empty one at once, when listening began.

    Ends with psycopg.OperationalError when the connection breaks: what happened meanwhile is to be read again.
    """
    connection = await psycopg.AsyncConnection.connect(psycopg_conninfo(url), autocommit=True, connect_timeout=10)
    async with connection:
        await connection.execute(f"listen {CHANNEL}")
        yield ""
        async for notification in connection.notifies():
            yield notification.payload
