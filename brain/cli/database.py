"""The database for the length of a command: shared by the commands that run at the same time, stopped by the last."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

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

    with database(settings):
        return asyncio.run(with_context())


@contextmanager
def database(settings: Settings, *, migrate: bool = False) -> Iterator[None]:
    """The database, up; a private cluster is started and migrated if it does not run, and stopped by its last user.

    A database of somebody else's is migrated only where `migrate` says so.
    """
    cluster = settings.cluster
    if cluster is None:
        if migrate:
            upgrade(settings.owner_url, settings.app_password)
        yield
        return
    with _lock_file(settings.home / "users.lock") as users:
        try:
            with _lock_file(settings.home / "start.lock") as start:
                fcntl.flock(start, fcntl.LOCK_EX)
                fcntl.flock(users, fcntl.LOCK_SH)
                if not cluster.running:
                    say("run.database")
                cluster.start()
                upgrade(settings.owner_url, settings.app_password)
            yield
        finally:
            if _is_last(users):
                cluster.stop()


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Raises Unready if this installation is being run already."""
    with _lock_file(settings.home / "run.lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unready("run.already", home=settings.home) from None
        yield


@contextmanager
def _lock_file(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        yield file


def _is_last(users: IO[str]) -> bool:
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
