"""The placing index of the main scheme's current edition, kept by the process and exchanged after a publish."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from data.dictionaries import MAIN_SCHEME
from data.engine import SYSTEM, scoped_transaction
from data.errors import Conflict
from data.queries import query
from layers.geometry import BBox
from layers.locate import Placing

_MAIN_EDITION = query("regions", "main_edition_id")
_SCHEME = query("regions", "scheme_by_code")
_LEAVES = query("regions", "leaves")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where points fall: all arrays have one entry a point; index −1 never occurs in `keys`.

    `keys` is the region's key, or the nearest region's where `assigned` is false; `nearest_m` its distance in
    metres there, NaN elsewhere; `on_border` marks points whose region the tie rule or the border's tolerance decided.
    """

    edition_id: int
    keys: NDArray[np.int64]
    codes: NDArray[np.object_]
    assigned: NDArray[np.bool_]
    on_border: NDArray[np.bool_]
    nearest_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EditionIndex:
    """One edition's finest regions, ready to place points."""

    edition_id: int
    keys: NDArray[np.int64]
    codes: NDArray[np.object_]
    placing: Placing
    bbox: BBox

    def place(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Placement:
        """Places points of EPSG:4326; those outside every region get the nearest one proposed."""
        index = self.placing.place(lon, lat)
        assigned = index >= 0
        on_border = self.placing.on_border(lon, lat) & assigned
        nearest_m = np.full(len(lon), np.nan)
        if not assigned.all():
            index = index.copy()
            index[~assigned], nearest_m[~assigned] = self.placing.nearest(lon[~assigned], lat[~assigned])
        return Placement(self.edition_id, self.keys[index], self.codes[index], assigned, on_border, nearest_m)


class Placements:
    """Hands out the index of the current edition, building it when the edition has changed."""

    def __init__(self) -> None:
        self._index: EditionIndex | None = None
        self._building = asyncio.Lock()

    async def current(self, engine: AsyncEngine) -> EditionIndex:
        """The index of the newest edition. Raises Conflict while there are no regions.

        Who waits for an index that is being built holds no connection meanwhile.
        """
        async with scoped_transaction(engine, SYSTEM) as connection:
            edition_id = (await connection.execute(_MAIN_EDITION)).scalar_one_or_none()
        if edition_id is None:
            raise Conflict("regions.none")
        if self._index is not None and self._index.edition_id >= edition_id:
            return self._index
        async with self._building:
            if self._index is None or self._index.edition_id < edition_id:
                self._index = await self._build(engine, edition_id)
            return self._index

    async def _build(self, engine: AsyncEngine, edition_id: int) -> EditionIndex:
        async with scoped_transaction(engine, SYSTEM) as connection:
            scheme = (await connection.execute(_SCHEME, {"scheme": MAIN_SCHEME})).one()
            rows = (await connection.execute(_LEAVES, {"scheme_id": scheme.id, "edition_id": edition_id})).all()
        return await asyncio.to_thread(
            build_index, edition_id, [row.key for row in rows], [row.code for row in rows], [row.wkb for row in rows]
        )


def build_index(edition_id: int, keys: list[int], codes: list[str], wkbs: list[bytes]) -> EditionIndex:
    """An index over regions given by key, code and WKB (EPSG:4326), in the same order."""
    geoms = shapely.from_wkb(np.array([bytes(wkb) for wkb in wkbs], dtype=object))
    west, south, east, north = shapely.total_bounds(geoms)
    return EditionIndex(
        edition_id,
        np.array(keys, dtype=np.int64),
        np.array(codes, dtype=object),
        Placing.build(codes, geoms),
        (float(west), float(south), float(east), float(north)),
    )
