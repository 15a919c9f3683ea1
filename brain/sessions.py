"""Sessions: one sign-in of one browser each. The browser holds a random token; here only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from brain.actor import Actor, Proof
from brain.context import Context
from brain.identities import identity, seen_as
from brain.proofs import limits
from data.engine import SYSTEM, scoped_transaction
from data.errors import NotFound, Unauthenticated
from data.queries import query

TOKEN_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
"""When a session was last used is written no more often than this."""

_START = query("sessions", "start")
_BY_TOKEN = query("sessions", "by_token")
_SEEN = query("sessions", "seen")
_LIST = query("sessions", "list")
_ACCOUNT_OF = query("sessions", "account_of")
_END = query("sessions", "end")
_END_ALL = query("sessions", "end_all")


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session that can still be used."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    user_agent: str | None
    is_current: bool


def token_hash(token: str) -> bytes:
    """What is kept of a random token: no salt, for there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()


async def start(context: Context, account_id: int, *, address: str | None, user_agent: str | None) -> str:
    """A new session; its token, never one that was there before."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"account_id": account_id, "token_hash": token_hash(token), "now": context.clock()}
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        await connection.execute(_START, {**values, "address": address, "user_agent": user_agent})
    return token


async def actor(context: Context, token: str) -> Actor:
    """Who asks by this session: its account, or the one as which it looks. Raises Unauthenticated as `own_actor`."""
    own, viewed_id = await own_actor(context, token)
    if viewed_id is None:
        return own
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        return await seen_as(connection, context, own, viewed_id)


async def own_actor(context: Context, token: str) -> tuple[Actor, int | None]:
    """Who the session's account is today, and the id of the account as which it looks.

    Raises Unauthenticated for what is no session or is over.
    """
    now = context.clock()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        row = (await connection.execute(_BY_TOKEN, {"token_hash": token_hash(token)})).one_or_none()
        if row is not None:
            why = _over(context, row.created_at, row.last_seen_at, now)
            if why is None and row.disabled_at is None:
                if row.last_seen_at <= now - SEEN_EVERY:
                    await connection.execute(_SEEN, {"id": row.session_id, "now": now})
                own = await identity(connection, context, row, Proof("session", row.session_id))
                return own, row.viewed_id
            # Written down, so that longer limits later on do not wake it.
            await connection.execute(_END, {"id": row.session_id, "now": now, "why": why or "disabled"})
    raise Unauthenticated("account.not_signed_in")


async def sign_out(context: Context, token: str) -> None:
    """Ends the session of this token, if there is one."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        row = (await connection.execute(_BY_TOKEN, {"token_hash": token_hash(token)})).one_or_none()
        if row is not None:
            await connection.execute(_END, {"id": row.session_id, "now": context.clock(), "why": "signed_out"})


async def list_sessions(context: Context, by: Actor, login: str) -> list[SessionSummary]:
    """The sessions of an account that can still be used, as far as `by` may see them."""
    asked = {"login": login} | limits(context.settings, context.clock())
    async with scoped_transaction(context.engine, by.scope) as connection:
        rows = (await connection.execute(_LIST, asked)).all()
    return [
        SessionSummary(
            row.id, row.created_at, row.last_seen_at, row.address, row.user_agent, Proof("session", row.id) == by.proof
        )
        for row in rows
    ]


async def end(context: Context, by: Actor, session_id: int) -> None:
    """Ends one's own session, or one of an account that one keeps. Raises NotFound for others."""
    async with scoped_transaction(context.engine, by.scope) as connection:
        account_id = (await connection.execute(_ACCOUNT_OF, {"id": session_id})).scalar_one_or_none()
        why = "owner" if account_id == by.account_id else "administrator"
        ended = await connection.execute(_END, {"id": session_id, "now": context.clock(), "why": why})
        if ended.first() is None:
            raise NotFound("session.unknown")


async def end_others(context: Context, by: Actor, *, why: str = "owner") -> None:
    """Ends all of one's own sessions but the one that asks."""
    assert by.account_id is not None
    kept = by.proof.id if by.proof and by.proof.kind == "session" else 0
    await _end_all(context, by.account_id, kept, why)


async def end_all(context: Context, account_id: int, *, why: str) -> None:
    """Ends every session of an account."""
    await _end_all(context, account_id, 0, why)


async def _end_all(context: Context, account_id: int, kept: int, why: str) -> None:
    values = {"account_id": account_id, "kept": kept, "now": context.clock(), "why": why}
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        await connection.execute(_END_ALL, values)


def _over(context: Context, created_at: datetime, last_seen_at: datetime, now: datetime) -> str | None:
    bounds = limits(context.settings, now)
    if created_at <= bounds["created_after"]:
        return "expired"
    return "idle" if last_seen_at <= bounds["seen_after"] else None
