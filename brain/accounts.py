"""Accounts: signing in, and who an account is today."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit, passwords, second_factors, sessions
from brain.account_rules import RIGHT, Gift, Standing, give
from brain.actor import SYSTEM_ACTOR, Actor, Origin
from brain.attempts import Attempt, forgive
from brain.context import Context
from brain.identities import identity
from data.dictionaries.rights import roles
from data.engine import SYSTEM, scoped_transaction
from data.errors import BadInput, Conflict, NotFound, Unauthenticated, Where
from data.queries import query

_BY_LOGIN = query("accounts", "by_login")
_BY_ID = query("accounts", "by_id")
_ADD = query("accounts", "add")
_SET_PASSWORD = query("accounts", "set_password")


@dataclass(frozen=True, slots=True)
class Card:
    """Who an account is, but for its roles."""

    login: str
    name: str
    staff_number: str | None = None
    organisation: str | None = None
    phone: str | None = None


async def sign_in(
    context: Context, login: str, password: str, *, code: str | None = None, origin: Origin = SYSTEM.origin
) -> Actor:
    """The actor of this login name and password, and of the second factor's `code` where the account has one.

    Raises Unauthenticated: `account.code_needed` or `account.code_wrong` where the password was right, otherwise the
    same for every cause; TooMany where it was tried too often, whether or not there is such an account.
    """
    attempt = Attempt(context, login, origin.address if origin.via == "session" else None)
    await attempt.begin()
    account = await _by_login(context, login)
    # An unknown name takes as long as a wrong password, so that names cannot be guessed by the clock.
    matches = await passwords.verified(account.password_hash if account else None, password)
    if account is None or account.disabled_at is not None or not matches:
        # A name that nobody has is not written down: it may be a password, typed in the wrong field.
        await _record(context, SYSTEM_ACTOR.coming_from(origin), "fail_sign_in", account.id if account else None)
        raise Unauthenticated("account.sign_in_failed")
    if account.has_factor and not code:
        await attempt.half_right()
        raise Unauthenticated("account.code_needed")
    if account.has_factor and not await second_factors.accepts(context, account.id, code or ""):
        await _record(context, SYSTEM_ACTOR.coming_from(origin), "fail_sign_in", account.id)
        raise Unauthenticated("account.code_wrong")
    await attempt.right()
    found = (await actor(context, account.id)).coming_from(origin)
    await _record(context, found, "sign_in", account.id)
    return found


async def sign_out(context: Context, by: Actor) -> None:
    """Leaves word that somebody signed out."""
    await _record(context, by, "sign_out", by.account_id)


async def confirm_password(context: Context, by: Actor, password: str, *, field: str = "password") -> int:
    """The id of `by`'s account, whose password this is. Raises BadInput if it is not, TooMany after too many tries."""
    attempt = Attempt(context, by.login, None)
    await attempt.begin()
    account = await _by_login(context, by.login)
    if account is None or not await passwords.verified(account.password_hash, password):
        raise BadInput("account.password_wrong", where=Where(field=field))
    await attempt.right()
    return int(account.id)


async def actor(context: Context, account_id: int) -> Actor:
    """Who this account is today. Raises Unauthenticated if it is gone or disabled."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        account = (await connection.execute(_BY_ID, {"id": account_id})).one_or_none()
        if account is None or account.disabled_at is not None:
            raise Unauthenticated("account.not_signed_in")
        return await identity(connection, context, account)


async def add(
    context: Context,
    by: Actor,
    *,
    login: str,
    name: str,
    role: str,
    password: str,
    regions: list[tuple[str, str]],
) -> int:
    """A new account with a password that has a role in `regions` (scheme, code; none: the whole main scheme). Its id.

    Raises BadInput for a weak password, and as `write_new` and `account_rules.give`.
    """
    by.must_be_able_to(RIGHT)
    if role not in roles():
        raise BadInput("account.unknown_role", role=role, roles=", ".join(roles()))
    password_hash = await passwords.hashed(password, login=login, name=name)
    gifts = [Gift(role, code, scheme) for scheme, code in regions] or [Gift(role, "")]
    async with scoped_transaction(context.engine, by.scope) as connection:
        account = await write_new(connection, Card(login, name), password_hash)
        await give(connection, by, account, gifts)
    return account.id


async def write_new(connection: AsyncConnection, card: Card, password_hash: str | None = None) -> Standing:
    """A new account without roles. Raises Conflict where its log-in name or staff number is somebody else's."""
    added = await connection.execute(_ADD, {**asdict(card), "password_hash": password_hash})
    account_id = added.scalar_one_or_none()
    if account_id is None:
        raise Conflict("account.taken", login=card.login, staff_number=card.staff_number or "-")
    return Standing(int(account_id), card.login, card.name, staff_number=card.staff_number)


async def set_password(context: Context, login: str, password: str) -> None:
    """A new password, set at the command line of the server; every session ends. Raises NotFound, BadInput."""
    account = await _by_login(context, login)
    if account is None:
        raise NotFound("account.unknown", login=login)
    await write_password(context, login, await passwords.hashed(password, login=login, name=account.name))
    await sessions.end_all(context, account.id, why="password")
    await forgive(context, login)


async def _record(context: Context, by: Actor, deed: str, account_id: int | None) -> None:
    async with scoped_transaction(context.engine, by.scope) as connection:
        await audit.record(connection, deed, kind="account", object_id=account_id)


async def end_factor(context: Context, login: str) -> None:
    """Turns the second factor of somebody off who has lost it, at the command line of the server. Raises NotFound."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        account = await account_of(connection, login)
    await second_factors.end(context, account.id)


async def write_password(context: Context, login: str, password_hash: str) -> None:
    """Writes the hash of a new password."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        await connection.execute(_SET_PASSWORD, {"login": login, "password_hash": password_hash})


async def account_of(connection: AsyncConnection, login: str) -> Row[Any]:
    """The account of a log-in name. Raises NotFound."""
    account = (await connection.execute(_BY_LOGIN, {"login": login})).one_or_none()
    if account is None:
        raise NotFound("account.unknown", login=login)
    return account


async def _by_login(context: Context, login: str) -> Row[Any] | None:
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        return (await connection.execute(_BY_LOGIN, {"login": login})).one_or_none()
