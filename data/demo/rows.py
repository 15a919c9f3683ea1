"""The demo city as rows of the tables, ready to be copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.city import DemoCity
from data.demo.division import Floats, Ints
from data.demo.outlines import Shapes, polygons
from data.demo.persons import Residents
from data.demo.things import STATUSES, Assets
from data.demo.uses import Use
from data.demo.ways import CANAL_M, WIDTHS_M, Kind
from data.demo.words import COUNTED_ON, words

ASSETS_AT_ONCE = 50_000
_IDENTIFIERS = {
    "component": "{county}{category}{number:06d}",
    "camera": "{county}00001320{number:06d}",
    "device": "{county}-{category}-{number:06d}",
    "facility": "{county}-{category}-{number:06d}",
}

Row = Sequence[Any]
Keys = NDArray[np.int64]

WALL_M = 8
"""Between the middle of the street and the wall of an estate."""

LAND = ("id", "use", "name", "geom")
WAY = ("id", "kind", "name", "start_node", "end_node", "length_m", "is_bridge", "geom")
COMPOUND = ("id", "use", "name", "geom")
BUILDING = (
    "id", "use", "name", "street", "house_number", "floors", "staircases", "compound_id", "geom", "entrance"
)  # fmt: skip
BUILDING_PEOPLE = ("building_id", "region_key", "households", "persons", "floating", "by_age", "by_origin")
HOUSEHOLD = ("id", "region_key", "building_id", "room")
PERSON = ("id", "region_key", "household_id", "name", "is_woman", "born_on", "origin", "phone", "identity")
ENTERPRISE = (
    "id", "region_key", "building_id", "name", "trade", "trade_name", "status", "phone", "geom"
)  # fmt: skip
ASSET = ("id", "region_key", "kind", "category", "identifier", "name", "geom", "attributes")
UNIT = ("id", "region_key", "kind", "name", "phone", "building_id")
FIELD = ("data_set", "record_id", "field", "region_key", "value")
"""Of closed and of personal fields."""

DEPARTMENT = ("id", "code", "name", "line", "region_code")


def hexed(shapes: Shapes) -> list[str]:
    """EWKB in hexadecimal, EPSG:4326."""
    return list(shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True))


def point_shapes(city: DemoCity, points: Floats) -> Shapes:
    """Points of the plan as points on the land."""
    return np.asarray(shapely.points(city.terrain.lonlat(points)))


def land(city: DemoCity) -> list[tuple[str, str | None, Any]]:
    """Use, name and shape: the grids' land, then the water on it."""
    plan = city.plan
    found: list[tuple[str, str | None, Any]] = [
        (Use(use).name.lower(), None, shape)
        for use, shape in zip(city.uses.tolist(), polygons(plan.grids.rects, city.terrain), strict=True)
        if use != Use.WATER
    ]
    river = f"{plan.place.seats[0].name[:1]}江水道"
    found += [("water", river, shape) for shape in polygons(plan.river, city.terrain)]
    along = plan.blocks[np.isin(plan.blocks[:, 2], plan.canals)]
    half = int(WIDTHS_M[Kind.TRUNK]) // 2
    strips = along.copy()
    strips[:, 0], strips[:, 2] = along[:, 2] - half - CANAL_M + 3, along[:, 2] - half - 1
    return found + [("water", None, shape) for shape in polygons(strips, city.terrain)]


def compounds(city: DemoCity) -> list[tuple[str, str, Any]]:
    """Use, name and shape, within the streets around."""
    rects = city.plan.grids.rects[city.compounds.grid] + np.array([WALL_M, WALL_M, -WALL_M, -WALL_M])
    uses = city.uses[city.compounds.grid].tolist()
    shapes = polygons(rects, city.terrain)
    return [
        (Use(use).name.lower(), name, shape)
        for use, name, shape in zip(uses, city.compounds.names, shapes, strict=True)
    ]


