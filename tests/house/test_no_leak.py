"""Nobody sees or changes what is not theirs: every route, as every role at every tier, with the neighbour's ids.

The matrix is made from the OpenAPI document; a route without a verdict here fails. What lies in the neighbouring district
bears a mark that no answer to a person of this one may hold; who sees the whole city must find it, or the check could
not fail. `make test` asks a sample, chosen by a seed; `make soak` asks everything.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from brain import corrections, pushdown, sessions, tokens
from brain.actor import SYSTEM_ACTOR
from brain.intake import report_many
from brain.pushdown import Opening
from data.cluster import Cluster
from data.dictionaries.rights import roles
from data.engine import SYSTEM, psycopg_conninfo, scoped_transaction
from data.errors import Where
from tests.conftest import CITY_TEMPLATE, SOAK, new_database, settings_for
from tests.house.verdicts import EAST, MARK, NEIGHBOUR, VERDICTS
from tests.serving import Served, in_context, serving
from tests.worlds import a_report, become, person, settle

COUNT = 91_731
"""Households of each of its buildings: no sum of others is this, or a multiple of it."""

WEST = "440101"
TIERS = {"district": WEST, "community": "440101001", "grid": "440101001001"}
SEED, SAMPLE = 20261124, 0.12

Ids = dict[str, Any]


@dataclass
class World:
    """A served city whose east bears the mark, and people of its west signed in."""

    served: Served
    ids: Ids
    people: dict[tuple[str, str], httpx.Client] = field(default_factory=dict)

    def person(self, role: str, tier: str) -> httpx.Client:
        """Somebody of the west, or of the whole city."""
        if (role, tier) not in self.people:
            regions = (TIERS[tier],) if tier in TIERS else ()
            self.people[role, tier] = self.served.sign_in(role, *regions)
        return self.people[role, tier]

    def contents(self) -> list[Any]:
        """All that could be changed from outside."""
        with psycopg.connect(psycopg_conninfo(self.served.settings.owner_url)) as owner:
            become(owner, SYSTEM)
            return [
                owner.execute(f"select md5(string_agg(t::text, '' order by t::text)) from {table} t").fetchone()
                for table in (*SCOPED, "account", "account_role", "invitation")
            ]


SCOPED = (
    "incident", "incident_event", "incident_placement", "building_people", "household", "person", "enterprise", "asset",
    "unit", "closed_field", "correction", "pushdown", "register_entry",
)  # fmt: skip
"""Tables whose rows lie in regions, but the one that only a function reads."""


@pytest.fixture(scope="module")
def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once: the deeds that are tried must not change it."""
    with new_database(cluster, CITY_TEMPLATE) as name:
        settings = settings_for(cluster, name, tmp_path_factory.mktemp("home"))
        ids = in_context(settings, _fill)
        with psycopg.connect(psycopg_conninfo(settings.owner_url), autocommit=True) as owner:
            _mark(owner)
        with serving(settings) as served:
            yield World(served, ids)


async def _fill(context: Any) -> Ids:
    await settle(context)
    places = [(0.2, 0.2), (1.5, 0.5), (2.5, 0.5), (3.2, 0.7)]
    reports = [
        (Where(), a_report(*place, source_id=str(number), title=f"{MARK if place[0] > 2 else ''}事件"))
        for number, place in enumerate(places)
    ]
    await report_many(context, SYSTEM_ACTOR, reports)
    east = "select id from {table} where region_key in (select key from region where code ~ '^440102') limit 1"
    ids: Ids = {}
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        for name, table in (
            ("incident", "incident"), ("persons", "person"), ("enterprises", "enterprise"), ("assets", "asset"), ("units", "unit"),
        ):  # fmt: skip
            ids[name] = (await connection.exec_driver_sql(east.format(table=table))).scalar_one()
        found = await connection.exec_driver_sql(
            east.format(table="building_people").replace("id from", "building_id from")
        )
        ids["population"] = found.scalar_one()
    await corrections.correct(
        context,
        SYSTEM_ACTOR,
        "enterprises",
        ids["enterprises"],
        field="status",
        before="存续",
        after="停业",
        reason=MARK,
    )
    (waiting,) = await corrections.queue(context, SYSTEM_ACTOR, ["waiting"], before=None, limit=1)
    ids["correction"] = waiting["id"]
    opening = Opening("enterprises", ("employees",), "community", "main", EAST, MARK)
    ids["pushdown"] = await pushdown.push(context, SYSTEM_ACTOR, opening)
    account = await person(context, "staff", EAST)
    await sessions.start(context, account.account_id or 0, address=None, user_agent=MARK)
    await tokens.add(context, SYSTEM_ACTOR, NEIGHBOUR, name=MARK, rights=["see_incidents"], regions=[], days=9)
    ids["account"] = account.account_id
    ids["session"] = (await sessions.list_sessions(context, SYSTEM_ACTOR, NEIGHBOUR))[0].id
    ids["token"] = (await tokens.list_tokens(context, SYSTEM_ACTOR, NEIGHBOUR))[0].id
    return ids


