"""Signing in: what is worth a password, how often one may try, and what a stranger learns from the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import psycopg
import pytest

from brain import accounts, attempts, own_accounts, passwords, sessions
from brain.actor import SYSTEM_ACTOR, Origin
from brain.context import Context
from data.errors import BadInput, TooMany, Unauthenticated
from tests.clocks import by_the_clock
from tests.worlds import person

pytestmark = pytest.mark.anyio

RIGHT = "long enough"


async def fault_of(work: Awaitable[object]) -> str:
    """The key of the fault that something ends with."""
    with pytest.raises((Unauthenticated, TooMany, BadInput)) as fault:
        await work
    return fault.value.key


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("short one", "account.password_short"),
        ("Wang.Fang.Of.Foshan", "account.password_is_name"),
        ("wángfāng of the hall", "account.password_is_name"),
        ("1234567890", "account.password_common"),
        ("Password1234", "account.password_common"),
        ("1qaz2wsx3edc", "account.password_common"),
        ("aaaaaaaaaaaaaaaaaaaa", "account.password_common"),
        ("wang.fang.of.foshan1", "account.password_common"),
    ],
)
async def test_a_password_that_is_soon_guessed_is_refused(context: Context, password: str, key: str) -> None:
    """Short, the person's own name, or one of those that are tried first."""
    new = accounts.add(
        context,
        SYSTEM_ACTOR,
        login="wang.fang.of.foshan",
        name="Wángfāng of the hall",
        role="staff",
        password=password,
        regions=[],
    )
    assert await fault_of(new) == key


@pytest.mark.parametrize(
    "password",
    ["long enough", "another one", "桃花潭水深千尺 李白", "correct horse battery staple" * 30, "a1b2c3d4e5f6"],
)
async def test_an_unusual_password_is_taken(context: Context, password: str) -> None:
    """Any characters, however long."""
    hashed = await passwords.hashed(password, login="wang", name="王")
    assert await passwords.verified(hashed, password)
    assert hashed.startswith("$argon2id$")


async def test_a_name_nobody_has_costs_the_same_work(city: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash is compared for it too, with the parameters of the real ones, and the answer is the same."""
    await person(city, "staff")
    compared: list[str] = []
    verify = passwords._hasher.verify
    monkeypatch.setattr(
        type(passwords._hasher), "verify", lambda _, of, given: (compared.append(of), verify(of, given))[1]
    )
    keys = [await fault_of(accounts.sign_in(city, login, "wrong one")) for login in ("staff-all", "nobody")]
    assert keys == ["account.sign_in_failed"] * 2
    assert len(compared) == 2
    known, unknown = (of.split("$")[:4] for of in compared)
    assert known == unknown


@pytest.mark.parametrize("login", ["staff-all", "nobody"])
async def test_after_five_failures_a_name_waits_twice_as_long_each_time(city: Context, login: str) -> None:
    """30 s, then a minute, up to an hour; a name nobody has waits like any other; the wait itself costs nothing more."""
    await person(city, "staff")
    city, clock = by_the_clock(city)
    for _ in range(5):
        assert await fault_of(accounts.sign_in(city, login, "wrong one")) == "account.sign_in_failed"
    for wait in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        for _ in range(3):
            assert await fault_of(accounts.sign_in(city, login, RIGHT)) == "account.wait"
        clock.forward(wait - 1)
        assert await fault_of(accounts.sign_in(city, login, "wrong one")) == "account.wait"
        clock.forward(1)
        assert await fault_of(accounts.sign_in(city, login, "wrong one")) == "account.sign_in_failed"


async def test_the_right_password_makes_the_failures_forgotten(city: Context) -> None:
    """In a row is what counts; and a new password from the administrator opens a waiting account."""
    await person(city, "staff")
    city, clock = by_the_clock(city)
    for _ in range(3):
        for _ in range(4):
            await fault_of(accounts.sign_in(city, "staff-all", "wrong one"))
        assert (await accounts.sign_in(city, "staff-all", RIGHT)).login == "staff-all"
    for _ in range(5):
        await fault_of(accounts.sign_in(city, "staff-all", "wrong one"))
    assert await fault_of(accounts.sign_in(city, "staff-all", RIGHT)) == "account.wait"
    await accounts.set_password(city, "staff-all", "another one")
    assert (await accounts.sign_in(city, "staff-all", "another one")).login == "staff-all"
    assert clock.now


async def test_many_guesses_at_once_are_no_way_round(city: Context) -> None:
    """Of twenty at the same moment five are examined."""
    await person(city, "staff")
    city, _ = by_the_clock(city)
    keys = await asyncio.gather(*(fault_of(accounts.sign_in(city, "staff-all", f"guess {n}")) for n in range(20)))
    assert sorted(keys) == ["account.sign_in_failed"] * 5 + ["account.wait"] * 15


async def test_an_address_that_tries_many_names_waits(city: Context) -> None:
    """A hundred failures an hour; one's own account does not clear it; another address is not touched."""
    await person(city, "staff")
    city, clock = by_the_clock(city)
    await accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "10.0.0.1"))
    attempt = [attempts.Attempt(city, f"name {n}", "10.0.0.1") for n in range(attempts.FREE_OF_ADDRESS)]
    for one in attempt:
        await one.begin()
    assert (
        await fault_of(accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "10.0.0.1")))
        == "account.wait"
    )
    assert (await accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "10.0.0.2"))).login == "staff-all"
    clock.forward(hours=1)
    assert (await accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "10.0.0.1"))).login == "staff-all"


