"""The heads of the audit log's chain as lines of a file outside the database: a chain written anew does not fit."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

_TAIL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """One seal as it is remembered: its number, its time (RFC 3339), how many rows it covers, its digest."""

    seq: int
    at: str
    rows: int
    digest: str


def last_head(path: Path) -> int:
    """The number of the file's last head; 0 where there is none."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return _last(file)


def append_heads(path: Path, heads: Sequence[Head]) -> None:
    """Adds the heads that the file does not have; they are on the disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = _last(file)
        lines = b"".join(json.dumps(asdict(head)).encode() + b"\n" for head in heads if head.seq > known)
        if not lines:
            return
        file.write(b"" if _ends_whole(file) else b"\n")
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def opened_heads(path: Path) -> Iterator[Iterator[Head]]:
    """The heads that are in the file now, by their number; lines cut off half-way are left out. Raises OSError."""
    with path.open("rb") as file:
        yield _heads(file, os.fstat(file.fileno()).st_size)


def _heads(file: IO[bytes], size: int) -> Iterator[Head]:
    known = 0
    for line in file:
        size -= len(line)
        if size < 0:
            return
        head = _read(line)
        if head is not None and head.seq > known:
            known = head.seq
            yield head


def _read(line: bytes) -> Head | None:
    try:
        head = Head(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return head if isinstance(head.seq, int) else None


def _last(file: IO[bytes]) -> int:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL))
    found = [head.seq for line in file.read().splitlines() if (head := _read(line)) is not None]
    return max(found, default=0)


def _ends_whole(file: IO[bytes]) -> bool:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 1))
    return file.read(1) in (b"", b"\n")
