"""Invitations: a link by which a person sets their own password. It is told once, counts once, and for three days."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit, passwords, sessions
from brain.actor import Origin
from brain.attempts import forgive
from brain.context import Context
from brain.sessions import TOKEN_BYTES, token_hash
from data.engine import SYSTEM, scoped_transaction
from data.errors import Conflict, NotFound
from data.queries import query

VALID_FOR = timedelta(hours=72)

_END_OPEN = query("invitations", "end_open")
_ADD = query("invitations", "add")
_BY_TOKEN = query("invitations", "by_token")
_SPEND = query("invitations", "spend")
_SET_PASSWORD = query("accounts", "set_password")


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom an invitation is for, and until when it can be used."""

    login: str
    name: str
    expires_at: datetime


async def invite_on(connection: AsyncConnection, context: Context, account_id: int) -> str:
    """A new invitation, in place of those before it; its token, told this once. The caller has asked the rules."""
    token, now = secrets.token_urlsafe(TOKEN_BYTES), context.clock()
    await connection.execute(_END_OPEN, {"account_id": account_id, "now": now})
    bound = {"account_id": account_id, "token_hash": token_hash(token), "now": now, "expires_at": now + VALID_FOR}
    await connection.execute(_ADD, bound)
    await audit.record(connection, "invite", kind="account", object_id=account_id)
    return token


async def look(context: Context, token: str) -> Invitation:
    """Whom it is for. Raises NotFound for what is no invitation, Conflict for one that is used, replaced or too old."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        row = await _usable(connection, context, token)
    return Invitation(row.login, row.name, row.expires_at)


async def accept(context: Context, token: str, password: str, origin: Origin) -> str:
    """Sets the person's own password, ends the sessions there were; the log-in name. Raises as `look`, and BadInput."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        found = await _usable(connection, context, token)
    password_hash = await passwords.hashed(password, login=found.login, name=found.name)
    async with scoped_transaction(context.engine, replace(SYSTEM, origin=origin)) as connection:
        row = await _usable(connection, context, token)
        if (await connection.execute(_SPEND, {"id": row.id, "now": context.clock()})).first() is None:
            raise Conflict("invitation.used")
        await connection.execute(_SET_PASSWORD, {"login": row.login, "password_hash": password_hash})
        await audit.record(connection, "accept_invitation", kind="account", object_id=row.account_id)
    await sessions.end_all(context, found.account_id, why="password")
    await forgive(context, found.login)
    return str(found.login)


async def _usable(connection: AsyncConnection, context: Context, token: str) -> Row[Any]:
    row: Row[Any] | None = (await connection.execute(_BY_TOKEN, {"token_hash": token_hash(token)})).one_or_none()
    if row is None:
        raise NotFound("invitation.unknown")
    if row.ended_at is not None or row.disabled_at is not None:
        raise Conflict("invitation.used")
    if row.expires_at <= context.clock():
        raise Conflict("invitation.expired")
    return row
