"""Accounts: given only what their giver has, and only what can be signed in with."""

from __future__ import annotations

import pytest

from brain import accounts
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from data.errors import BadInput, Forbidden, NotFound, Unauthenticated
from tests.worlds import person, small_city_cells

pytestmark = pytest.mark.anyio


async def test_more_separate_regions_than_a_scope_holds_are_refused_at_once(city: Context) -> None:
    """When the account is made, not at its first sign-in."""
    codes = sorted(small_city_cells())
    with pytest.raises(BadInput) as refused:
        await person(city, "staff", *codes[::2])
    assert refused.value.key == "actor.too_many_regions"
    with pytest.raises(Unauthenticated):
        await accounts.sign_in(city, f"staff-{'-'.join(codes[::2])}", "long enough")


@pytest.mark.parametrize(
    ("regions", "fits"), [([("main", "440101001")], True), ([("main", "440102")], False), ([], False)]
)
async def test_an_administrator_gives_away_no_more_than_they_have(
    city: Context, regions: list[tuple[str, str]], fits: bool
) -> None:
    """A district's administrator makes accounts of the district, not of the city or the neighbour."""
    administrator = await person(city, "administrator", "440101")
    new = accounts.add(
        city, administrator, login="new", name="new", role="staff", password="long enough", regions=regions
    )
    if fits:
        assert await new > 0
        return
    with pytest.raises(Forbidden) as refused:
        await new
    assert refused.value.key == "account.beyond_scope"


async def test_signing_in_with_a_new_password(city: Context) -> None:
    """The old one is worth nothing from then on; an unknown name is said to the one who sets it."""
    await person(city, "staff")
    await accounts.set_password(city, "staff-all", "another one")
    assert [role.role for role in (await accounts.sign_in(city, "staff-all", "another one")).roles] == ["staff"]
    with pytest.raises(Unauthenticated):
        await accounts.sign_in(city, "staff-all", "long enough")
    with pytest.raises(NotFound):
        await accounts.set_password(city, "nobody", "another one")


async def test_an_unknown_role_is_refused_with_those_there_are(city: Context) -> None:
    """Nobody holds a role that means nothing."""
    with pytest.raises(BadInput) as refused:
        await accounts.add(city, SYSTEM_ACTOR, login="x", name="x", role="king", password="long enough", regions=[])
    assert "dispatcher" in str(refused.value.values["roles"])
