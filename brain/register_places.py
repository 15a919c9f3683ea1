"""Where the rows of a register lie: by coordinates, by the building or household they belong to, by a region's code."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.placements import CityIndex
from brain.register_files import Entry, OpenRegister
from brain.register_values import street_and_number
from data.engine import Scope
from data.errors import BadInput, CityError, Forbidden, Where
from data.queries import query
from layers.crs import axes_look_swapped, check_lonlat, geometries_to_wgs84, to_wgs84

_BUILDINGS_BY_KEY = query("registers", "buildings_by_key")
_BUILDINGS_OF_STREETS = query("registers", "buildings_of_streets")
_COMPOUNDS_BY_KEY = query("registers", "compounds_by_key")
_HOUSEHOLDS_BY_KEY = query("registers", "households_by_key")
_HOUSEHOLDS_OF = query("registers", "households_of_buildings")
_REGIONS = query("registers", "regions_by_code")

Point = tuple[int, float, float]
"""An id, and where it is."""


async def find_places(
    connection: AsyncConnection, index: CityIndex, scope: Scope, file: OpenRegister, entries: Sequence[Entry]
) -> None:
    """Gives each row its region, its point and what it belongs to; or a fault, where it has none of its own."""
    good = [entry for entry in entries if not entry.faults]
    await asyncio.to_thread(_own_points, file, good, index)
    await _belongings(connection, file, [entry for entry in good if not entry.faults])
    placed = [entry for entry in good if not entry.faults and entry.region_key is None]
    await asyncio.to_thread(_regions_of_points, file, placed, index)
    for entry in good:
        if not entry.faults and entry.region_key is not None:
            entry.faults += faults_within(file, entry, scope, entry.region_key)


def _own_points(file: OpenRegister, entries: Sequence[Entry], index: CityIndex) -> None:
    """Points of rows that bring coordinates or a shape, in EPSG:4326."""
    if file.crs is None:
        return
    with_shape = [entry for entry in entries if entry.shape is not None and "x" in file.register.fields]
    shapes = geometries_to_wgs84(np.array([entry.shape for entry in with_shape], dtype=object), file.crs)
    for entry, shape in zip(with_shape, shapes, strict=True):
        _take_shape(file, entry, shape)
    bare = [entry for entry in entries if entry.values.get("x") is not None and entry.values.get("y") is not None]
    lon, lat = to_wgs84([entry.values["x"] for entry in bare], [entry.values["y"] for entry in bare], file.crs)
    for entry, x, y in zip(bare, lon.tolist(), lat.tolist(), strict=True):
        entry.lon, entry.lat = x, y
    pointed = [entry for entry in entries if entry.lon is not None and not entry.faults]
    found = np.array([(entry.lon, entry.lat) for entry in pointed], dtype=np.float64).reshape(-1, 2).T
    finite, in_range = check_lonlat(found[0], found[1])
    swapped = axes_look_swapped(found[0], found[1], index.bbox)
    for entry, is_swapped, is_good in zip(pointed, swapped.tolist(), (finite & in_range).tolist(), strict=True):
        x, y = entry.values.get("x", entry.lon), entry.values.get("y", entry.lat)
        if is_swapped:
            entry.faults.append(BadInput("register.swapped", where=_at(file, entry, "x"), x=x, y=y))
        elif not is_good:
            entry.faults.append(BadInput("coordinate.out_of_range", where=_at(file, entry, "x"), x=x, y=y))


def _take_shape(file: OpenRegister, entry: Entry, shape: Any) -> None:
    if shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape.is_empty or not shape.is_valid:
        entry.faults.append(BadInput("register.bad_shape", where=_at(file, entry, None)))
        return
    is_ground = file.register.register in ("building", "compound")
    if is_ground and shape.geom_type not in ("Polygon", "Point"):
        entry.faults.append(BadInput("register.not_a_polygon", where=_at(file, entry, None)))
        return
    if is_ground and shape.geom_type == "Polygon":
        entry.columns["geom"] = _hexed(shape)
    point = shapely.point_on_surface(shape)
    entry.lon, entry.lat = point.x, point.y


async def _belongings(connection: AsyncConnection, file: OpenRegister, entries: Sequence[Entry]) -> None:
    """What rows belong to: compounds, buildings, households, regions; whose point they take where they have none."""
    fields = file.register.fields
    if "compound" in fields:
        compounds = await _by_key(connection, _COMPOUNDS_BY_KEY, entries, "compound")
        for entry in entries:
            if (key := entry.values.get("compound")) is not None:
                _belong(file, entry, "compound", "compound_id", compounds.get(key))
    if "household" in fields:
        await _find_households(connection, file, entries)
    elif "building" in fields:
        await _find_buildings(connection, file, entries, "building_id")
    if "region" in fields:
        codes = list({entry.values["region"] for entry in entries if entry.values.get("region")})
        keys = {row.code: row.key for row in await connection.execute(_REGIONS, {"codes": codes})}
        for entry in entries:
            if (code := entry.values.get("region")) is not None:
                entry.region_key = keys.get(code)
                if entry.region_key is None:
                    where = _at(file, entry, "region")
                    entry.faults.append(BadInput("register.no_region", where=where, given=code))


async def _find_buildings(
    connection: AsyncConnection, file: OpenRegister, entries: Sequence[Entry], column: str
) -> None:
    by_key = await _by_key(connection, _BUILDINGS_BY_KEY, entries, "building")
    by_address = await _by_address(connection, entries)
    for entry in entries:
        key, address = entry.values.get("building"), entry.values.get("address")
        if key is not None:
            _belong(file, entry, "building", column, by_key.get(key))
        elif address is not None:
            here = by_address.get(address, [])
            if len(here) == 1:
                _belong(file, entry, "address", column, here[0])
            elif entry.lon is None:  # with coordinates of its own an address need be nobody's
                fault = "register.address_of_several" if here else "register.address_unknown"
                entry.faults.append(BadInput(fault, where=_at(file, entry, "address")))


async def _find_households(connection: AsyncConnection, file: OpenRegister, entries: Sequence[Entry]) -> None:
    by_key = await _by_key(connection, _HOUSEHOLDS_BY_KEY, entries, "household")
    homeless = [entry for entry in entries if entry.values.get("household") is None]
    await _find_buildings(connection, file, homeless, "building_id")
    buildings = list({entry.columns["building_id"] for entry in homeless if "building_id" in entry.columns})
    of_building = {
        (row.building_id, row.room): row.id
        for row in await connection.execute(_HOUSEHOLDS_OF, {"buildings": buildings})
    }
    for entry in entries:
        key, building = entry.values.get("household"), entry.columns.pop("building_id", None)
        if key is not None:
            _belong(file, entry, "household", "household_id", by_key.get(key))
        elif building is not None and (building, entry.values.get("room")) in of_building:
            entry.columns["household_id"] = of_building[building, entry.values.get("room")]
        elif not entry.faults:
            entry.faults.append(BadInput("register.no_household", where=_at(file, entry, "room")))


def _belong(file: OpenRegister, entry: Entry, field: str, column: str, found: Point | None) -> None:
    if found is None:
        where = _at(file, entry, field)
        entry.faults.append(BadInput("register.no_such_number", where=where, given=entry.values[field]))
        return
    entry.columns[column] = found[0]
    if entry.lon is None and field != "compound":
        entry.lon, entry.lat = found[1], found[2]


async def _by_key(
    connection: AsyncConnection, question: TextClause, entries: Sequence[Entry], field: str
) -> Mapping[str, Point]:
    keys = list({entry.values[field] for entry in entries if entry.values.get(field) is not None})
    found = await connection.execute(question, {"keys": keys})
    return {row.source_key: (row.id, *(row[2:4] or (0.0, 0.0))) for row in found}


async def _by_address(connection: AsyncConnection, entries: Sequence[Entry]) -> Mapping[str, list[Point]]:
    """Buildings by their address, and by address and name: 和兴路5号, 和兴路5号1栋."""
    given = {entry.values["address"] for entry in entries if entry.values.get("address")}
    streets = list({street_and_number(address)[0] for address in given})
    found: dict[str, list[Point]] = {}
    for row in await connection.execute(_BUILDINGS_OF_STREETS, {"streets": streets}):
        for address in {row.street + row.house_number, row.street + row.house_number + (row.name or "")}:
            found.setdefault(address, []).append((row.id, row.lon, row.lat))
    return found


def _regions_of_points(file: OpenRegister, entries: Sequence[Entry], index: CityIndex) -> None:
    pointed = [entry for entry in entries if entry.lon is not None]
    for entry in entries:
        if entry.lon is None:
            entry.faults.append(BadInput("register.no_place", where=_at(file, entry, None)))
    points = np.array([(entry.lon, entry.lat) for entry in pointed], dtype=np.float64).reshape(-1, 2)
    if not len(points):
        return
    placement = index.place(*points.T.copy())
    for entry, key, is_inside in zip(pointed, placement.keys.tolist(), placement.assigned.tolist(), strict=True):
        entry.region_key = key
        if not is_inside:
            entry.faults.append(BadInput("register.outside_city", where=_at(file, entry, "x")))


def faults_within(file: OpenRegister, entry: Entry, scope: Scope, region_key: int) -> list[CityError]:
    """What keeps the asker from bringing a row into a region: that they may not import there, or not see it there."""
    if not scope.holds("import_registers", region_key):
        return [Forbidden("register.outside_scope", where=_at(file, entry, None))]
    if file.register.may_be_seen_by and not scope.holds(file.register.may_be_seen_by, region_key):
        return [Forbidden("register.not_open", where=_at(file, entry, None))]
    return [
        Forbidden("register.not_open", where=_at(file, entry, name))
        for name, known in file.register.fields.items()
        if known.kind == "closed"
        and name in file.mapping
        and not scope.holds(f"field.{file.register.data_set}.{name}", region_key)
    ]


def point_of(entry: Entry) -> str:
    """Its point as EWKB in hexadecimal."""
    assert entry.lon is not None
    assert entry.lat is not None
    return _hexed(shapely.Point(entry.lon, entry.lat))


def _hexed(shape: Any) -> str:
    return str(shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True))


def _at(file: OpenRegister, entry: Entry, field: str | None) -> Where:
    return Where(file.file.path.name, entry.line, file.mapping.get(field) if field else None)