def way_rows(city: DemoCity, ids: list[int]) -> Iterator[Row]:
    """Rows of WAY; nodes are numbered from 1."""
    ways = city.ways
    shapes = ways.shapes(city.terrain)
    return zip(
        ids,
        [Kind(kind).name.lower() for kind in ways.kind.tolist()],
        [ways.names[name] for name in ways.name_of.tolist()],
        (ways.start + 1).tolist(),
        (ways.end + 1).tolist(),
        ways.lengths_m().tolist(),
        ways.is_bridge.astype(bool).tolist(),
        hexed(shapes),
        strict=True,
    )


def building_rows(city: DemoCity, ids: list[int], compound_ids: list[int]) -> Iterator[Row]:
    """Rows of BUILDING; in an estate a building's name is its number there."""
    own = city.buildings
    place = city.compounds.of_building
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], place)
    rank = np.empty(len(place), dtype=np.int64)
    rank[order] = np.arange(len(place))
    inside = rank - first + 1
    streets = [city.ways.names[name] for name in city.ways.name_of[own.way].tolist()]
    return zip(
        ids,
        [Use(use).name.lower() for use in own.use.tolist()],
        [f"{number}栋" if of >= 0 else None for of, number in zip(place.tolist(), inside.tolist(), strict=True)],
        streets,
        [
            f"{number}号" + (f"之{suffix}" if suffix else "")
            for number, suffix in zip(own.number.tolist(), own.suffix.tolist(), strict=True)
        ],
        own.floors.tolist(),
        own.staircases.tolist(),
        [compound_ids[of] if of >= 0 else None for of in place.tolist()],
        hexed(own.shapes(city.terrain)),
        hexed(point_shapes(city, own.entrance)),
        strict=True,
    )


def people_rows(city: DemoCity, building_ids: list[int], keys: Keys) -> Iterator[Row]:
    """Rows of BUILDING_PEOPLE; `keys` are those of the micro-grids."""
    people = city.people
    return zip(
        [building_ids[building] for building in people.building.tolist()],
        keys[city.buildings.micro_grid[people.building]].tolist(),
        people.households.tolist(),
        people.persons.tolist(),
        people.floating.tolist(),
        people.by_age.tolist(),
        people.by_origin.tolist(),
        strict=True,
    )


def household_rows(
    city: DemoCity, some: Residents, ids: list[int], building_ids: list[int], keys: Keys
) -> Iterator[Row]:
    """Rows of HOUSEHOLD."""
    building = city.people.building[some.building]
    return zip(
        ids,
        keys[city.buildings.micro_grid[building]].tolist(),
        [building_ids[place] for place in building.tolist()],
        some.rooms,
        strict=True,
    )


def person_rows(city: DemoCity, some: Residents, ids: list[int], household_ids: list[int], keys: Keys) -> Iterator[Row]:
    """Rows of PERSON, under the key of their household."""
    building = city.people.building[some.building[some.household]]
    return zip(
        ids,
        keys[city.buildings.micro_grid[building]].tolist(),
        [household_ids[place] for place in some.household.tolist()],
        [f"{name[0]}**" for name in some.names],
        some.is_woman.astype(bool).tolist(),
        some.born_on,
        some.origins,
        some.phones,
        some.identities,
        strict=True,
    )


def firm_rows(city: DemoCity, ids: list[int], building_ids: list[int], keys: Keys) -> Iterator[Row]:
    """Rows of ENTERPRISE, each at its building's entrance."""
    firms = city.firms
    trades = words()["trade"]
    return zip(
        ids,
        keys[city.buildings.micro_grid[firms.building]].tolist(),
        [building_ids[building] for building in firms.building.tolist()],
        firms.names,
        [trades[trade]["code"] for trade in firms.trade.tolist()],
        [trades[trade]["name"] for trade in firms.trade.tolist()],
        [STATUSES[status] for status in firms.status.tolist()],
        firms.phones,
        hexed(point_shapes(city, city.buildings.entrance[firms.building])),
        strict=True,
    )


