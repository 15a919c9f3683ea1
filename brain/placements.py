"""Where points fall: in every scheme's current edition, from indexes that the process keeps and exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from brain.edition_indexes import KEY, EditionIndex, EditionName, open_index
from data.engine import SYSTEM, scoped_transaction
from data.errors import Conflict
from data.queries import query
from layers.geometry import BBox
from layers.locate import place_in_all

_CURRENT_EDITIONS = query("regions", "current_editions")
_KEEP_EDITIONS = query("regions", "keep_editions")
_EXCHANGE_EDITIONS = query("regions", "exchange_editions")

RETRY_S = 1.0

Keys = NDArray[np.int64]
Mask = NDArray[np.bool_]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DepartmentPlacement:
    """Where points fall in a scheme beside the main one; `keys` is −1 for those outside its regions."""

    edition: EditionName
    keys: Keys
    codes: NDArray[np.str_]
    on_border: Mask


@dataclass(frozen=True, slots=True)
class Placement:
    """Where points fall: all arrays have one entry a point.

    `keys` is the region's key, or the nearest region's where `assigned` is false; `nearest_m` its distance in
    metres there, NaN elsewhere; `on_border` marks points whose region the tie rule or the border's tolerance decided.
    `above` holds by tier the key of the region of that tier, −1 for none.
    """

    edition: EditionName
    keys: Keys
    codes: NDArray[np.str_]
    assigned: Mask
    on_border: Mask
    nearest_m: NDArray[np.float64]
    above: Mapping[str, Keys]
    departments: tuple[DepartmentPlacement, ...]


@dataclass(frozen=True, slots=True)
class CityIndex:
    """One edition of the main scheme and of every department's, which belong together."""

    main: EditionIndex
    departments: tuple[EditionIndex, ...]

    @property
    def editions(self) -> tuple[EditionName, ...]:
        """The editions it places in, the main scheme's first."""
        return self.main.edition, *(department.edition for department in self.departments)

    @property
    def bbox(self) -> BBox:
        """West, south, east, north of the main scheme's regions in degrees."""
        return self.main.placing.bbox

    def place(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Placement:
        """Places points of EPSG:4326 in all schemes; those outside the main one get its nearest region proposed."""
        placing = self.main.placing
        index, *others = place_in_all([placing, *(other.placing for other in self.departments)], lon, lat)
        assigned = index >= 0
        nearest_m = np.full(len(lon), np.nan)
        if not assigned.all():
            index = index.copy()
            index[~assigned], nearest_m[~assigned] = placing.nearest(lon[~assigned], lat[~assigned])
        return Placement(
            self.main.edition,
            placing.columns[KEY][index],
            placing.codes[index],
            assigned,
            placing.on_border(lon, lat) & assigned,
            nearest_m,
            {tier: keys[index] for tier, keys in placing.columns.items() if tier != KEY},
            tuple(
                _in_department(department, slots, lon, lat)
                for department, slots in zip(self.departments, others, strict=True)
            ),
        )


def _in_department(
    department: EditionIndex, slots: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> DepartmentPlacement:
    placing = department.placing
    inside = slots >= 0
    return DepartmentPlacement(
        department.edition,
        np.where(inside, placing.columns[KEY][slots], np.int64(-1)),
        np.where(inside, placing.codes[slots], ""),
        placing.on_border(lon, lat) & inside,
    )


class Placements:
    """Keeps the indexes of the current editions; hands them out, and exchanges them as a whole after a publish."""

    def __init__(self, engine: AsyncEngine, home: Path) -> None:
        self._engine = engine
        self._home = home
        self._current: CityIndex | None = None
        self._exchanging = asyncio.Lock()
        self._begun: set[asyncio.Task[None]] = set()

    async def latest(self) -> CityIndex:
        """The newest indexes this process has, or those of today if it has none. Raises Conflict without regions."""
        return self._current or await self.current()

    async def current(self) -> CityIndex:
        """The indexes of the editions in force; what is missing is opened, or made. Raises Conflict without regions."""
        async with self._exchanging:
            async with scoped_transaction(self._engine, SYSTEM) as connection:
                editions = await _read_editions(connection)
                if not editions:
                    raise Conflict("regions.none")
                if self._current is None or self._current.editions != editions:
                    main, *departments = [await self._opened(connection, edition) for edition in editions]
                    self._current = CityIndex(main, tuple(departments))
            return self._current

    async def keep(self, connection: AsyncConnection, index: CityIndex) -> bool:
        """Whether the editions of an index are still the current ones; if so, until the transaction ends.

        What is written with their regions then belongs to the editions that were in force when it is committed.
        """
        await connection.execute(_KEEP_EDITIONS)
        return await _read_editions(connection) == index.editions

    async def prepare(self, connection: AsyncConnection, edition: EditionName) -> None:
        """Makes the index of an edition that this transaction publishes, and waits for those who keep the old one.

        To be called last: the other processes find the index made as soon as the transaction is committed.
        """
        await open_index(connection, self._home, edition)
        await connection.execute(_EXCHANGE_EDITIONS)

    def exchange_soon(self) -> None:
        """Has the indexes exchanged beside what else the process does: somebody has published."""
        task = asyncio.create_task(self._exchange())
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def close(self) -> None:
        """Ends what was begun."""
        for task in self._begun:
            task.cancel()
        await asyncio.gather(*self._begun, return_exceptions=True)

    async def _exchange(self) -> None:
        while True:
            try:
                await self.current()
            except Conflict:
                return  # no regions yet
            except Exception as fault:  # whatever it was: nobody else will ask again
                log.warning("placing indexes are exchanged later", reason=str(fault))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _opened(self, connection: AsyncConnection, edition: EditionName) -> EditionIndex:
        """The edition's index: the one this process has, or the one that is kept or made."""
        if self._current is not None:
            for index in (self._current.main, *self._current.departments):
                if index.edition == edition:
                    return index
        return await open_index(connection, self._home, edition)


async def _read_editions(connection: AsyncConnection) -> tuple[EditionName, ...]:
    """The current editions, the main scheme's first; none before the main scheme has one."""
    rows = (await connection.execute(_CURRENT_EDITIONS)).all()
    if not any(row.is_main for row in rows):
        return ()
    return tuple(EditionName(row.scheme_id, row.scheme, row.edition_id, row.published_at) for row in rows)
