"""What is seen where: by role, by tier, by what was pushed down, by what was corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from brain import accounts, corrections, pushdown, records
from brain.actor import SYSTEM_ACTOR, Actor
from brain.context import Context
from brain.masking import masked
from brain.pushdown import Opening
from data.engine import SYSTEM, scoped_transaction
from data.errors import BadInput, CityError, Conflict, Forbidden, NotFound
from tests.worlds import become, person, settle

pytestmark = pytest.mark.anyio

WEST, EAST = "440101", "440102"
COMMUNITY, NEIGHBOUR = "440101001", "440101002"
TO_COMMUNITIES = Opening("enterprises", (), "community", "main", WEST, "走访")


@pytest.fixture
async def settled(city: Context) -> Context:
    """The small city with somebody and something in each of its grids."""
    await settle(city)
    return city


async def again(context: Context, actor: Actor) -> Actor:
    """The same person at the next request."""
    assert actor.account_id is not None
    return await accounts.actor(context, actor.account_id)


async def shops(context: Context, actor: Actor, region: str = "44") -> list[records.Record]:
    """The enterprises that somebody sees."""
    return await records.page(context, await again(context, actor), "enterprises", region, after=None, limit=1000)


async def test_below_its_home_tier_a_data_set_is_seen_where_it_was_pushed_down(settled: Context) -> None:
    """At once, in the subtree, to the tier, and not to the neighbour; withdrawn, it is gone at once."""
    steward, village = await person(settled, "steward"), await person(settled, "staff", COMMUNITY)
    neighbour, grid = await person(settled, "staff", "440102001"), await person(settled, "staff", "440101001001")
    for nobody in (village, neighbour, grid):
        with pytest.raises(Forbidden):
            await shops(settled, nobody)
    pushed = await pushdown.push(settled, steward, TO_COMMUNITIES)
    assert {record.region["code"][:9] for record in await shops(settled, village)} == {COMMUNITY}
    for nobody in (neighbour, grid):
        with pytest.raises(Forbidden):
            await shops(settled, nobody)
    await pushdown.withdraw(settled, steward, pushed)
    with pytest.raises(Forbidden):
        await shops(settled, village)
    with pytest.raises(Conflict):
        await pushdown.withdraw(settled, steward, pushed)


async def test_a_pushdown_holds_from_when_to_when(settled: Context) -> None:
    """Not before, not after."""
    steward, village = await person(settled, "steward"), await person(settled, "staff", COMMUNITY)
    now = datetime.now(UTC)
    for begin, end in ((now + timedelta(hours=1), None), (now - timedelta(days=2), now - timedelta(days=1))):
        opening = Opening("enterprises", (), "community", "main", WEST, "x", begin, end)
        await pushdown.push(settled, steward, opening)
        with pytest.raises(Forbidden):
            await shops(settled, village)
    with pytest.raises(BadInput):
        await pushdown.push(settled, steward, Opening("enterprises", (), "community", "main", WEST, "x", now, now))


async def test_a_closed_field_is_seen_where_it_was_opened(settled: Context) -> None:
    """The next version adds it, the one after takes it away; personal fields are never pushed."""
    steward, village = await person(settled, "steward"), await person(settled, "staff", COMMUNITY)
    first = await pushdown.push(settled, steward, TO_COMMUNITIES)
    assert all("employees" not in record.fields for record in await shops(settled, village))
    with_field = Opening("enterprises", ("employees",), "community", "main", WEST, "走访")
    second = await pushdown.push(settled, steward, with_field, replaces=first)
    assert all(record.fields["employees"] == "7" for record in await shops(settled, village))
    assert all("founded_on" not in record.fields for record in await shops(settled, village))
    with pytest.raises(Conflict):
        await pushdown.push(settled, steward, with_field, replaces=first)
    await pushdown.push(settled, steward, TO_COMMUNITIES, replaces=second)
    assert all("employees" not in record.fields for record in await shops(settled, village))
    versions = await pushdown.history(settled, steward, second)
    assert [row["fields"] for row in versions] == [[], ["employees"], []]
    with pytest.raises(BadInput):
        await pushdown.push(settled, steward, Opening("enterprises", ("phone",), "community", "main", WEST, "x"))


@pytest.mark.parametrize(
    ("opening", "fault"),
    [
        (Opening("enterprises", (), "community", "main", EAST, "x"), Forbidden),
        (Opening("enterprises", (), "community", "main", "44", "x"), Forbidden),
        (Opening("nothing", (), "community", "main", WEST, "x"), BadInput),
        (Opening("enterprises", (), "street", "main", WEST, "x"), BadInput),
        (Opening("enterprises", (), "community", "main", WEST, "  "), BadInput),
        (Opening("enterprises", (), "community", "main", "4499", "x"), NotFound),
    ],
)
async def test_a_steward_gives_only_what_is_theirs(settled: Context, opening: Opening, fault: type[CityError]) -> None:
    """Their own regions, their own sight, for a purpose; a preview is refused like the deed."""
    steward = await person(settled, "steward", WEST)
    with pytest.raises(fault):
        await pushdown.push(settled, steward, opening)
    with pytest.raises(fault):
        await pushdown.preview(settled, steward, opening)
    with pytest.raises(Forbidden):
        await pushdown.push(settled, await person(settled, "staff", WEST), TO_COMMUNITIES)


async def test_who_was_given_it_knows_and_the_giver_knows_that(settled: Context) -> None:
    """The preview names whom it reaches; receipts say who has received and opened it; others are given nothing."""
    steward, village = await person(settled, "steward", WEST), await person(settled, "staff", COMMUNITY)
    neighbour = await person(settled, "staff", "440102001")
    found = await pushdown.preview(settled, steward, TO_COMMUNITIES)
    assert [region.code for region in found.regions] == [COMMUNITY, NEIGHBOUR]
    assert [row["name"] for row in found.receivers] == [village.name]
    pushed = await pushdown.push(settled, steward, TO_COMMUNITIES)
    assert await pushdown.receipts(settled, steward, pushed) == []
    (given,) = await pushdown.received(settled, village)
    assert (given["id"], given["purpose"], given["given_by_name"]) == (pushed, "走访", steward.name)
    assert await pushdown.received(settled, neighbour) == []
    await pushdown.open_received(settled, village, pushed)
    with pytest.raises(NotFound):
        await pushdown.open_received(settled, neighbour, pushed)
    (receipt,) = await pushdown.receipts(settled, steward, pushed)
    assert receipt["account_name"] == village.name
    assert receipt["opened_at"] >= receipt["received_at"]
    (row,) = await pushdown.given_out(settled, steward, before=None, limit=10)
    assert (row["received"], row["opened"]) == (1, 1)
    with pytest.raises(NotFound):
        await pushdown.receipts(settled, await person(settled, "steward", EAST), pushed)


async def test_the_second_sees_what_the_first_corrected(settled: Context) -> None:
    """Nothing is overwritten silently; every tier above counts with it."""
    village, colleague = await person(settled, "staff", COMMUNITY), await person(settled, "grid_worker", COMMUNITY)
    district = await person(settled, "staff", WEST)
    building = (await records.page(settled, village, "population", COMMUNITY, after=None, limit=1))[0]
    before = (await records.figures(settled, district, WEST)).population
    wish = {"field": "households", "before": building.fields["households"], "reason": "走访"}
    assert await corrections.correct(settled, village, "population", building.id, after="42", **wish) == "applied"
    after = (await records.figures(settled, district, WEST)).population
    assert before is not None
    assert after is not None
    assert (after["households"] or 0) - (before["households"] or 0) == 42 - int(building.fields["households"] or 0)
    with pytest.raises(Conflict) as conflict:
        await corrections.correct(settled, colleague, "population", building.id, after="43", **wish)
    assert conflict.value.values == {"name": village.name, "after": "42"}
    log = await corrections.of_record(settled, district, "population", building.id)
    assert [(row["before"], row["after"], row["reason"], row["author_name"]) for row in log] == [
        (building.fields["households"], "42", "走访", village.name)
    ]


async def test_what_belongs_to_another_waits_for_its_owner(settled: Context) -> None:
    """A shop is closed when the steward says so; a second proposal is told of the first."""
    steward, town = await person(settled, "steward", WEST), await person(settled, "staff", WEST)
    shop, other = (await shops(settled, town))[:2]
    wish = {"field": "status", "before": "存续", "reason": "已搬走"}
    assert await corrections.correct(settled, town, "enterprises", shop.id, after="注销", **wish) == "waiting"
    assert (await records.one(settled, town, "enterprises", shop.id)).fields["status"] == "存续"
    with pytest.raises(Conflict) as conflict:
        await corrections.correct(settled, town, "enterprises", shop.id, after="停业", **wish)
    assert conflict.value.key == "correction.waits"
    (waiting,) = await corrections.queue(settled, steward, ["waiting"], before=None, limit=10)
    with pytest.raises(Forbidden):
        await corrections.decide(settled, town, waiting["id"], confirm=True, why="")
    with pytest.raises(NotFound):
        await corrections.decide(settled, await person(settled, "steward", EAST), waiting["id"], confirm=True, why="")
    await corrections.decide(settled, steward, waiting["id"], confirm=True, why="属实")
    assert (await records.one(settled, town, "enterprises", shop.id)).fields["status"] == "注销"
    with pytest.raises(Conflict):
        await corrections.decide(settled, steward, waiting["id"], confirm=False, why="")
    await corrections.correct(settled, town, "enterprises", other.id, after="停业", **wish)
    (waiting,) = await corrections.queue(settled, steward, ["waiting"], before=None, limit=10)
    await corrections.decide(settled, steward, waiting["id"], confirm=False, why="仍在营业")
    assert (await records.one(settled, town, "enterprises", other.id)).fields["status"] == "存续"


@pytest.mark.parametrize(
    ("data_set", "field", "after", "fault"),
    [
        ("population", "households", "-1", BadInput),
        ("population", "households", "many", BadInput),
        ("population", "nothing", "1", BadInput),
        ("assets", "name", " ", BadInput),
        ("enterprises", "status", "开心", BadInput),
    ],
)
async def test_a_correction_must_make_sense(
    settled: Context, data_set: str, field: str, after: str, fault: type[CityError]
) -> None:
    """And it is said what does not."""
    town = await person(settled, "staff", WEST)
    record = (await records.page(settled, town, data_set, WEST, after=None, limit=1))[0]
    before = record.fields.get(field)
    with pytest.raises(fault):
        await corrections.correct(
            settled, town, data_set, record.id, field=field, before=before, after=after, reason="x"
        )
    with pytest.raises(BadInput):
        await corrections.correct(
            settled, town, "assets", record.id, field="name", before=before, after="x", reason=" "
        )


async def test_a_personal_field_is_corrected_and_stays_masked(settled: Context) -> None:
    """Neither the record nor its history shows it."""
    worker = await person(settled, "grid_worker", COMMUNITY)
    unit = (await records.page(settled, worker, "units", COMMUNITY, after=None, limit=1))[0]
    wish = {"field": "phone", "before": unit.fields["phone"], "after": "12099998888", "reason": "换号"}
    assert await corrections.correct(settled, worker, "units", unit.id, **wish) == "applied"
    assert (await records.one(settled, worker, "units", unit.id)).fields["phone"] == "120****8888"
    assert {row["after"] for row in await corrections.of_record(settled, worker, "units", unit.id)} == {"120****8888"}


async def test_a_personal_field_is_shown_for_a_reason_that_is_written_down(
    settled: Context, owner: psycopg.Connection
) -> None:
    """Who, what, where, why; to those who have the right and see the record; the table itself cannot be read."""
    worker, commander = await person(settled, "grid_worker", COMMUNITY), await person(settled, "commander")
    unit = (await records.page(settled, worker, "units", COMMUNITY, after=None, limit=1))[0]
    wish = {"field": "phone", "reason": "夜间急事"}
    shown = await records.reveal(settled, worker, "units", unit.id, **wish)
    assert masked("phone", shown) == "121****" + shown[-4:]
    assert masked("phone", shown) != shown
    become(owner, SYSTEM)
    lines = owner.execute(
        "select actor_name, object_kind, object_id, reason, details->>'field' from audit where action = 'reveal_personal'"
    ).fetchall()
    assert lines == [(worker.name, "units", str(unit.id), "夜间急事", "phone")]
    with pytest.raises(BadInput):
        await records.reveal(settled, worker, "units", unit.id, field="phone", reason=" ")
    with pytest.raises(Forbidden):
        await records.reveal(settled, commander, "units", unit.id, **wish)
    with pytest.raises(NotFound):
        await records.reveal(settled, await person(settled, "grid_worker", NEIGHBOUR), "units", unit.id, **wish)
    async with scoped_transaction(settled.engine, worker.scope) as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("select value from personal_field"))
    assert owner.execute("select count(*) from audit where action = 'reveal_personal'").fetchone() == (1,)


async def test_nobody_corrects_what_they_do_not_see(settled: Context) -> None:
    """A record of the neighbour is not there, whatever its id."""
    village, neighbour = await person(settled, "staff", COMMUNITY), await person(settled, "staff", NEIGHBOUR)
    unit = (await records.page(settled, neighbour, "units", NEIGHBOUR, after=None, limit=1))[0]
    with pytest.raises(NotFound):
        await corrections.correct(
            settled, village, "units", unit.id, field="name", before=unit.title, after="x", reason="x"
        )
    with pytest.raises(NotFound):
        await records.one(settled, village, "units", unit.id)
    assert await records.page(settled, village, "units", NEIGHBOUR, after=None, limit=10) == []


async def test_small_counts_are_for_those_who_may_see_them(settled: Context) -> None:
    """Three people in a building point at somebody; a commander sees that there are few."""
    commander, worker = await person(settled, "commander"), await person(settled, "grid_worker")
    few = (await records.page(settled, commander, "population", "440101001002", after=None, limit=1))[0]
    known = (await records.page(settled, worker, "population", "440101001002", after=None, limit=1))[0]
    assert (few.fields["persons"], known.fields["persons"]) == (None, "3")
    figures = await records.figures(settled, commander, "440101001002")
    assert figures.population is not None
    assert figures.population["persons"] is None
    assert (await records.figures(settled, SYSTEM_ACTOR, "440101001002")).population["persons"] == 3  # type: ignore[index]


async def test_a_page_goes_on_where_the_last_one_ended(settled: Context) -> None:
    """Every record once, in the same order."""
    town = await person(settled, "staff", WEST)
    whole = await records.page(settled, town, "assets", WEST, after=None, limit=1000)
    found: list[records.Record] = []
    after = None
    while page := await records.page(settled, town, "assets", WEST, after=after, limit=2):
        found += page
        after = (page[-1].region_key, page[-1].id)
    assert [record.id for record in found] == [record.id for record in whole]
    assert len({record.id for record in found}) == len(found) > 4
