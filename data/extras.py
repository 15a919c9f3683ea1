"""Optional packages: asked for only by what needs them, named where they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from data.errors import Unready


@contextmanager
def needing_extra(extra: str) -> Iterator[None]:
    """For a block that imports rooms which need packages of an extra. Raises Unready naming the missing one."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise Unready("extra.missing", package=missing.name, extra=extra) from None
