"""One rule of placing, in SQL and in memory: covered, the lowest code wins; the same for every point."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from brain.context import Context
from data.engine import SYSTEM, scoped_transaction
from layers.locate import BORDER_TOLERANCE_DEG
from tests.worlds import SOUTH, STEP, WEST, at, small_city_cells

pytestmark = pytest.mark.anyio

LEAVES_COVERING = text(
    'select p.place, min(r.code collate "C") as code '
    "from unnest(cast(:lons as float8[]), cast(:lats as float8[])) with ordinality as p(lon, lat, place) "
    "join border b on b.edition_to is null and st_covers(b.geom, st_setsrid(st_makepoint(p.lon, p.lat), 4326)) "
    "join region r on r.key = b.region_key and r.tier = 'grid' group by p.place"
)

KNOWN = [
    (at(0.5, 0.5), "440101001002", "inside the hole's region"),
    (at(0.4, 0.5), "440101001001", "on the border of the hole: lowest code"),
    (at(0.2, 0.2), "440101001001", "around the hole"),
    (at(1, 0.3), "440101001001", "on a shared edge: lowest code"),
    (at(1, 1), "440101001001", "where three meet"),
    (at(2, 2), "440101002001", "where four meet"),
    (at(3.5, 0.5), "440101002002", "in the exclave, two districts away from its own"),
    (at(3.4, 0.5), "440101002002", "on the exclave's border: lowest code"),
    (at(3.1, 2.7), "440102001003", "on the bend of a border"),
    (at(4, 4), "440102001003", "on the city's own corner"),
    (at(2, 0.5), "440101001003", "on the edge between two districts"),
    (at(-0.1, 0.5), None, "outside"),
]


async def in_sql(context: Context, lon: list[float], lat: list[float]) -> list[str | None]:
    """The rule as SQL says it."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        rows = await connection.execute(LEAVES_COVERING, {"lons": lon, "lats": lat})
        found = {row.place: row.code for row in rows}
    return [found.get(place) for place in range(1, len(lon) + 1)]


async def in_memory(context: Context, lon: list[float], lat: list[float]) -> list[str | None]:
    """The rule as the process applies it."""
    index = await context.placements.current()
    placement = index.place(np.array(lon), np.array(lat))
    return [code if ok else None for code, ok in zip(placement.codes, placement.assigned, strict=True)]


@pytest.mark.parametrize(("point", "code", "why"), KNOWN, ids=[why for _, _, why in KNOWN])
async def test_known_points(city: Context, point: tuple[float, float], code: str | None, why: str) -> None:
    """Edges, nodes, holes, exclaves: each has one answer, the same on both sides."""
    assert await in_sql(city, [point[0]], [point[1]]) == [code]
    assert await in_memory(city, [point[0]], [point[1]]) == [code]


def _awkward_points() -> st.SearchStrategy[tuple[float, float]]:
    cells = list(small_city_cells().values())
    vertices = np.unique(shapely.get_coordinates(cells), axis=0)
    edges = [(ring[i], ring[i + 1]) for c in cells for ring in _rings(c) for i in range(len(ring) - 1)]
    anywhere = st.tuples(st.floats(-0.5, 4.5), st.floats(-0.5, 4.5)).map(
        lambda p: (WEST + p[0] * STEP, SOUTH + p[1] * STEP)
    )
    on_vertex = st.sampled_from([(float(x), float(y)) for x, y in vertices])
    on_edge = st.builds(
        lambda edge, part: (
            float(edge[0][0] + (edge[1][0] - edge[0][0]) * part),
            float(edge[0][1] + (edge[1][1] - edge[0][1]) * part),
        ),
        st.sampled_from(edges),
        st.floats(0, 1),
    )
    beside = st.builds(
        lambda p, dx, dy: (p[0] + dx, p[1] + dy),
        st.one_of(on_vertex, on_edge),
        st.sampled_from([-1e-7, -1e-9, -1e-12, 0.0, 1e-12, 1e-9, 1e-7]),
        st.sampled_from([-1e-7, -1e-9, -1e-12, 0.0, 1e-12, 1e-9, 1e-7]),
    )
    return st.one_of(anywhere, on_vertex, on_edge, beside)


def _rings(geom: object) -> list[list[tuple[float, float]]]:
    return [list(ring.coords) for part in shapely.get_parts(geom) for ring in shapely.get_rings(part)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(_awkward_points(), min_size=1, max_size=200))
async def test_sql_and_memory_place_alike(city: Context, points: list[tuple[float, float]]) -> None:
    """Any difference lies within 2e-8° of a border, where doubles cannot express collinearity."""
    lon, lat = [p[0] for p in points], [p[1] for p in points]
    sql, memory = await in_sql(city, lon, lat), await in_memory(city, lon, lat)
    borders = shapely.boundary(np.array(list(small_city_cells().values())))
    for point, one, other in zip(points, sql, memory, strict=True):
        if one != other:
            assert shapely.distance(borders, shapely.Point(point)).min() <= BORDER_TOLERANCE_DEG
