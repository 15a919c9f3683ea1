"""Small places to test in, awkward on purpose: shared edges, three-way nodes, a hole, an exclave, a bent border."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import shapely
from shapely import box
from sqlalchemy import text

from brain import accounts, boundaries
from brain.actor import SYSTEM_ACTOR, Actor
from brain.boundaries import EditionSummary
from brain.context import Context
from brain.demo import region_set
from brain.region_files import RegionSet
from brain.reports import IncidentReport, read_report
from data.copying import add_rows, numbers
from data.demo.regions import DemoRegion
from data.dictionaries.rights import rights
from data.engine import Scope, scoped_transaction, settings_of
from data.errors import Where

WEST, SOUTH, STEP = 113.0, 23.0, 0.01

Cells = dict[str, Any]


def cell(column: float, row: float, columns: float = 1, rows: float = 1) -> Any:
    """A box on the small city's lattice."""
    return box(WEST + column * STEP, SOUTH + row * STEP, WEST + (column + columns) * STEP, SOUTH + (row + rows) * STEP)


def at(column: float, row: float) -> tuple[float, float]:
    """A point on the small city's lattice: longitude, latitude."""
    return WEST + column * STEP, SOUTH + row * STEP


def small_city_cells() -> Cells:
    """The finest regions of the small city by code. 4 × 4 lattice cells of about a kilometre."""
    island = cell(0.4, 0.4, 0.2, 0.2)
    exclave = cell(3.4, 0.4, 0.2, 0.2)
    return {
        "440101001001": cell(0, 0).difference(island),
        "440101001002": island,
        "440101001003": cell(1, 0),
        "440101002001": cell(0, 1, 2, 1),
        "440101002002": shapely.union_all([cell(0, 2, 2, 2), exclave]),
        "440102001001": cell(2, 0),
        "440102001002": cell(3, 0).difference(exclave),
        "440102001003": shapely.Polygon(
            [
                (WEST + 2 * STEP, SOUTH + STEP),
                (WEST + 4 * STEP, SOUTH + STEP),
                (WEST + 4 * STEP, SOUTH + 4 * STEP),
                (WEST + 3.1 * STEP, SOUTH + 2.7 * STEP),
                (WEST + 2 * STEP, SOUTH + 2 * STEP),
            ]
        ),
        "440102001004": shapely.Polygon(
            [
                (WEST + 2 * STEP, SOUTH + 2 * STEP),
                (WEST + 3.1 * STEP, SOUTH + 2.7 * STEP),
                (WEST + 4 * STEP, SOUTH + 4 * STEP),
                (WEST + 2 * STEP, SOUTH + 4 * STEP),
            ]
        ),
    }


def nested(cells: Cells) -> RegionSet:
    """A tree over cells: a city, districts of 6 digits, communities of 9, grids of 12."""
    regions = [DemoRegion("44", "市", "city", None, shapely.union_all(list(cells.values())))]
    for digits, tier, above in ((6, "district", 2), (9, "community", 6), (12, "grid", 9)):
        for code in sorted({leaf[:digits] for leaf in cells}):
            shape = shapely.union_all([geom for leaf, geom in cells.items() if leaf.startswith(code)])
            regions.append(DemoRegion(code, f"{tier} {code}", tier, code[:above], shape))
    return region_set(regions)


async def publish_cells(context: Context, cells: Cells, *, note: str = "test", scheme: str = "main") -> EditionSummary:
    """Publishes cells and the tree over them as the scheme's next edition."""
    return await boundaries.publish(context, SYSTEM_ACTOR, scheme, nested(cells), note=note, progress=lambda *_: None)


async def publish_small_city(context: Context) -> EditionSummary:
    """Publishes the small city."""
    return await publish_cells(context, small_city_cells())


async def publish_beats(context: Context, border: float = 1.5) -> None:
    """Police beats west and east of a line; the north of the city has none."""
    beats = region_set(
        [
            DemoRegion("beat-1", "West", "grid", None, cell(0, 0, border, 3)),
            DemoRegion("beat-2", "East", "grid", None, cell(border, 0, 4 - border, 3)),
        ]
    )
    await boundaries.publish(
        context, SYSTEM_ACTOR, "police", beats, note="", progress=lambda *_: None, names=("公安责任区", "Police beats")
    )


def _bent(start: float, end: float, row: float) -> Any:
    """A line along a row of the lattice, eight metres off it in its middle."""
    return shapely.LineString([at(start, row), at((start + end) / 2, row + 0.008), at(end, row)])


GROUND: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "land": (
        ("use", "name", "geom"),
        [
            ("water", "清江", cell(0, 1.2, 4, 0.2)),
            ("park", None, cell(1, 0.2, 0.6, 0.6)),
            ("park", None, cell(2.5, 2.5, 0.03, 0.03)),
            ("estate", None, cell(0.1, 0.1, 0.8, 0.8)),
        ],
    ),
    "compound": (
        ("use", "name", "geom"),
        [
            ("park", "和园公园", cell(1, 0.2, 0.6, 0.6)),
            ("estate", "和兴花园", cell(0.1, 0.1, 0.8, 0.8)),
            ("campus", "和兴小学", cell(2.2, 0.2, 0.4, 0.4)),
        ],
    ),
    "way": (
        ("kind", "name", "start_node", "end_node", "length_m", "is_bridge", "geom"),
        [
            (kind, f"{kind}路", stretch, stretch + 1, 1000.0, False, _bent(a, b, row))
            for row, kind in enumerate(("expressway", "trunk", "secondary", "street", "lane"))
            for stretch, (a, b) in enumerate([(0, 1.3), (1.3, 2.1), (2.1, 4)])
        ],
    ),
    "building": (
        ("use", "name", "street", "house_number", "floors", "staircases", "geom", "entrance"),
        [
            ("estate", "1栋", "street路", "5号", 6, 1, cell(0.3, 0.3, 0.02, 0.02), shapely.Point(at(0.3, 0.3))),
            ("village", None, "lane路", "7号", 3, 1, cell(0.35, 0.3, 0.02, 0.02), shapely.Point(at(0.35, 0.3))),
        ],
    ),
}
"""The ground of the small city by table: a river, two parks (one of 30 metres), an estate, a school, a way of each kind in three
stretches, two buildings."""


