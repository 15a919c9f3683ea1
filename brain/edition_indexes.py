"""The placing index of one edition: opened where a process of the installation has kept it, otherwise made and kept."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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

    Made, it is kept in `home` for the other processes of the installation. Where an index of an earlier edition is
    kept there, only what has changed since is read and made anew.
    """
    folder = home / "placing" / edition.folder
    placing = await asyncio.to_thread(_opened, folder)
    if placing is None:
        tiers = [row.tier for row in await connection.execute(_TIERS)]
        since, before = await _kept_before(connection, folder.parent, edition)
        if before is None or set(before.columns) != {KEY, *tiers}:
            since, before = 0, None
        bound = {"scheme_id": edition.scheme_id, "edition_id": edition.edition_id, "since": since}
        leaves = (await connection.execute(_LEAVES, bound)).all()
        ended = list((await connection.execute(_LEAVES_NO_MORE, bound)).scalars())
        above = (await connection.execute(_ABOVE_LEAVES, bound)).all()
        placing = await asyncio.to_thread(_kept, folder, lambda: _made(before, leaves, ended, above, tiers))
    return EditionIndex(edition, placing)


async def _kept_before(connection: AsyncConnection, folder: Path, edition: EditionName) -> tuple[int, Placing | None]:
    """The newest of the scheme's last editions before this one whose index is kept, and that index; 0 if none is."""
    bound = {"scheme_id": edition.scheme_id, "edition_id": edition.edition_id}
    for row in await connection.execute(_EDITIONS_BEFORE, bound):
        earlier = EditionName(edition.scheme_id, edition.scheme, row.id, row.published_at)
        placing = await asyncio.to_thread(_opened, folder / earlier.folder)
        if placing is not None:
            return row.id, placing
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
    except (OSError, ValueError, KeyError):
        return None


def _kept(folder: Path, make: Callable[[], Placing]) -> Placing:
    """The index of a folder, which is made if it is not there: by one process at a time, the others wait for it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent):
            found = _opened(folder)
            if found is not None:
                return found
            make().save(folder)
            _forget_older(folder)
            return Placing.open(folder)
    except OSError as fault:
        log.warning("placing index is not shared", folder=str(folder), reason=str(fault))
        return make()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_older(folder: Path) -> None:
    """Removes the scheme's indexes of editions before this one, but for the last: who has them open keeps them."""
    scheme, edition, _ = folder.name.split("-")
    older = [
        (int(number), other)
        for other in folder.parent.glob(f"{scheme}-*-*")
        if (number := other.name.split("-")[1]).isdecimal() and int(number) < int(edition)
    ]
    for _, other in sorted(older)[:-1]:
        shutil.rmtree(other, ignore_errors=True)