def _mark(owner: psycopg.Connection) -> None:
    become(owner, SYSTEM)
    east = "region_key in (select key from region where code ~ '^440102')"
    owner.execute(f"update building_people set households = %s where {east}", [COUNT])
    for table in ("person", "enterprise", "asset", "unit"):
        owner.execute(f"update {table} set name = %s || name where {east}", [MARK])
    owner.execute(f"update closed_field set value = %s || value where {east}", [MARK])
    owner.execute("update account set organisation = %s where login = %s", [MARK, NEIGHBOUR])
    owner.execute(f"update personal_field set value = %s || value where {east}", [MARK])


def routes(document: Any) -> list[str]:
    """`GET /api/…` of every route that there is."""
    return sorted(f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods)


def leaks(text: str) -> bool:
    """Whether an answer tells of the neighbour: its mark, its counts, its places, its open incidents."""
    if MARK in text or json.dumps(MARK)[1:-1] in text:
        return True
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if any(number >= COUNT and number % COUNT == 0 for number in numbers):
        return True
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    if "counts" in answer:
        return any(code.startswith(EAST) and count for code, count in answer["counts"].items())
    return "lon" in answer and isinstance(answer["lon"], list) and any(lon > 113.02 for lon in answer["lon"])


def requests_of(route: str, ids: Ids) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """Method, path, query and body of everything that is asked of a route."""
    method, path = route.split()
    verdict = VERDICTS[route]
    for asked in verdict.asks:
        filled = {name: value.format(**ids) for name, value in {"scheme": "main", **asked}.items()}
        names = set(re.findall(r"{(\w+)}", path))
        query = {name: value for name, value in filled.items() if name not in names and name != "scheme"}
        says = verdict.says and json.loads(json.dumps(verdict.says).replace("{account}", str(ids["account"])))
        yield method, path.format(**filled), query, says


def test_every_route_has_a_verdict(world: World) -> None:
    """A new route says here what may come of it; a verdict without a route is a mistake."""
    assert set(routes(world.served.client().get("/api/openapi.json").json())) == set(VERDICTS)


def matrix() -> list[tuple[str, str, str]]:
    """Role, tier, route: all of them, or a sample that a seed chooses."""
    whole = [(role, tier, route) for role in roles() for tier in TIERS for route in sorted(VERDICTS)]
    chosen = random.Random(SEED)
    return [each for each in whole if SOAK or chosen.random() < SAMPLE]


def test_the_whole_city_finds_the_mark(world: World) -> None:
    """Otherwise the answers below could not leak: there would be nothing to see."""
    found: dict[str, bool] = {}
    for route, verdict in VERDICTS.items():
        if verdict.kind != "scoped" or not verdict.marked:
            continue
        for role in roles():
            client = world.person(role, "city")
            answers = [
                client.request(*request[:2], params=request[2], json=request[3])
                for request in requests_of(route, world.ids)
            ]
            found[route] = found.get(route, False) or any(leaks(answer.text) for answer in answers)
    assert [route for route, seen in found.items() if not seen] == []


