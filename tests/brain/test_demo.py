"""A demo city in an installation: loaded through its own doors, whole or continued, seen by each as by right."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from brain import accounts, boundaries, demo, regions
from brain.actor import SYSTEM_ACTOR, Actor
from brain.context import Context
from data.demo.accounts import ACCOUNTS, demo_accounts
from data.demo.city import make_city
from data.demo.regions import make_regions
from data.engine import scoped_transaction
from data.errors import Conflict
from tests.worlds import publish_small_city

pytestmark = pytest.mark.anyio

NANPU = demo.Demo("nanpu", days=30)
SCOPED = ("building_people", "enterprise", "asset", "unit")
FILLED = ("land", "way", "compound", "building", "origin", "department", *SCOPED)


def quiet(step: str, done: int, total: int) -> None:
    """Nobody watches."""


async def counts(context: Context, actor: Actor = SYSTEM_ACTOR) -> dict[str, int]:
    """How many rows of each table somebody sees."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        return {
            table: (await connection.execute(text(f"select count(*) from {table}"))).scalar_one() for table in FILLED
        }


async def test_everything_is_there_and_loading_again_adds_nothing(context: Context) -> None:
    """As many rows as the city has things; a second time leaves them as they are."""
    await demo.load(context, NANPU, quiet)
    city = make_city("nanpu", 1)
    found = await counts(context)
    assert min(found.values()) > 0
    assert found["building"] == len(city.buildings)
    assert found["way"] == len(city.ways)
    assert found["asset"] == sum(len(assets.names) for assets in city.assets)
    assert found["unit"] == len(city.units)
    assert await demo.is_loaded(context)
    assert await demo.wanted(context, demo.Demo()) is None
    await demo.load(context, NANPU, quiet)
    assert await counts(context) == found


@pytest.mark.parametrize("step", ["write", "way", "asset", "department", "index"])
async def test_an_interrupted_loading_goes_on(context: Context, step: str) -> None:
    """Wherever it breaks off, nothing is half there, and the next one ends with the whole city."""

    def broken(name: str, done: int, total: int) -> None:
        if name == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await demo.load(context, NANPU, broken)
    half = await counts(context)
    assert len({number > 0 for number in half.values()}) == 1, half
    wanted = await demo.wanted(context, NANPU)
    assert wanted == NANPU
    await demo.load(context, wanted, quiet)
    assert await demo.is_loaded(context)
    city = make_city("nanpu", 1)
    assert (await counts(context))["building"] == len(city.buildings)


async def test_a_demo_stays_one_when_its_borders_are_moved(context: Context) -> None:
    """A later edition, with a note of its own: still the demo, and loading it again changes nothing."""
    await demo.load(context, NANPU, quiet)
    before = await counts(context)
    city = make_city("nanpu", 1)
    moved = demo.region_set(make_regions(city.plan, city.codes, city.terrain))
    moved.names[-1][0] = "新名"
    await boundaries.publish(context, SYSTEM_ACTOR, "main", moved, note="moved", progress=quiet)
    assert await demo.in_place(context) == NANPU
    await demo.load(context, NANPU, quiet)
    assert await counts(context) == before


async def test_two_do_not_load_at_once(context: Context) -> None:
    """The second is told so, the first goes on."""
    first = asyncio.create_task(demo.load(context, NANPU, quiet))
    while await demo.in_place(context) is None:
        assert not first.done()
        await asyncio.sleep(0.01)
    with pytest.raises(Conflict, match="nother"):
        await demo.load(context, NANPU, quiet)
    await first
    assert await demo.is_loaded(context)


async def test_one_installation_one_city(context: Context) -> None:
    """Another demo, or another seed, is refused beside the first."""
    await demo.load(context, NANPU, quiet)
    for other in (demo.Demo("nanpu", seed=2, days=30), demo.Demo("chancheng", days=30)):
        with pytest.raises(Conflict, match="nanpu"):
            await demo.load(context, other, quiet)


async def test_a_city_of_ones_own_is_left_alone(context: Context) -> None:
    """Borders that are no demo's: nothing is wanted, and asking for it is refused."""
    await publish_small_city(context)
    assert await demo.wanted(context, NANPU) is None
    with pytest.raises(Conflict):
        await demo.load(context, NANPU, quiet)
    assert set((await counts(context)).values()) == {0}


async def test_everything_lies_in_the_region_that_it_is_counted_in(context: Context, owner: psycopg.Connection) -> None:
    """PostGIS agrees on every asset, enterprise and inhabited building."""
    await demo.load(context, NANPU, quiet)
    for table, place in (("asset", "t.geom"), ("enterprise", "t.geom")):
        wrong = owner.execute(
            f"select count(*) from {table} t join border b on b.region_key = t.region_key "
            f"where b.edition_to is null and not st_covers(b.geom, {place})"
        ).fetchone()
        assert wrong == (0,)
    wrong = owner.execute(
        "select count(*) from building_people p join building t on t.id = p.building_id "
        "join border b on b.region_key = p.region_key where b.edition_to is null and not st_covers(b.geom, t.geom)"
    ).fetchone()
    assert wrong == (0,)


