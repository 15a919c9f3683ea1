"""Packed files: gzip and zip, with truncation, damage and bombs named instead of suffered."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from data.errors import BadInput, TooLarge, Where

MOST_UNPACKED = 16 * 2**30
"""Bytes a packed file may unpack to."""

MOST_RATIO = 200
"""How many times its own size a packed file may unpack to; beyond it is taken for a bomb."""

RATIO_FREE = 64 * 2**20
"""Bytes below which the ratio is not asked: small files of zeros are harmless."""

BLOCK = 2**20
"""Bytes read at a time."""


@contextmanager
def open_packed(path: Path) -> Iterator[IO[bytes]]:
    """A file's bytes, unpacked if it is gzip; a truncated or oversized one raises BadInput or TooLarge while read."""
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.open(raw, "rb") as unpacked:
            yield io.BufferedReader(_Limited(unpacked, path), BLOCK)


class _Limited(io.RawIOBase):
    """Bytes being unpacked, watched for truncation, damage and bombs."""

    def __init__(self, unpacked: gzip.GzipFile, path: Path) -> None:
        self._unpacked = unpacked
        self._path = path
        self._packed_size = path.stat().st_size
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._unpacked.read(len(buffer))
        except EOFError:
            raise BadInput("file.truncated", where=Where(str(self._path))) from None
        except (gzip.BadGzipFile, zlib.error) as fault:
            raise BadInput("file.not_gzip", where=Where(str(self._path)), reason=str(fault)) from None
        self._size += len(block)
        _check_unpacked(self._path, self._size, self._packed_size)
        buffer[: len(block)] = block
        return len(block)


def _check_unpacked(path: Path, size: int, packed: int) -> None:
    if size > MOST_UNPACKED or (size > RATIO_FREE and size > packed * MOST_RATIO):
        raise TooLarge("file.bomb", where=Where(str(path)), size=size, packed=packed)


@contextmanager
def unpacked_path(path: Path) -> Iterator[Path]:
    """The path of the plain file: itself, or a temporary one."""
    if path.suffix == ".gz":
        with tempfile.TemporaryDirectory(prefix="citybrain-") as directory:
            plain = Path(directory) / path.with_suffix("").name
            with open_packed(path) as packed, plain.open("wb") as file:
                while block := packed.read(BLOCK):
                    file.write(block)
            yield plain
        return
    if path.suffix == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(member.file_size for member in archive.infolist())
        except zipfile.BadZipFile:
            raise BadInput("file.not_zip", where=Where(str(path))) from None
        _check_unpacked(path, size, path.stat().st_size)
        yield Path(f"/vsizip/{path.absolute()}")
        return
    yield path
