"""The placing index of one edition: opened where a process of the installation has kept it, otherwise made and kept."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely
import structlog
from numpy.typing import NDArray
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from data.queries import query
from layers.locate import Placing
from layers.regions import ancestors

_LEAVES = query("regions", "leaves")
_LEAVES_NO_MORE = query("regions", "leaves_no_more")
_ABOVE_LEAVES = query("regions", "above_leaves")
_TIERS = query("regions", "tiers")
_EDITIONS_BEFORE = query("regions", "editions_before")

KEY = "key"
"""The column of a leaf's own key; each tier has one of its own name."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EditionName:
    """One edition of one scheme. The moment tells it from one of the same number in a database restored since."""

    scheme_id: int
    scheme: str
    edition_id: int
    published_at: datetime

    @property
    def folder(self) -> str:
        """The name of the folder that keeps its index."""
        return f"{self.scheme_id}-{self.edition_id}-{self.published_at:%Y%m%d%H%M%S%f}"


@dataclass(frozen=True, slots=True)
class EditionIndex:
    """An edition's leaves, ready to place points.

    Columns: `key`, and by tier the key of the leaf's region of that tier, −1 for none.
    """

    edition: EditionName
    placing: Placing


async def open_index(connection: AsyncConnection, home: Path, edition: EditionName) -> EditionIndex:
    """The index of a published edition, or of one that this transaction is about to publish.

    Made, it is kept in `home` for the other processes of the installation, by one of them at a time. Where an index of
    an earlier edition is kept there, only what has changed since is read and made anew.
    """
    folder = home / "placing" / edition.folder
    placing = await asyncio.to_thread(_opened, folder)
    if placing is None:
        async with _alone(folder.parent):
            placing = await asyncio.to_thread(_opened, folder)
            if placing is None:
                placing = await _made_and_kept(connection, folder, edition)
    return EditionIndex(edition, placing)


async def _made_and_kept(connection: AsyncConnection, folder: Path, edition: EditionName) -> Placing:
    tiers = [row.tier for row in await connection.execute(_TIERS)]
    bound = {"scheme_id": edition.scheme_id, "edition_id": edition.edition_id}
    earlier = [
        EditionName(edition.scheme_id, edition.scheme, row.id, row.published_at)
        for row in await connection.execute(_EDITIONS_BEFORE, bound)
    ]
    since, before = await asyncio.to_thread(_newest, folder.parent, earlier)
    if before is None or set(before.columns) != {KEY, *tiers}:
        since, before = 0, None
    leaves = (await connection.execute(_LEAVES, {**bound, "since": since})).all()
    ended = list((await connection.execute(_LEAVES_NO_MORE, {**bound, "since": since})).scalars())
    above = (await connection.execute(_ABOVE_LEAVES, bound)).all()
    placing = await asyncio.to_thread(_made, before, leaves, ended, above, tiers)
    return await asyncio.to_thread(_kept, folder, placing, {name.folder for name in earlier[:1]})


def _newest(folder: Path, editions: Sequence[EditionName]) -> tuple[int, Placing | None]:
    """The first of these editions whose index is kept, and that index; 0 if none is."""
    for edition in editions:
        placing = _opened(folder / edition.folder)
        if placing is not None:
            return edition.edition_id, placing
    return 0, None


def _made(
    before: Placing | None, leaves: Sequence[Row[Any]], ended: list[str], above: Sequence[Row[Any]], tiers: list[str]
) -> Placing:
    codes = [row.code for row in leaves]
    geoms = shapely.from_wkb(np.array([bytes(row.wkb) for row in leaves], dtype=np.object_))
    keys = _column(leaves, "key")
    columns = {KEY: keys}
    for tier in tiers:
        upper = [row for row in (*above, *leaves) if row.tier == tier]
        columns[tier] = ancestors(keys, _column(upper, "key"), _column(upper, "key_hi"))
    if before is None:
        return Placing.build(codes, geoms, columns)
    return before.updated(ended, codes, geoms, columns)


def _column(rows: Sequence[Row[Any]], name: str) -> NDArray[np.int64]:
    return np.array([getattr(row, name) for row in rows], dtype=np.int64)


def _opened(folder: Path) -> Placing | None:
    try:
        return Placing.open(folder)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _kept(folder: Path, placing: Placing, needed: set[str]) -> Placing:
    """The index, from the folder where others find it too; where it cannot be kept, the process has its own."""
    try:
        placing.save(folder)
        _forget_others(folder, needed)
        return Placing.open(folder)
    except OSError as fault:
        log.warning("placing index is not shared", folder=str(folder), reason=str(fault))
        return placing


def _forget_others(folder: Path, needed: set[str]) -> None:
    """Removes what is kept of the scheme up to this edition but is not needed: who has it open keeps it.

    Also what a process left unfinished that was killed: here nobody else is at work.
    """
    scheme, edition, _ = folder.name.split("-")
    for other in folder.parent.iterdir():
        name = other.name.removeprefix(".").split("-")
        is_of_scheme = name[0] == scheme and len(name) > 2 and name[1].isdecimal()
        if is_of_scheme and int(name[1]) <= int(edition) and other.name not in {folder.name, *needed}:
            shutil.rmtree(other, ignore_errors=True)


@asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """One process at a time; where there can be no lock, nothing is shared that it would guard."""
    try:
        lock = await asyncio.to_thread(_locked, folder)
    except OSError:
        yield
        return
    with lock:
        yield


def _locked(folder: Path) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock
