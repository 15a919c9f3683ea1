"""Tokens: never more than their account, never longer than they were made for."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brain import own_accounts, tokens
from brain.actor import SYSTEM_ACTOR, Actor, common, merge_intervals
from brain.context import Context
from data.dictionaries.data_sets import closed_fields
from data.errors import BadInput, CityError, Forbidden, NotFound, Unauthenticated
from tests.clocks import by_the_clock
from tests.worlds import person

pytestmark = pytest.mark.anyio

Regions = list[tuple[str, str]]


async def make(context: Context, actor: Actor, *rights: str, regions: Regions | None = None, days: int = 30) -> str:
    """A token of an account."""
    return await tokens.add(
        context, actor, actor.login, name="hotline", rights=rights, regions=regions or [], days=days
    )


async def test_a_token_acts_as_its_account_with_some_of_its_rights(city: Context, owner: psycopg.Connection) -> None:
    """In some of its regions; the token itself is kept nowhere."""
    actor = await person(city, "dispatcher", "440101")
    token = await make(city, actor, "report_incidents", regions=[("main", "440101001")])
    held = await tokens.actor(city, token)
    assert (held.account_id, held.rights) == (actor.account_id, ["report_incidents"])
    assert actor.scope.covers("report_incidents", held.scope.of("report_incidents"))
    assert held.scope.of("report_incidents") != actor.scope.of("report_incidents")
    assert token not in str(owner.execute("select row_to_json(api_token)::text from api_token").fetchall())
    whole = await tokens.actor(city, await make(city, actor, "see_incidents"))
    assert whole.scope.of("see_incidents") == actor.scope.of("see_incidents")


async def test_a_token_shows_the_closed_fields_of_what_it_shows(city: Context) -> None:
    """Those that its account sees, of the data sets it was made for, and nothing that goes with other rights."""
    actor = await person(city, "steward")
    held = await tokens.actor(city, await make(city, actor, "see_enterprises"))
    fields = {field.held for field in closed_fields() if field.data_set == "enterprises"}
    assert fields
    assert set(held.scope.rights) == {"see_enterprises", *fields}
    assert all(held.scope.of(name) == actor.scope.of(name) for name in held.scope.rights)


@pytest.mark.parametrize(
    ("right", "regions"),
    [
        ("keep_accounts", []),
        ("keep_city", []),
        ("report_incidents", [("main", "440102")]),
        ("report_incidents", [("main", "44")]),
    ],
)
async def test_a_token_beyond_its_account_is_not_made(city: Context, right: str, regions: Regions) -> None:
    """Neither a right nor a region that the account lacks."""
    actor = await person(city, "dispatcher", "440101")
    with pytest.raises(Forbidden) as refused:
        await make(city, actor, right, regions=regions)
    assert refused.value.key == "token.beyond_account"


async def test_a_token_loses_what_its_account_loses(city: Context, owner: psycopg.Connection) -> None:
    """From the next request on: the role ended, then the account disabled."""
    token = await make(city, await person(city, "dispatcher"), "report_incidents", "see_incidents")
    assert (await tokens.actor(city, token)).may("report_incidents")
    owner.execute("update account_role set role = 'commander'")
    assert (await tokens.actor(city, token)).rights == ["see_incidents"]
    owner.execute("update account_role set valid_to = now()")
    assert (await tokens.actor(city, token)).rights == []
    owner.execute("update account set disabled_at = now()")
    with pytest.raises(Unauthenticated):
        await tokens.actor(city, token)


async def test_a_token_ends_by_itself_and_by_revocation(city: Context) -> None:
    """And is shown as what it is."""
    actor = await person(city, "dispatcher")
    city, clock = by_the_clock(city)
    short, long = await make(city, actor, "see_incidents", days=1), await make(city, actor, "see_incidents", days=30)
    for token in (short, long):
        assert (await tokens.actor(city, token)).may("see_incidents")
    clock.forward(days=1)
    assert (await tokens.actor(city, long)).may("see_incidents")
    listed = await tokens.list_tokens(city, actor, actor.login)
    assert [(one.is_over, one.expires_at - one.created_at) for one in listed] == [
        (False, timedelta(days=30)),
        (True, timedelta(days=1)),
    ]
    assert listed[0].last_used_at == clock.now
    await tokens.revoke(city, actor, listed[0].id)
    for token in (short, long, "cb_nothing", ""):
        with pytest.raises(Unauthenticated) as refused:
            await tokens.actor(city, token)
        assert refused.value.key == "token.invalid"
    with pytest.raises(NotFound):
        await tokens.revoke(city, actor, listed[0].id)


async def test_tokens_are_their_owners_and_their_keepers(city: Context) -> None:
    """A neighbour neither sees nor revokes them."""
    actor, neighbour = await person(city, "staff", "440101"), await person(city, "staff", "440102")
    await make(city, actor, "see_incidents")
    [one] = await tokens.list_tokens(city, actor, actor.login)
    assert await tokens.list_tokens(city, neighbour, actor.login) == []
    with pytest.raises(NotFound):
        await tokens.revoke(city, neighbour, one.id)
    await tokens.revoke(city, await person(city, "administrator"), one.id)
    assert await tokens.list_tokens(city, actor, actor.login) == []


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"password": "wrong one"}, "account.password_wrong"),
        ({"rights": []}, "token.rights"),
        ({"rights": ["fly"]}, "token.rights"),
        ({"days": 0}, "token.days"),
        ({"days": 10_000}, "token.days"),
        ({"regions": [("main", "x")]}, "region.unknown"),
    ],
)
async def test_what_is_no_token_is_refused(city: Context, changed: dict[str, object], key: str) -> None:
    """A wrong password, no right, no such right, no time, too much time, no such region."""
    actor = await person(city, "staff")
    given = {"password": "long enough", "name": "x", "rights": ["see_incidents"], "regions": [], "days": 3, **changed}
    with pytest.raises((BadInput, CityError)) as refused:
        await own_accounts.add_token(city, actor, **given)  # type: ignore[arg-type]
    assert refused.value.key == key


async def test_the_system_makes_tokens_for_others(city: Context) -> None:
    """At the command line of the server, and within the account's rights."""
    await person(city, "dispatcher")
    token = await tokens.add(
        city, SYSTEM_ACTOR, "dispatcher-all", name="x", rights=["report_incidents"], regions=[], days=1
    )
    assert (await tokens.actor(city, token)).rights == ["report_incidents"]


interval = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(interval), st.lists(interval))
def test_what_two_sets_of_intervals_share(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    """Number by number."""

    def numbers(intervals: object) -> set[int]:
        return {n for lo, hi in intervals for n in range(lo, hi + 1)}  # type: ignore[attr-defined]

    shared = common(merge_intervals(some), merge_intervals(others))
    assert numbers(shared) == numbers(some) & numbers(others)
    assert shared == merge_intervals(shared)
