"""Accounts: signing in, and who an account is today."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.actor import SYSTEM_ACTOR, Actor, HeldRole, actor_of, merge_intervals
from brain.context import Context
from data.dictionaries import SCHEME_WIDTH
from data.dictionaries.rights import roles
from data.engine import MOST_INTERVALS, SYSTEM, Origin, scoped_transaction
from data.errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated
from data.queries import query

LEAST_PASSWORD = 8

_BY_LOGIN = query("accounts", "by_login")
_BY_ID = query("accounts", "by_id")
_ROLES = query("accounts", "roles")
_ADD = query("accounts", "add")
_GIVE_ROLE = query("accounts", "give_role")
_SET_PASSWORD = query("accounts", "set_password")
_REGION = query("regions", "by_code")

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher.hash(secrets.token_hex())


async def sign_in(context: Context, login: str, password: str, origin: Origin = SYSTEM.origin) -> Actor:
    """The actor of this login name and password. Raises Unauthenticated, the same for every cause."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        account = (await connection.execute(_BY_LOGIN, {"login": login})).one_or_none()
    # An unknown name takes as long as a wrong password, so that names cannot be guessed by the clock.
    matches = await asyncio.to_thread(_verify, account.password_hash if account else _nobody(), password)
    if account is None or account.disabled_at is not None or not matches:
        # A name that nobody has is not written down: it may be a password, typed in the wrong field.
        await _record(context, SYSTEM_ACTOR.coming_from(origin), "fail_sign_in", account.id if account else None)
        raise Unauthenticated("account.sign_in_failed")
    found = (await actor(context, account.id)).coming_from(origin)
    await _record(context, found, "sign_in", account.id)
    return found


async def sign_out(context: Context, by: Actor) -> None:
    """Leaves word that somebody signed out; the session is the browser's to forget."""
    await _record(context, by, "sign_out", by.account_id)


async def actor(context: Context, account_id: int) -> Actor:
    """Who this account is today. Raises Unauthenticated if it is gone or disabled."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        account = (await connection.execute(_BY_ID, {"id": account_id})).one_or_none()
        if account is None or account.disabled_at is not None:
            raise Unauthenticated("account.not_signed_in")
        rows = await connection.execute(_ROLES, {"account_id": account_id})
        held = tuple(
            HeldRole(
                row.role,
                row.scheme,
                row.code,
                row.name,
                row.tier,
                row.region_key,
                row.lo,
                row.hi,
                frozenset(row.opened),
            )
            for row in rows
        )
    return actor_of(account.id, account.login, account.name, held)


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
    """A new account that has a role in `regions` (scheme, code; none: the whole main scheme). Its id.

    Raises Forbidden (also beyond `by`'s own regions), BadInput (role, password, number of regions),
    NotFound (region), Conflict (login taken).
    """
    by.must_be_able_to("keep_accounts")
    if role not in roles():
        raise BadInput("account.unknown_role", role=role, roles=", ".join(roles()))
    password_hash = await _hash(password)
    async with scoped_transaction(context.engine, by.scope) as connection:
        found = [await _region(connection, scheme, code) for scheme, code in regions]
        if len(merge_intervals([(region.key, region.key_hi) for region in found])) > MOST_INTERVALS:
            raise BadInput("actor.too_many_regions", most=MOST_INTERVALS)
        if not by.scope.covers(
            "keep_accounts", [(region.key, region.key_hi) for region in found] or [(0, SCHEME_WIDTH - 1)]
        ):
            raise Forbidden("account.beyond_scope")
        keys = [region.key for region in found]
        added = await connection.execute(_ADD, {"login": login, "name": name, "password_hash": password_hash})
        account_id = added.scalar_one_or_none()
        if account_id is None:
            raise Conflict("account.login_taken", login=login)
        for key in keys or [None]:
            await connection.execute(_GIVE_ROLE, {"account_id": account_id, "role": role, "region_key": key})
    return int(account_id)


async def set_password(context: Context, login: str, password: str) -> None:
    """A new password, set at the command line of the server. Raises NotFound."""
    password_hash = await _hash(password)
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        done = await connection.execute(_SET_PASSWORD, {"login": login, "password_hash": password_hash})
        if done.scalar_one_or_none() is None:
            raise NotFound("account.unknown", login=login)


async def _record(context: Context, by: Actor, deed: str, account_id: int | None) -> None:
    async with scoped_transaction(context.engine, by.scope) as connection:
        await audit.record(connection, deed, kind="account", object_id=account_id)


async def _hash(password: str) -> str:
    if len(password) < LEAST_PASSWORD:
        raise BadInput("account.password_short", least=LEAST_PASSWORD)
    return await asyncio.to_thread(_hasher.hash, password)


async def _region(connection: AsyncConnection, scheme: str, code: str) -> Row[Any]:
    region = (await connection.execute(_REGION, {"scheme": scheme, "code": code})).one_or_none()
    if region is None:
        raise NotFound("region.unknown", scheme=scheme, code=code)
    return region


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