def firm_closed_rows(city: DemoCity, ids: list[int], keys: Keys) -> Iterator[Row]:
    """Rows of FIELD: how many work there, and since when it is."""
    firms = city.firms
    regions = keys[city.buildings.micro_grid[firms.building]].tolist()
    founded = [COUNTED_ON - timedelta(days=age) for age in firms.age_days.tolist()]
    for record, region, employees, day in zip(ids, regions, firms.employees.tolist(), founded, strict=True):
        yield "enterprises", record, "employees", region, str(employees)
        yield "enterprises", record, "founded_on", region, day.isoformat()


def phone_rows(data_set: str, ids: list[int], regions: list[int], masked: list[str | None]) -> Iterator[Row]:
    """Rows of FIELD: invented numbers in full."""
    for record, region, phone in zip(ids, regions, masked, strict=True):
        if phone is not None:
            yield data_set, record, "phone", region, phone.replace("****", f"{record * 7919 % 10_000:04d}")


def person_personal_rows(city: DemoCity, some: Residents, ids: list[int], keys: Keys) -> Iterator[Row]:
    """Rows of FIELD: who they are, in full; the masked digits of an identity number are the day of birth."""
    building = city.people.building[some.building[some.household]]
    regions = keys[city.buildings.micro_grid[building]].tolist()
    for record, region, name, born, identity in zip(
        ids, regions, some.names, some.born_on, some.identities, strict=True
    ):
        yield "persons", record, "name", region, name
        yield "persons", record, "identity", region, identity.replace("********", f"{born:%Y%m%d}")
    yield from phone_rows("persons", ids, regions, some.phones)


def asset_rows(
    city: DemoCity, assets: Assets, ids: list[int], keys_at: Callable[[Floats], Keys], cells: Keys
) -> Iterator[Row]:
    """Rows of ASSET, some thousand at a time.

    `keys_at` places points of EPSG:4326 (n, 2), `cells` are the keys of the micro-grids. Identifiers: GB/T 47678 for
    components, GB/T 28181 for cameras, our own for the rest; serials run by county and category.
    """
    order = np.argsort(cells)
    met: dict[tuple[str, str], int] = {}
    for start in range(0, len(ids), ASSETS_AT_ONCE):
        here = slice(start, start + ASSETS_AT_ONCE)
        where = city.terrain.lonlat(assets.points[here])
        keys = keys_at(where)
        cell = order[np.searchsorted(cells[order], keys)]
        identifiers = []
        for category, of in zip(assets.category[here], cell.tolist(), strict=True):
            county = city.codes.micro_grids[of][:6]
            number = met[county, category] = met.get((county, category), 0) + 1
            identifiers.append(_IDENTIFIERS[assets.kind].format(county=county, category=category, number=number))
        count = len(keys)
        yield from zip(
            ids[here],
            keys.tolist(),
            [assets.kind] * count,
            assets.category[here],
            identifiers,
            assets.names[here],
            hexed(np.asarray(shapely.points(where))),
            [None] * count,
            strict=True,
        )


def unit_rows(city: DemoCity, ids: list[int], building_ids: list[int], grids: Keys, cells: Keys) -> Iterator[Row]:
    """Rows of UNIT; `grids` and `cells` are the keys of the grids and the micro-grids."""
    units = city.units
    keys = np.where(units.grid >= 0, grids[units.grid], cells[units.micro_grid])
    buildings: Ints = units.building
    return zip(
        ids,
        keys.tolist(),
        units.kind,
        units.names,
        units.phones,
        [building_ids[building] if building >= 0 else None for building in buildings.tolist()],
        strict=True,
    )


def department_rows(city: DemoCity) -> list[tuple[str, str, str | None, str]]:
    """Code, name, line and region: a bureau for each of the eight lines, an office for each community and above."""
    place = city.plan.place
    top, title = place.district or place.city
    codes = city.codes
    found: list[tuple[str, str, str | None, str]] = [
        (f"{top}-{line['code']}", f"{title}{line['bureau']}", line["name"], top) for line in words()["line"]
    ]
    found += [
        (code, f"{name}综合治理中心", None, code)
        for code, name in zip(codes.subdistricts, codes.subdistrict_names, strict=True)
    ]
    return found + [
        (code, f"{name}委员会", None, code) for code, name in zip(codes.communities, codes.community_names, strict=True)
    ]