def test_nobody_learns_of_the_neighbour(world: World) -> None:
    """Not in a list, a count, a tile, an error, nor by a guessed id: an id of the neighbour's answers as one of nobody's."""
    wrong: list[tuple[Any, ...]] = []
    for role, tier, route in matrix():
        kind = VERDICTS[route].kind
        if kind not in ("scoped", "deed"):
            continue
        client = world.person(role, tier)
        before = world.contents() if kind == "deed" else None
        absent = dict.fromkeys(world.ids, "987654")
        for request, nobodys in zip(requests_of(route, world.ids), requests_of(route, absent), strict=True):
            answer, other = (client.request(*each[:2], params=each[2], json=each[3]) for each in (request, nobodys))
            if leaks(answer.text) or "Traceback" in answer.text or answer.status_code >= 500:
                wrong.append((role, tier, route, request[1:3], answer.status_code, answer.text[:300]))
            said, unsaid = (re.sub(r"\d+", "?", each.text) for each in (answer, other))
            if request[1:3] != nobodys[1:3] and (answer.status_code, said) != (other.status_code, unsaid):
                wrong.append((role, tier, route, "an id that is there sounds unlike one that is not", said, unsaid))
            if kind == "deed" and answer.is_success:
                wrong.append((role, tier, route, request[1:3], "done", answer.text[:300]))
        if before is not None and world.contents() != before:
            wrong.append((role, tier, route, "something has changed"))
    assert wrong == []


@pytest.mark.parametrize("role", ["staff", "dispatcher"])
def test_a_batch_into_the_neighbours_region_is_refused_line_by_line(world: World, role: str) -> None:
    """What lies in one's own is taken in, the rest is named."""
    lines = [a_report(2.5, 0.5, source_id="leak").model_dump_json(exclude_none=True)]
    before = world.contents()
    answer = world.person(role, "district").post(
        "/api/incidents/batch", content="\n".join(lines), headers={"content-type": "application/x-ndjson"}
    )
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (0, 1)
    assert world.contents() == before


@pytest.mark.parametrize("deed", ["examine", "import"])
@pytest.mark.parametrize("role", roles())
def test_a_register_of_the_neighbours_region_is_refused_row_by_row(world: World, role: str, deed: str) -> None:
    """By who may import nowhere as a whole; and no number of the neighbour's tells what lies under it."""
    lines = ["标识码,名称,类别,经度,纬度", "cam-6,球机,01,113.025,23.005", "leak,球机,01,113.025,23.005"]
    before = world.contents()
    answer = world.person(role, "district").post(
        f"/api/registers/camera/{deed}", files={"file": ("a.csv", "\n".join(lines))}, data={"crs": "EPSG:4490"}
    )
    if role == "steward":
        assert (answer.json()["new"], answer.json()["changed"], answer.json()["rejected"]) == (0, 0, 2)
        assert len({fault["message"] for fault in answer.json()["faults"]}) == 1
    else:
        assert answer.status_code == 403
    assert not leaks(json.dumps(answer.json().get("faults"), ensure_ascii=False))
    assert world.contents() == before


def test_the_stream_tells_each_of_their_own(world: World) -> None:
    """An incident of the neighbour is announced to those who see it, and to nobody else."""
    here, there = world.person("dispatcher", "district"), world.person("dispatcher", "city")
    with here.stream("GET", "/api/live") as west, there.stream("GET", "/api/live") as city:
        heard, seen = west.iter_lines(), city.iter_lines()
        for lines in (heard, seen):
            while not next(lines).startswith("event: hello"):
                pass
        new = there.post(
            "/api/incidents", json=a_report(2.6, 0.6, source_id="live-east").model_dump(mode="json", exclude_none=True)
        )
        east = new.json()["id"]
        own = here.post(
            "/api/incidents", json=a_report(0.3, 0.2, source_id="live-west").model_dump(mode="json", exclude_none=True)
        )
        told = {"west": "", "city": ""}
        for name, lines in (("city", seen), ("west", heard)):
            while own.json()["id"] not in re.findall(r"\d+", told[name].partition("data")[2]):
                told[name] += next(lines) + "\n"
        ids = {name: set(re.findall(r'"(\d+)"', text)) for name, text in told.items()}
    assert east in ids["city"]
    assert east not in ids["west"]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("role", roles())
def test_the_database_itself_tells_nothing(world: World, role: str, tier: str) -> None:
    """As the application's role, asked outright: no row of the neighbour's, in no table and no view."""
    world.person(role, tier)

    async def ask(context: Any) -> dict[str, int]:
        from brain import accounts

        actor = await accounts.sign_in(context, f"{role}-{TIERS[tier]}", "long enough")
        counts = {}
        async with scoped_transaction(context.engine, actor.scope) as connection:
            for table in (*SCOPED, "record"):
                east = (
                    f"select count(*) from {table} where region_key in (select key from region where code ~ '^440102')"
                )
                counts[table] = (await connection.exec_driver_sql(east)).scalar_one()
        return counts

    assert not any(in_context(world.served.settings, ask).values())
