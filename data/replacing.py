"""Files that take their name only when they are whole: what was there before stays until then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replaced(path: Path, *, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """A text file to write, which replaces `path` at the end of the block, or leaves no trace if the block fails."""
    unfinished = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with unfinished.open("w", encoding=encoding, newline="") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
