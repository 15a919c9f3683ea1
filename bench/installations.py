"""New installations to measure in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from bench.form import CACHE
from brain.settings import Settings
from data.migrate import upgrade


@contextmanager
def installation(name: str) -> Iterator[Settings]:
    """A private cluster as a new installation has it: durable. Gone at the end of the block."""
    home = (CACHE / f"{name}-{uuid4().hex[:8]}").absolute()
    settings = Settings(home=home, database_url=None, app_database_url=None)
    cluster = settings.cluster
    assert cluster is not None
    try:
        cluster.start()
        upgrade(settings.owner_url, settings.app_password)
        yield settings
    finally:
        cluster.stop()
        for folder in {cluster.directory.parent, home}:
            shutil.rmtree(folder, ignore_errors=True)
