"""Files and folders that take their name only when they are whole: what was there before stays until then."""

from __future__ import annotations

import errno
import gzip
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_GZIP_LEVEL = 4


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A name beside `path` to write a file or a folder under: it becomes `path`, or is removed if the block fails.

    A file replaces a file; a folder replaces nothing but an empty folder. Raises OSError.
    """
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        yield beside
        beside.replace(path)
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        beside.unlink(missing_ok=True)


@contextmanager
def unfinished_file(path: Path) -> Iterator[Path]:
    """`unfinished` for a file: raises OSError for a folder of that name at once, not when all is written."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    with unfinished(path) as beside:
        yield beside


@contextmanager
def replaced(path: Path, *, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """A text file to write, which replaces `path` at the end of the block; packed where the name ends in `.gz`."""
    with unfinished_file(path) as beside, beside.open("wb") as raw:
        if path.suffix == ".gz":
            # Without a name inside: unpacking must not bring the unfinished one back.
            packed = gzip.GzipFile("", "wb", _GZIP_LEVEL, raw)
            with packed, io.TextIOWrapper(io.BufferedWriter(packed), encoding=encoding, newline="") as file:
                yield file
        else:
            with io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
                yield file
