"""Writes the demo city's ground, people, enterprises, assets, units and departments, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.context import Context
from data.copying import add_rows, numbers
from data.demo import rows
from data.demo.city import DemoCity
from data.demo.persons import residents
from data.demo.words import words
from data.engine import SYSTEM, scoped_transaction
from data.errors import Conflict
from data.queries import query

Progress = Callable[[str, int, int], None]

_IS_EMPTY = query("ground", "is_empty")
_KEYS = query("regions", "keys_of_tier")


async def add_ground(context: Context, city: DemoCity, *, in_full: bool, progress: Progress) -> None:
    """Adds everything, or nothing where there is ground already; `in_full`, persons one by one too.

    Raises Conflict where the demo's regions are not those in force.
    """
    index = await context.placements.latest()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        if not (await connection.execute(_IS_EMPTY)).scalar_one():
            return
        grids = await _keys(connection, "grid", city.codes.grids)
        cells = await _keys(connection, "micro_grid", city.codes.micro_grids)

        async def add(table: str, columns: Sequence[str], many: Iterable[Sequence[Any]], count: int) -> None:
            await add_rows(connection, table, columns, many, lambda done: progress(table, done, count))

        land = rows.land(city)
        ids = await numbers(connection, "land", len(land))
        await add("land", rows.LAND, _with_shapes(ids, land), len(ids))
        ids = await numbers(connection, "way", len(city.ways))
        await add("way", rows.WAY, rows.way_rows(city, ids), len(ids))
        compounds = rows.compounds(city)
        compound_ids = await numbers(connection, "compound", len(compounds))
        await add("compound", rows.COMPOUND, _with_shapes(compound_ids, compounds), len(compounds))
        buildings = await numbers(connection, "building", len(city.buildings))
        await add("building", rows.BUILDING, rows.building_rows(city, buildings, compound_ids), len(buildings))
        origins = [(place, origin["name"]) for place, origin in enumerate(words()["origin"], 1)]
        await add("origin", ("place", "name"), origins, len(origins))
        count = len(city.people.building)
        await add("building_people", rows.BUILDING_PEOPLE, rows.people_rows(city, buildings, cells), count)
        if in_full:
            await _add_persons(connection, city, buildings, cells, progress)
        ids = await numbers(connection, "enterprise", len(city.firms.names))
        await add("enterprise", rows.ENTERPRISE, rows.firm_rows(city, ids, buildings, cells), len(ids))
        await add_rows(connection, "closed_field", rows.FIELD, rows.firm_closed_rows(city, ids, cells))
        of_firms = cells[city.buildings.micro_grid[city.firms.building]].tolist()
        await _add_phones(connection, "enterprises", ids, of_firms, city.firms.phones)
        for assets in city.assets:
            ids = await numbers(connection, "asset", len(assets.names))
            many = rows.asset_rows(city, assets, ids, lambda where: index.place(*where.T.copy()).keys, cells)
            await add("asset", rows.ASSET, many, len(ids))
        ids = await numbers(connection, "unit", len(city.units))
        units = list(rows.unit_rows(city, ids, buildings, grids, cells))
        await add("unit", rows.UNIT, units, len(ids))
        await _add_phones(connection, "units", ids, [unit[1] for unit in units], [*city.units.phones])
        departments = rows.department_rows(city)
        ids = await numbers(connection, "department", len(departments))
        numbered = [(number, *row) for number, row in zip(ids, departments, strict=True)]
        await add("department", rows.DEPARTMENT, numbered, len(ids))


async def _add_persons(
    connection: AsyncConnection, city: DemoCity, building_ids: list[int], keys: rows.Keys, progress: Progress
) -> None:
    total, done = int(city.people.persons.sum()), 0
    for some in residents(city):
        households = await numbers(connection, "household", len(some.rooms))
        await add_rows(
            connection, "household", rows.HOUSEHOLD, rows.household_rows(city, some, households, building_ids, keys)
        )
        persons = await numbers(connection, "person", len(some.names))
        await add_rows(connection, "person", rows.PERSON, rows.person_rows(city, some, persons, households, keys))
        personal = rows.person_personal_rows(city, some, persons, keys)
        await add_rows(connection, "personal_field", rows.FIELD, personal)
        done += len(persons)
        progress("person", done, total)


async def _add_phones(
    connection: AsyncConnection, data_set: str, ids: list[int], regions: list[int], masked: list[str | None]
) -> None:
    await add_rows(connection, "personal_field", rows.FIELD, rows.phone_rows(data_set, ids, regions, masked))


async def _keys(connection: AsyncConnection, tier: str, codes: list[str]) -> rows.Keys:
    found = {row.code: row.key for row in await connection.execute(_KEYS, {"tier": tier})}
    if not found.keys() >= set(codes):
        raise Conflict("demo.changed")
    return np.array([found[code] for code in codes], dtype=np.int64)


def _with_shapes(ids: list[int], found: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[Any]]:
    shapes = rows.hexed(np.array([row[-1] for row in found], dtype=object))
    return ((number, *row[:-1], shape) for number, row, shape in zip(ids, found, shapes, strict=True))
