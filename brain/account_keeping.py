"""Keeping accounts: who there is, what they are where, and changing that. Nothing is deleted; an end is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import RowMapping, TextClause
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import account_rules, audit
from brain.account_rules import (
    LAST_KEY,
    RIGHT,
    Gift,
    Standing,
    keeps,
    must_keep,
    must_serve,
    reaches,
    standings,
    with_every_right,
)
from brain.accounts import Card, write_new
from brain.actor import Actor
from brain.context import Context
from brain.invitations import invite_on
from data.engine import scoped_transaction
from data.errors import Conflict, Forbidden, NotFound, Where
from data.queries import query

_PAGE = query("keeping", "page")
_ONE = query("keeping", "one")
_ROLES = query("keeping", "roles")
_CHANGE = query("keeping", "change")
_DISABLE = query("keeping", "disable")
_ENABLE = query("keeping", "enable")
_ROLE_OF = query("keeping", "role_of")
_END_ROLE = query("keeping", "end_role")
_END_SESSIONS = query("sessions", "end_all")
_END_FACTOR = query("second_factors", "end")


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account as its administrator sees it: `roles` are those in the administrator's own regions."""

    id: int
    login: str
    name: str
    staff_number: str | None
    organisation: str | None
    phone: str | None
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in: datetime | None
    roles: list[RowMapping]
    has_password: bool
    has_factor: bool
    invited_until: datetime | None
    is_kept: bool
    """Whether the asker keeps all that the account is, and so may change it."""
    is_viewable: bool


async def list_accounts(
    context: Context, by: Actor, *, search: str, after: str, limit: int
) -> tuple[list[KeptAccount], str | None]:
    """A page of accounts with a role in the asker's regions, or made by them; after which log-in name the next begins.

    Raises Forbidden.
    """
    by.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, by.scope) as connection:
        bound = {"search": search.strip(), "after": after, "limit": limit + 1}
        rows = (await connection.execute(_PAGE, bound)).mappings().all()
        roles = await _roles(connection, rows[:limit])
    return await _kept(context, by, rows[:limit], roles), rows[limit - 1]["login"] if len(rows) > limit else None


async def account(context: Context, by: Actor, account_id: int) -> KeptAccount:
    """One of them, with what it once was. Raises Forbidden, NotFound."""
    by.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, by.scope) as connection:
        rows = (await connection.execute(_ONE, {"id": account_id})).mappings().all()
        roles = await _roles(connection, rows)
    if not rows:
        raise NotFound("account.no_such", id=account_id)
    return (await _kept(context, by, rows, roles))[0]


async def add(context: Context, by: Actor, card: Card, gifts: Sequence[Gift]) -> tuple[int, str]:
    """A person without a password: the account's id, and the token of an invitation, told this once.

    Raises Forbidden, BadInput, NotFound and Conflict as `account_rules.give` and `accounts.write_new`.
    """
    by.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, by.scope) as connection:
        made = await write_new(connection, card)
        await account_rules.give(connection, by, made, gifts)
    async with scoped_transaction(context.engine, with_every_right(by)) as connection:
        return made.id, await invite_on(connection, context, made.id)


async def change(context: Context, by: Actor, account_id: int, card: Card) -> None:
    """Name, staff number, organisation, phone. Raises Forbidden, NotFound, Conflict (staff number taken)."""
    await _standing(context, by, account_id)
    try:
        async with scoped_transaction(context.engine, by.scope) as connection:
            await connection.execute(_CHANGE, {**asdict(card), "id": account_id})
    except IntegrityError:
        where = Where(field="staff_number")
        raise Conflict("account.staff_number_taken", where=where, staff_number=card.staff_number) from None


async def disable(context: Context, by: Actor, account_id: int) -> None:
    """Nobody signs in with it any more, and its sessions end. Raises Forbidden, NotFound, Conflict (it is disabled)."""
    await _switch(context, by, account_id, _DISABLE)


async def enable(context: Context, by: Actor, account_id: int) -> None:
    """It counts again. Raises Forbidden, NotFound, Conflict (it is not disabled)."""
    await _switch(context, by, account_id, _ENABLE)


