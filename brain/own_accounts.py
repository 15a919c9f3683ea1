"""What people see and change of their own account. Whatever outlasts the session asks for the password again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brain import accounts, passwords, second_factors, sessions, tokens
from brain.actor import Actor
from brain.context import Context
from brain.second_factors import Enrolment
from data.engine import SYSTEM, scoped_transaction
from data.queries import query

_CARD = query("accounts", "card")
_FACTOR = query("second_factors", "overview")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What an account is told about itself; `factor_since` is None where it has no second factor."""

    login: str
    name: str
    staff_number: str | None
    organisation: str | None
    phone: str | None
    factor_since: datetime | None
    recovery_codes_left: int


async def card(context: Context, by: Actor) -> OwnAccount:
    """One's own account."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        own = (await connection.execute(_CARD, {"id": by.account_id})).one()
        factor = (await connection.execute(_FACTOR, {"account_id": by.account_id})).one_or_none()
    since, left = (factor.confirmed_at, factor.codes_left) if factor else (None, 0)
    return OwnAccount(own.login, own.name, own.staff_number, own.organisation, own.phone, since, left)


async def change_password(context: Context, by: Actor, old: str, new: str) -> None:
    """A new password; every other session ends. Raises BadInput for a wrong old or a weak new one, TooMany."""
    await accounts.confirm_password(context, by, old, field="old")
    await accounts.write_password(context, by.login, await passwords.hashed(new, login=by.login, name=by.name))
    await sessions.end_others(context, by, why="password")


async def start_factor(context: Context, by: Actor, password: str) -> Enrolment:
    """A secret for an authenticator. Raises BadInput for a wrong password, TooMany, Conflict as `second_factors`."""
    account_id = await accounts.confirm_password(context, by, password)
    return await second_factors.start(context, account_id, by.login)


async def confirm_factor(context: Context, by: Actor, code: str) -> list[str]:
    """The factor counts from now on; its recovery codes. Raises as `second_factors.confirm`."""
    assert by.account_id is not None
    return await second_factors.confirm(context, by.account_id, code)


async def end_factor(context: Context, by: Actor, password: str) -> None:
    """No second factor any more. Raises BadInput for a wrong password, TooMany, NotFound where there is none."""
    await second_factors.end(context, await accounts.confirm_password(context, by, password))


async def add_token(
    context: Context,
    by: Actor,
    password: str,
    *,
    name: str,
    rights: Sequence[str],
    regions: Sequence[tuple[str, str]],
    days: int,
) -> str:
    """A token of one's own account. Raises BadInput for a wrong password, TooMany, and as `tokens.add`."""
    await accounts.confirm_password(context, by, password)
    return await tokens.add(context, by, by.login, name=name, rights=rights, regions=regions, days=days)