async def add_ground(context: Context) -> None:
    """Adds the ground of the small city."""
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        for table, (columns, rows) in GROUND.items():
            ids = await numbers(connection, table, len(rows))
            written = ((number, *(_hexed(value) for value in values)) for number, values in zip(ids, rows, strict=True))
            await add_rows(connection, table, ("id", *columns), written)


async def settle(context: Context) -> None:
    """A building in each of the small city's grids: three or eighty people, two shops, a camera, a lamp, a worker."""
    cells = small_city_cells()
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        found = await connection.execute(
            text("select code, key from region where code = any(:codes)"), {"codes": [*cells]}
        )
        keys = {row.code: row.key for row in found}
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in SETTLED}
        for number, code in enumerate(sorted(cells), 1):
            key, point = keys[code], _hexed(cells[code].representative_point())
            square = _hexed(cells[code].representative_point().buffer(1e-5, cap_style="square"))
            persons = 3 if code == "440101001002" else 80
            rows["building"].append((number, "estate", f"{number}栋", "和兴路", f"{number}号", 6, 1, square, point))
            rows["building_people"].append((number, key, persons // 3, persons, 1, [persons] + [0] * 35, [1]))
            rows["household"].append((number, key, number, "101"))
            rows["person"].append(
                (number, key, number, "王**", True, "1980-01-01", None, "120****0001", "0006**********")
            )
            for shop in (2 * number, 2 * number + 1):
                rows["enterprise"].append((shop, key, number, f"{shop}店", "H", "餐饮", "存续", "120****0002", point))
                rows["closed_field"] += [
                    ("enterprises", shop, "employees", key, "7"), ("enterprises", shop, "founded_on", key, "2020-02-02")
                ]  # fmt: skip
            rows["asset"] += [
                (2 * number, key, "camera", "01", f"cam-{number}", "球机", point),
                (2 * number + 1, key, "component", "01001", f"lamp-{number}", "路灯", point),
            ]
            rows["unit"].append((number, key, "grid_worker", "李四", "120****0003", number))
            rows["personal_field"] += [
                ("persons", number, "name", key, "王小明"), ("persons", number, "phone", key, f"1200000{number:04d}"),
                ("units", number, "phone", key, f"1210000{number:04d}"),
            ]  # fmt: skip
        for table, columns in SETTLED.items():
            await add_rows(connection, table, columns, rows[table])


SETTLED = {
    "building": ("id", "use", "name", "street", "house_number", "floors", "staircases", "geom", "entrance"),
    "building_people": ("building_id", "region_key", "households", "persons", "floating", "by_age", "by_origin"),
    "household": ("id", "region_key", "building_id", "room"),
    "person": ("id", "region_key", "household_id", "name", "is_woman", "born_on", "origin", "phone", "identity"),
    "enterprise": ("id", "region_key", "building_id", "name", "trade", "trade_name", "status", "phone", "geom"),
    "closed_field": ("data_set", "record_id", "field", "region_key", "value"),
    "asset": ("id", "region_key", "kind", "category", "identifier", "name", "geom"),
    "unit": ("id", "region_key", "kind", "name", "phone", "building_id"),
    "personal_field": ("data_set", "record_id", "field", "region_key", "value"),
}


def _hexed(value: Any) -> Any:
    if not isinstance(value, shapely.Geometry):
        return value
    return shapely.to_wkb(shapely.set_srid(value, 4326), hex=True, include_srid=True)


async def person(context: Context, role: str, *regions: str) -> Actor:
    """A signed-up account that may see these regions of the main scheme (none: all)."""
    login = f"{role}-{'-'.join(regions) or 'all'}"
    account_id = await accounts.add(
        context,
        SYSTEM_ACTOR,
        login=login,
        name=login,
        role=role,
        password="long enough",
        regions=[("main", code) for code in regions],
    )
    return await accounts.actor(context, account_id)


def a_report(column: float, row: float, **fields: Any) -> IncidentReport:
    """A report at a place of the small city's lattice."""
    x, y = at(column, row)
    given = {"source": "test", "source_id": "1", "taxonomy": "source", "category": "pothole", "x": x, "y": y}
    return read_report({**given, **fields}, Where())


def seeing(*intervals: tuple[int, int]) -> Scope:
    """The scope of somebody who sees what lies in these intervals of keys."""
    return Scope(1, "x", {right: intervals for right in rights() if right.startswith("see_")})


def become(connection: psycopg.Connection, scope: Scope) -> None:
    """Gives a connection a scope for as long as it is open, or until it is given another."""
    connection.execute("reset all")
    for name, value in settings_of(scope).items():
        connection.execute("select set_config(%s, %s, false)", (name, value))


def bounds(geoms: Any) -> tuple[float, float, float, float]:
    """West, south, east, north of some geometries."""
    west, south, east, north = shapely.total_bounds(np.asarray(geoms, dtype=object))
    return float(west), float(south), float(east), float(north)
