"""Incidents as rows of the database: copied to where they wait to be added, and placed in the departments' schemes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.placements import Placement
from data.engine import driver_connection
from data.queries import query

_STAGE = query("incidents", "stage")
_COPY_STAGED = query("incidents", "copy_staged")
_ADD_PLACEMENTS = query("incidents", "add_placements")

_COPIED_TYPES = (
    "int8", "text", "text", "text", "text", "text", "text", "text", "timestamptz", "timestamptz", "timestamptz",
    "float8", "float8", "text", "bytea", "text", "int8", "int8", "text", "bool", "bool", "float8", "jsonb",
)  # fmt: skip

_EWKB = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])


async def stage(connection: AsyncConnection, lines: Iterable[tuple[Any, ...]]) -> None:
    """Copies lines, in the columns of `copy_staged`, to where they wait until the transaction ends.

    By way of a temporary table, since nothing can be copied into one with row policies.
    """
    await connection.execute(_STAGE)
    driver = await driver_connection(connection)
    async with driver.cursor() as cursor, cursor.copy(_COPY_STAGED.text) as copy:
        copy.set_types(_COPIED_TYPES)
        for line in lines:
            await copy.write_row(line)


def ewkb(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Iterator[bytes]:
    """Points of EPSG:4326 as the database takes them."""
    points = np.empty(len(lon), dtype=_EWKB)
    points["order"], points["type"], points["srid"] = 1, 0x20000001, 4326
    points["x"], points["y"] = lon, lat
    return (point.tobytes() for point in points)


async def add_departments(
    connection: AsyncConnection, placement: Placement, rows: NDArray[np.intp], ids: NDArray[np.int64]
) -> None:
    """Writes where new incidents, given by their rows of the placement and their ids, lie in departments' schemes."""
    for department in placement.departments:
        inside = department.keys[rows] >= 0
        here = rows[inside]
        if len(here):
            await connection.execute(
                _ADD_PLACEMENTS,
                {
                    "scheme_id": department.edition.scheme_id,
                    "edition_id": department.edition.edition_id,
                    "incident_ids": ids[inside].tolist(),
                    "region_keys": placement.keys[here].tolist(),
                    "placed_keys": department.keys[here].tolist(),
                    "on_borders": department.on_border[here].tolist(),
                },
            )
