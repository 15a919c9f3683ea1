"""Whom an administrator keeps, and what they may give: nothing to themselves, to a peer, or beyond their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor, merge_intervals
from brain.context import Context
from data.dictionaries import MAIN_SCHEME, SCHEME_WIDTH
from data.dictionaries.rights import rights, roles
from data.engine import MOST_INTERVALS, SYSTEM, Scope, scoped_transaction
from data.errors import BadInput, Conflict, Forbidden, NotFound, Where
from data.queries import query

RIGHT = "keep_accounts"
LAST_KEY = SCHEME_WIDTH - 1

_STANDINGS = query("keeping", "standings")
_GIVE_ROLE = query("accounts", "give_role")
_REGION = query("regions", "by_code")

HeldRange = tuple[str, int, int]
"""A role, and the first and last key of the region in which it is held."""


@dataclass(frozen=True, slots=True)
class Gift:
    """A role in a region, from when to when; code "" is the whole main scheme."""

    role: str
    code: str
    scheme: str = MAIN_SCHEME
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is as a whole, whoever asks: its roles of today and later, and how it signs in."""

    id: int
    login: str
    name: str
    roles: tuple[HeldRange, ...] = ()
    staff_number: str | None = None
    disabled_at: datetime | None = None
    has_password: bool = False
    has_factor: bool = False
    invited_until: datetime | None = None


async def standings(
    context: Context, *, ids: Sequence[int] = (), staff_numbers: Sequence[str] = (), logins: Sequence[str] = ()
) -> list[Standing]:
    """Accounts by id, staff number or log-in name. Not for the asker's eyes: it says more than they may see."""
    bound = {
        "ids": list(ids),
        "staff_numbers": list(staff_numbers),
        "logins": list(logins),
        "last_key": LAST_KEY,
        "now": context.clock(),
    }
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        rows = (await connection.execute(_STANDINGS, bound)).mappings().all()
    return [Standing(**{**row, "roles": tuple((role, lo, hi) for role, lo, hi in row["roles"])}) for row in rows]


def keeps(by: Actor, account: Standing, right: str = RIGHT) -> bool:
    """Whether `by` has this right over all that the account is, which is not their own and keeps less than they do."""
    return account.id != by.account_id and all(reaches(by, role, right) for role in account.roles)


def must_keep(by: Actor, account: Standing, right: str = RIGHT) -> None:
    """Raises Forbidden unless `by` keeps the account as a whole."""
    if account.id == by.account_id:
        raise Forbidden("account.own")
    if not keeps(by, account, right):
        raise Forbidden("account.not_wholly_yours")


def must_serve(by: Actor, account: Standing) -> None:
    """Raises Forbidden for oneself and for who keeps accounts that `by` does not: or two would raise each other."""
    if account.id == by.account_id:
        raise Forbidden("account.own")
    keepers = rights()[RIGHT].roles
    if not all(reaches(by, role) for role in account.roles if role[0] in keepers):
        raise Forbidden("account.not_wholly_yours")


def reaches(by: Actor, role: HeldRange, right: str = RIGHT) -> bool:
    """Whether `by` has the right in all of a role's region; in more than it, where the role itself keeps accounts."""
    name, lo, hi = role
    held = [(first, last) for first, last in by.scope.of(right) if first <= lo and hi <= last]
    return any((first, last) != (lo, hi) for first, last in held) if name in rights()[RIGHT].roles else bool(held)


async def give(connection: AsyncConnection, by: Actor, account: Standing, gifts: Iterable[Gift]) -> Standing:
    """Gives roles; the account as it is then.

    Raises Forbidden (oneself, beyond one's own, a peer), BadInput (role, times, too many regions), NotFound (region),
    Conflict for roles that one person must not have together.
    """
    must_serve(by, account)
    for gift in gifts:
        key, held = await checked(connection, by, account, gift)
        bound = {"account_id": account.id, "role": gift.role, "region_key": key}
        times = {"valid_from": gift.valid_from, "valid_to": gift.valid_to}
        await connection.execute(_GIVE_ROLE, {**bound, **times})
        account = replace(account, roles=(*account.roles, held))
    return account


async def checked(
    connection: AsyncConnection, by: Actor, account: Standing, gift: Gift
) -> tuple[int | None, HeldRange]:
    """The region's key (None: everywhere) and the range of a role that may be given. Raises as `give`."""
    if gift.role not in roles():
        raise BadInput("account.unknown_role", where=Where(field="role"), role=gift.role, roles=", ".join(roles()))
    if gift.valid_to is not None and gift.valid_from is not None and gift.valid_to <= gift.valid_from:
        raise BadInput("account.no_time", where=Where(field="valid_to"))
    region = await region_of(connection, gift.scheme, gift.code) if gift.code else None
    held = (gift.role, region.key, region.key_hi) if region is not None else (gift.role, 0, LAST_KEY)
    if not by.scope.covers(RIGHT, [held[1:]]):
        raise Forbidden("account.beyond_scope", where=Where(field="region"))
    if not reaches(by, held):
        raise Forbidden("account.peer", where=Where(field="role"))
    if len(merge_intervals((lo, hi) for _, lo, hi in (*account.roles, held))) > MOST_INTERVALS:
        raise BadInput("actor.too_many_regions", where=Where(field="region"), most=MOST_INTERVALS)
    keepers, watchers = rights()[RIGHT].roles, rights()["see_audit"].roles
    has = {role for role, _, _ in account.roles} | {gift.role}
    if has & keepers and has & watchers:
        raise Conflict("account.watcher", where=Where(field="role"))
    return (region.key if region is not None else None), held


async def region_of(connection: AsyncConnection, scheme: str, code: str) -> Row[Any]:
    """The region of a code. Raises NotFound."""
    region = (await connection.execute(_REGION, {"scheme": scheme, "code": code})).one_or_none()
    if region is None:
        raise NotFound("region.unknown", scheme=scheme, code=code)
    return region


def with_every_right(by: Actor) -> Scope:
    """What the installation alone may write, under the name of `by`: after the rules above were asked."""
    own = by.scope
    return replace(SYSTEM, actor_id=own.actor_id, actor_name=own.actor_name, roles=own.roles, origin=own.origin)