async def test_each_account_sees_its_own_part(context: Context) -> None:
    """All sign in; the ground is everybody's, what is on it only within the account's region."""
    await demo.load(context, NANPU, quiet)
    whole = await counts(context)
    logins = {login.login: login for login in await demo.logins(context)}
    assert set(logins) == {login for login, *_ in ACCOUNTS}
    regions = {account.login: account.region for account in demo_accounts(make_city("nanpu", 1))}
    tiers = {login: tier for login, _, _, tier in ACCOUNTS}
    for login in logins.values():
        actor = await accounts.sign_in(context, login.login, login.password)
        assert "、".join(role.name or "" for role in actor.roles) == login.regions
        seen = await counts(context, actor)
        assert seen["building"] == whole["building"]
        if {role.role for role in actor.roles} <= {"auditor", "administrator"}:
            assert not any(seen[table] for table in SCOPED), login
        elif tiers[login.login] == "grid":
            assert all(0 < seen[table] < whole[table] for table in SCOPED), regions[login.login]
        elif tiers[login.login] == "micro_grid":
            assert all(seen[table] < whole[table] for table in SCOPED)
        else:
            assert seen == whole  # the city is one community


async def test_persons_are_seen_by_those_who_work_with_them(context: Context) -> None:
    """Not by who keeps accounts, draws borders or reads logs."""
    await demo.load(context, demo.Demo("nanpu", days=0, in_full=True), quiet)
    for login in await demo.logins(context):
        actor = await accounts.sign_in(context, login.login, login.password)
        async with scoped_transaction(context.engine, actor.scope) as connection:
            seen = (await connection.execute(text("select count(*) from person"))).scalar_one()
        assert (seen > 0) == actor.may("see_persons"), login


async def test_identifiers_are_numbered_as_the_standards_say(context: Context, owner: psycopg.Connection) -> None:
    """17 digits for a component (GB/T 47678), 20 for a camera (GB/T 28181), each beginning with its county."""
    await demo.load(context, demo.Demo("nanpu", days=0), quiet)
    rows = owner.execute(
        "select kind, category, identifier from asset where kind in ('camera', 'component')"
    ).fetchall()
    assert {kind for kind, _, _ in rows} == {"camera", "component"}
    for kind, category, identifier in rows:
        assert identifier.isdigit()
        assert identifier.startswith("440604" + (category if kind == "component" else ""))
        assert len(identifier) == {"component": 17, "camera": 20}[kind]


async def test_persons_one_by_one_are_those_that_are_counted(context: Context, owner: psycopg.Connection) -> None:
    """By building: households, persons, newcomers and ages; every household has somebody of age."""
    await demo.load(context, demo.Demo("nanpu", days=30, in_full=True), quiet)
    different = owner.execute(
        "select count(*) from building_people p left join lateral (select count(distinct h.id) as households, "
        "count(*) as persons, count(e.origin) as floating, "
        "count(*) filter (where e.is_woman) as women from household h join person e on e.household_id = h.id "
        "where h.building_id = p.building_id and h.region_key = p.region_key and e.region_key = p.region_key) f on true "
        "where (p.households, p.persons, p.floating) is distinct from (f.households, f.persons, f.floating) "
        "or f.women <> (select sum(n) from unnest(p.by_age[19:36]) n)"
    ).fetchone()
    assert different == (0,)
    minors = owner.execute(
        "select count(*) from household h where not exists "
        "(select from person e where e.household_id = h.id and e.born_on < '2009-01-01')"
    ).fetchone()
    rooms = owner.execute("select count(*), count(distinct (building_id, room)) from household").fetchone()
    assert minors is not None
    assert rooms is not None
    assert minors[0] < rooms[0] / 100  # in a small building there may be more households than grown-ups
    assert rooms[0] == rooms[1]


async def test_a_zone_is_another_name_for_its_regions(context: Context) -> None:
    """It has no code of its own."""
    await demo.load(context, demo.Demo("nanpu", days=0), quiet)
    found = await regions.by_alias(context, SYSTEM_ACTOR, "main", "南浦片区")
    assert [row["code"] for row in found] == ["440604012061"]


async def test_masked_is_what_could_be_somebodys(context: Context, owner: psycopg.Connection) -> None:
    """No telephone number of a network, none in full; no identity number in full."""
    await demo.load(context, demo.Demo("nanpu", days=30, in_full=True), quiet)
    phones = [phone for (phone,) in owner.execute("select phone from unit").fetchall()]
    phones += [phone for (phone,) in owner.execute("select phone from person where phone is not null").fetchall()]
    identities = [identity for (identity,) in owner.execute("select identity from person").fetchall()]
    assert len(identities) > 0
    assert all("********" in identity and len(identity) == 18 for identity in identities)
    assert all("****" in phone and phone.startswith("12") for phone in phones)
