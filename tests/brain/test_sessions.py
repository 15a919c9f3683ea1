"""Sessions: begun by a sign-in alone, ended by time, by people, and by what happens to their account."""

from __future__ import annotations

import psycopg
import pytest

from brain import accounts, sessions
from brain.actor import Proof
from brain.context import Context
from brain.proofs import Proofs
from data.errors import NotFound, Unauthenticated
from tests.clocks import by_the_clock
from tests.worlds import person

pytestmark = pytest.mark.anyio


async def start(context: Context, role: str = "staff", *regions: str) -> str:
    """The token of a new account's session."""
    account = await person(context, role, *regions)
    assert account.account_id
    return await sessions.start(context, account.account_id, address="10.0.0.1", user_agent="Chromium")


async def is_open(context: Context, token: str) -> bool:
    """Whether a session can still be used."""
    try:
        await sessions.actor(context, token)
    except Unauthenticated:
        return False
    return True


async def test_the_database_does_not_know_the_token(city: Context, owner: psycopg.Connection) -> None:
    """Only its hash: who reads a backup signs in nowhere. Every token is a new one of 256 bits."""
    token = await start(city)
    assert len(token) >= 43
    rows = owner.execute("select token_hash, row_to_json(session)::text from session").fetchall()
    assert [bytes(kept) for kept, _ in rows] == [sessions.token_hash(token)]
    assert token not in rows[0][1]
    assert not await is_open(city, sessions.token_hash(token).hex())
    assert not await is_open(city, "")


async def test_an_unused_session_ends_and_stays_ended(city: Context, owner: psycopg.Connection) -> None:
    """After the idle time; longer limits afterwards do not wake it."""
    token = await start(city)
    city, clock = by_the_clock(city, session_idle_minutes=30)
    for _ in range(4):
        clock.forward(minutes=29)
        assert await is_open(city, token)
    clock.forward(minutes=30)
    assert not await is_open(city, token)
    assert owner.execute("select ended_why from session").fetchall() == [("idle",)]
    longer, _ = by_the_clock(city, session_idle_minutes=600)
    assert not await is_open(longer, token)


async def test_a_used_session_ends_too(city: Context, owner: psycopg.Connection) -> None:
    """After its whole time, however busy."""
    token = await start(city)
    city, clock = by_the_clock(city, session_hours=2)
    for _ in range(7):
        clock.forward(minutes=15)
        assert await is_open(city, token)
    clock.forward(minutes=16)
    assert not await is_open(city, token)
    assert owner.execute("select ended_why from session").fetchall() == [("expired",)]


async def test_use_is_written_once_a_minute_at_most(city: Context, owner: psycopg.Connection) -> None:
    """Reading the map writes nothing a hundred times a second."""
    token = await start(city)
    city, clock = by_the_clock(city)
    written = set()
    for _ in range(12):
        clock.forward(10)
        await is_open(city, token)
        written.add(owner.execute("select xmin::text from session").fetchone())
    assert len(written) <= 3


async def test_signing_out_ends_the_session_itself(city: Context) -> None:
    """A copy of the cookie is worth nothing afterwards; a second sign-out harms nobody."""
    token = await start(city)
    for _ in range(2):
        await sessions.sign_out(city, token)
        assert not await is_open(city, token)


async def test_disabling_an_account_ends_its_sessions_for_good(city: Context, owner: psycopg.Connection) -> None:
    """Whoever writes it; enabling it again does not bring them back."""
    token = await start(city)
    owner.execute("update account set disabled_at = now()")
    assert owner.execute("select ended_why from session").fetchall() == [("disabled",)]
    owner.execute("update account set disabled_at = null")
    assert not await is_open(city, token)


async def test_a_new_password_ends_every_session(city: Context) -> None:
    """Set at the server's command line."""
    token = await start(city)
    await accounts.set_password(city, "staff-all", "another one")
    assert not await is_open(city, token)


async def test_people_end_their_own_sessions_and_no_others(city: Context, owner: psycopg.Connection) -> None:
    """An administrator those of the accounts in their own regions; the reason is kept."""
    staff, neighbour = await start(city, "staff", "440101"), await start(city, "staff", "440102")
    administrator = await person(city, "administrator", "440101")
    me, other = await sessions.actor(city, staff), await sessions.actor(city, neighbour)
    assert other.proof
    assert me.proof
    for stranger in (me, administrator):
        with pytest.raises(NotFound):
            await sessions.end(city, stranger, other.proof.id)
        assert await sessions.list_sessions(city, stranger, other.login) == []
    assert [one.is_current for one in await sessions.list_sessions(city, me, me.login)] == [True]
    assert len(await sessions.list_sessions(city, administrator, me.login)) == 1
    await sessions.end(city, administrator, me.proof.id)
    await sessions.end(city, other, other.proof.id)
    assert not await is_open(city, staff)
    assert not await is_open(city, neighbour)
    ended = owner.execute("select ended_why from session order by id").fetchall()
    assert ended == [("administrator",), ("owner",)]


async def test_ending_all_others_keeps_the_one_that_asks(city: Context) -> None:
    """And touches nobody else's."""
    mine, neighbour = await start(city, "staff", "440101"), await start(city, "staff", "440102")
    me = await sessions.actor(city, mine)
    assert me.account_id
    others = [await sessions.start(city, me.account_id, address=None, user_agent=None) for _ in range(2)]
    assert len(await sessions.list_sessions(city, me, me.login)) == 3
    await sessions.end_others(city, me)
    assert [await is_open(city, token) for token in (mine, neighbour, *others)] == [True, True, False, False]


async def test_an_open_stream_is_told_to_leave_when_its_proof_is_over(city: Context, owner: psycopg.Connection) -> None:
    """Unused too long, past its time, its account disabled; what still counts is not among them."""
    token = await start(city)
    city, clock = by_the_clock(city)
    proof = (await sessions.actor(city, token)).proof
    assert proof
    proofs = Proofs(city.engine, city.settings, clock)
    assert await proofs.ended_among([proof, Proof("token", proof.id)]) == set()
    clock.forward(minutes=59)
    assert await proofs.ended_among([proof]) == set()
    clock.forward(minutes=2)
    assert await proofs.ended_among([proof]) == {proof}
    owner.execute("update session set last_seen_at = %s", (clock.now,))
    assert await proofs.ended_among([proof]) == set()
    clock.forward(hours=11)
    owner.execute("update session set last_seen_at = %s", (clock.now,))
    assert await proofs.ended_among([proof]) == {proof}
