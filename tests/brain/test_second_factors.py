"""The second factor: asked for once it is confirmed, and no code is taken twice."""

from __future__ import annotations

import asyncio

import psycopg
import pyotp
import pytest

from brain import accounts, own_accounts, second_factors
from brain.actor import Actor
from brain.context import Context
from data.errors import BadInput, CityError, Conflict, NotFound, TooMany, Unauthenticated
from tests.clocks import Clock, by_the_clock
from tests.worlds import person

pytestmark = pytest.mark.anyio

PASSWORD = "long enough"


async def enrol(context: Context, clock: Clock, actor: Actor) -> tuple[pyotp.TOTP, list[str]]:
    """An authenticator of this account, and its recovery codes. The code of now is spent."""
    enrolment = await own_accounts.start_factor(context, actor, PASSWORD)
    totp = pyotp.TOTP(enrolment.secret)
    return totp, await own_accounts.confirm_factor(context, actor, totp.at(clock.now))


async def sign_in(context: Context, code: str | None) -> str:
    """What comes of signing in with this code: the key of the fault, or the login."""
    try:
        return (await accounts.sign_in(context, "staff-all", PASSWORD, code=code)).login
    except (Unauthenticated, TooMany) as fault:
        return fault.key


async def test_signing_in_takes_two_steps_from_the_confirmation_on(city: Context) -> None:
    """Not from the start: who closes the page before the first code is not locked out."""
    city, clock = by_the_clock(city)
    actor = await person(city, "staff")
    enrolment = await own_accounts.start_factor(city, actor, PASSWORD)
    assert await sign_in(city, None) == "staff-all"
    assert enrolment.uri.startswith("otpauth://totp/")
    assert enrolment.secret in enrolment.uri
    assert enrolment.qr_svg.startswith("<svg")
    with pytest.raises(BadInput):
        await own_accounts.confirm_factor(city, actor, "000000")
    totp = pyotp.TOTP(enrolment.secret)
    assert len(set(await own_accounts.confirm_factor(city, actor, totp.at(clock.now)))) == 10
    assert await sign_in(city, None) == "account.code_needed"
    clock.forward(30)
    assert await sign_in(city, totp.at(clock.now)) == "staff-all"
    with pytest.raises(Conflict):
        await own_accounts.start_factor(city, actor, PASSWORD)


async def test_a_code_is_worth_nothing_the_second_time(city: Context) -> None:
    """Nor at the confirmation's own step, nor one that is older than the last, nor for one of two at once."""
    city, clock = by_the_clock(city)
    totp, _ = await enrol(city, clock, await person(city, "staff"))
    assert await sign_in(city, totp.at(clock.now)) == "account.code_wrong"
    clock.forward(60)
    earlier, now = totp.at(clock.now, counter_offset=-1), totp.at(clock.now)
    answers = await asyncio.gather(*(sign_in(city, now) for _ in range(3)))
    assert sorted(answers) == ["account.code_wrong", "account.code_wrong", "staff-all"]
    assert await sign_in(city, earlier) == "account.code_wrong"


@pytest.mark.parametrize(
    ("steps", "answer"), [(-2, "account.code_wrong"), (-1, "staff-all"), (1, "staff-all"), (2, "account.code_wrong")]
)
async def test_a_telephones_clock_may_be_half_a_minute_off(city: Context, steps: int, answer: str) -> None:
    """Not more."""
    city, clock = by_the_clock(city)
    totp, _ = await enrol(city, clock, await person(city, "staff"))
    clock.forward(300)
    assert await sign_in(city, totp.at(clock.now, counter_offset=steps)) == answer


async def test_guessing_codes_makes_the_account_wait(city: Context) -> None:
    """The right password in between, with or without other attempts, does not start the count anew."""
    city, clock = by_the_clock(city)
    totp, _ = await enrol(city, clock, await person(city, "staff"))
    for _ in range(5):
        assert await sign_in(city, None) == "account.code_needed"
        assert await sign_in(city, "123456") == "account.code_wrong"
    assert await sign_in(city, None) == "account.wait"
    assert await sign_in(city, totp.at(clock.now, counter_offset=1)) == "account.wait"
    clock.forward(30)
    assert await sign_in(city, None) == "account.code_needed"
    assert await sign_in(city, totp.at(clock.now, counter_offset=1)) == "staff-all"


async def test_a_recovery_code_stands_in_once(city: Context, owner: psycopg.Connection) -> None:
    """However it is typed; what is kept of it is a hash."""
    city, clock = by_the_clock(city)
    actor = await person(city, "staff")
    _, codes = await enrol(city, clock, actor)
    assert await sign_in(city, f" {codes[3].upper().replace('-', ' ')} ") == "staff-all"
    assert await sign_in(city, codes[3]) == "account.code_wrong"
    assert await sign_in(city, codes[4]) == "staff-all"
    assert (await own_accounts.card(city, actor)).recovery_codes_left == 8
    kept = str(owner.execute("select code_hash from recovery_code").fetchall())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_the_secret_is_not_readable_in_the_database(city: Context, owner: psycopg.Connection) -> None:
    """Encrypted by the installation's key."""
    city, clock = by_the_clock(city)
    totp, _ = await enrol(city, clock, await person(city, "staff"))
    kept = owner.execute("select secret from second_factor").fetchone()
    assert kept
    assert totp.secret not in kept[0]


async def test_turning_it_off_asks_for_the_password(city: Context) -> None:
    """Then the password alone is enough, the codes are worth nothing, and a new one can be begun."""
    city, clock = by_the_clock(city)
    actor = await person(city, "staff")
    await enrol(city, clock, actor)
    with pytest.raises(BadInput):
        await own_accounts.end_factor(city, actor, "wrong one")
    await own_accounts.end_factor(city, actor, PASSWORD)
    assert await sign_in(city, None) == "staff-all"
    with pytest.raises(NotFound):
        await own_accounts.end_factor(city, actor, PASSWORD)
    clock.forward(60)
    totp, _ = await enrol(city, clock, actor)
    clock.forward(30)
    assert await sign_in(city, totp.at(clock.now)) == "staff-all"
    await accounts.end_factor(city, "staff-all")
    assert await sign_in(city, None) == "staff-all"


async def test_a_second_start_forgets_the_first(city: Context) -> None:
    """A code of the secret that was shown last confirms, one of the earlier does not."""
    city, clock = by_the_clock(city)
    actor = await person(city, "staff")
    first, last = [await own_accounts.start_factor(city, actor, PASSWORD) for _ in range(2)]
    with pytest.raises(CityError):
        await second_factors.confirm(city, actor.account_id or 0, pyotp.TOTP(first.secret).at(clock.now))
    assert await second_factors.confirm(city, actor.account_id or 0, pyotp.TOTP(last.secret).at(clock.now))


async def test_a_role_that_wants_a_second_factor_sleeps_without_one(city: Context) -> None:
    """Its rights are not there, the others are; with the factor they are."""
    city, clock = by_the_clock(city, second_factor_roles=["administrator"])
    administrator = await person(city, "administrator")
    assert (administrator.rights, administrator.asleep) == ([], ("administrator",))
    assert (await person(city, "staff")).asleep == ()
    await enrol(city, clock, administrator)
    awake = await accounts.actor(city, administrator.account_id or 0)
    assert awake.may("keep_accounts")
    assert awake.asleep == ()
