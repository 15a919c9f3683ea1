"""The database for the length of a command: the running one, or the private cluster started for it."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from brain.cli.output import say
from brain.context import Context, open_context
from brain.settings import Settings
from data.errors import Unready
from data.migrate import upgrade

Result = TypeVar("Result")


def in_context(work: Callable[[Context], Awaitable[Result]]) -> Result:
    """Runs one command's work on this installation's database, which is started for it if it does not run."""
    settings = Settings()

    async def with_context() -> Result:
        async with open_context(settings) as context:
            return await work(context)

    cluster = settings.cluster
    if cluster is None or cluster.running:
        return asyncio.run(with_context())
    with own_database(settings):
        return asyncio.run(with_context())


@contextmanager
def own_database(settings: Settings) -> Iterator[None]:
    """The database, up and migrated; a private cluster belongs to this process and is stopped at the end.

    Raises Unready if another process runs this installation.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unready("run.already", home=settings.home) from None
        cluster = settings.cluster
        if cluster is None:
            upgrade(settings.owner_url, settings.app_password)
            yield
            return
        say("run.database")
        try:
            cluster.start()
            upgrade(settings.owner_url, settings.app_password)
            yield
        finally:
            cluster.stop()