async def give_role(context: Context, by: Actor, account_id: int, gift: Gift) -> None:
    """A role in a region of the asker's own. Raises as `account_rules.give`."""
    standing = await _standing(context, by, account_id, wholly=False)
    async with scoped_transaction(context.engine, by.scope) as connection:
        await account_rules.give(connection, by, standing, [gift])


async def end_role(context: Context, by: Actor, account_id: int, role_id: int) -> None:
    """Takes a role away: it ends now. Raises Forbidden (oneself, a peer), NotFound if it is over or elsewhere."""
    await _standing(context, by, account_id, wholly=False)
    async with scoped_transaction(context.engine, by.scope) as connection:
        bound = {"id": role_id, "account_id": account_id, "last_key": LAST_KEY}
        role = (await connection.execute(_ROLE_OF, bound)).one_or_none()
        if role is None:
            raise NotFound("account.no_such_role")
        if not reaches(by, (role.role, role.lo, role.hi)):
            raise Forbidden("account.not_wholly_yours")
        await connection.execute(_END_ROLE, {"id": role_id})


async def end_sessions(context: Context, by: Actor, account_id: int) -> None:
    """Ends them all. Raises Forbidden, NotFound."""
    await _standing(context, by, account_id)
    async with scoped_transaction(context.engine, by.scope) as connection:
        bound = {"account_id": account_id, "kept": 0, "now": context.clock(), "why": "administrator"}
        await connection.execute(_END_SESSIONS, bound)
        await audit.record(connection, "end_sessions", kind="account", object_id=account_id)


async def end_factor(context: Context, by: Actor, account_id: int) -> None:
    """Turns a lost second factor off. Raises Forbidden, NotFound (also where there is none)."""
    await _standing(context, by, account_id)
    async with scoped_transaction(context.engine, with_every_right(by)) as connection:
        ended = await connection.execute(_END_FACTOR, {"account_id": account_id, "now": context.clock()})
        if ended.first() is None:
            raise NotFound("factor.none")
        await audit.record(connection, "end_factor", kind="account", object_id=account_id)


async def invite(context: Context, by: Actor, account_id: int) -> str:
    """Another invitation, in place of the former ones. Raises Forbidden, NotFound, Conflict (disabled)."""
    standing = await _standing(context, by, account_id)
    if standing.disabled_at is not None:
        raise Conflict("account.switched")
    async with scoped_transaction(context.engine, with_every_right(by)) as connection:
        return await invite_on(connection, context, account_id)


async def _switch(context: Context, by: Actor, account_id: int, to: TextClause) -> None:
    await _standing(context, by, account_id)
    async with scoped_transaction(context.engine, by.scope) as connection:
        if (await connection.execute(to, {"id": account_id})).first() is None:
            raise Conflict("account.switched")


async def _standing(context: Context, by: Actor, account_id: int, *, wholly: bool = True) -> Standing:
    """An account that the asker sees, and keeps: `wholly`, or in a part of their own."""
    by.must_be_able_to(RIGHT)
    async with scoped_transaction(context.engine, by.scope) as connection:
        if (await connection.execute(_ONE, {"id": account_id})).one_or_none() is None:
            raise NotFound("account.no_such", id=account_id)
    (standing,) = await standings(context, ids=[account_id])
    (must_keep if wholly else must_serve)(by, standing)
    return standing


async def _roles(connection: AsyncConnection, rows: Sequence[RowMapping]) -> dict[int, list[RowMapping]]:
    held: dict[int, list[RowMapping]] = {row["id"]: [] for row in rows}
    for role in (await connection.execute(_ROLES, {"ids": list(held)})).mappings():
        held[role["account_id"]].append(role)
    return held


async def _kept(
    context: Context, by: Actor, rows: Sequence[RowMapping], roles: dict[int, list[RowMapping]]
) -> list[KeptAccount]:
    known = {standing.id: standing for standing in await standings(context, ids=list(roles))}
    return [
        KeptAccount(
            **row,
            roles=roles[row["id"]],
            has_password=known[row["id"]].has_password,
            has_factor=known[row["id"]].has_factor,
            invited_until=known[row["id"]].invited_until,
            is_kept=keeps(by, known[row["id"]]),
            is_viewable=row["disabled_at"] is None and keeps(by, known[row["id"]], "view_as"),
        )
        for row in rows
    ]