async def test_a_guest_of_ipv6_is_one_address_however_it_changes(city: Context) -> None:
    """The lower half of it is theirs to choose; the neighbour's network is another."""
    await person(city, "staff")
    city, _ = by_the_clock(city)
    for n in range(attempts.FREE_OF_ADDRESS):
        await attempts.Attempt(city, f"name {n}", f"2001:db8:0:1::{n:x}").begin()
    assert (
        await fault_of(accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "2001:db8:0:1:ffff::1")))
        == "account.wait"
    )
    assert (
        await accounts.sign_in(city, "staff-all", RIGHT, origin=Origin("session", "2001:db8:0:2::1"))
    ).login == "staff-all"


async def test_what_people_type_is_not_kept_in_the_table_of_failures(city: Context, owner: psycopg.Connection) -> None:
    """A password typed where the name belongs stays unreadable."""
    await fault_of(accounts.sign_in(city, "my secret password", "x", origin=Origin("session", "10.9.8.7")))
    rows = owner.execute("select subject from sign_in_failure").fetchall()
    assert len(rows) == 2
    assert all(len(subject) == 64 and "secret" not in subject and "10.9" not in subject for (subject,) in rows)


async def test_changing_ones_password_asks_the_old_one_and_ends_other_sessions(city: Context) -> None:
    """Wrong guesses count as at the door; the session that asks goes on."""
    account = await person(city, "staff")
    assert account.account_id
    city, clock = by_the_clock(city)
    mine, other = [await sessions.start(city, account.account_id, address=None, user_agent=None) for _ in range(2)]
    me = await sessions.actor(city, mine)
    wrong = own_accounts.change_password(city, me, "wrong one", "another one")
    assert await fault_of(wrong) == "account.password_wrong"
    weak = own_accounts.change_password(city, me, RIGHT, "1234567890")
    assert await fault_of(weak) == "account.password_common"
    await own_accounts.change_password(city, me, RIGHT, "another one")
    assert (await sessions.actor(city, mine)).login == "staff-all"
    assert await fault_of(sessions.actor(city, other)) == "account.not_signed_in"
    assert await fault_of(accounts.sign_in(city, "staff-all", RIGHT)) == "account.sign_in_failed"
    for _ in range(4):
        await fault_of(own_accounts.change_password(city, me, "wrong one", "a third one!"))
    assert await fault_of(own_accounts.change_password(city, me, "another one", "a third one!")) == "account.wait"
    clock.forward(3600)


def test_waits_double_from_half_a_minute_to_an_hour() -> None:
    """However many failures there have been."""
    assert [attempts.wait_after(n).total_seconds() for n in (0, 4, 5, 6, 7, 11, 12)] == [0, 0, 30, 60, 120, 1920, 3600]
    assert attempts.wait_after(10**6) == timedelta(hours=1)
