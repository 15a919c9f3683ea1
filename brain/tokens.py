"""Tokens for connectors: requests in an account's name, with some of its rights, in some of its regions, for a time."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from brain.account_rules import region_of
from brain.accounts import account_of
from brain.actor import Actor, Proof, merge_intervals
from brain.context import Context
from brain.identities import identity
from brain.sessions import SEEN_EVERY, TOKEN_BYTES, token_hash
from data.dictionaries.rights import rights as known_rights
from data.engine import KEY_MAX, SYSTEM, scoped_transaction
from data.errors import BadInput, Forbidden, NotFound, Unauthenticated
from data.queries import query

PREFIX = "cb_"
"""By which a token is recognised where it does not belong: in a log, in a repository."""

MOST_DAYS = 730

_ADD = query("tokens", "add")
_BY_TOKEN = query("tokens", "by_token")
_USED = query("tokens", "used")
_LIST = query("tokens", "list")
_REVOKE = query("tokens", "revoke")


@dataclass(frozen=True, slots=True)
class TokenSummary:
    """A token that has not been revoked."""

    id: int
    name: str
    rights: list[str]
    regions: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    is_over: bool


async def add(
    context: Context,
    by: Actor,
    login: str,
    *,
    name: str,
    rights: Sequence[str],
    regions: Sequence[tuple[str, str]],
    days: int,
) -> str:
    """A token of this account, limited to `rights` and `regions` (scheme, code; none: wherever the account has them).

    It is told this once. Raises NotFound (account, region), BadInput (rights, days), Forbidden beyond the account.
    """
    unknown = sorted(set(rights) - set(known_rights()))
    if unknown or not rights:
        raise BadInput("token.rights", unknown=", ".join(unknown) or "-", rights=", ".join(known_rights()))
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("token.days", most=MOST_DAYS)
    now, token = context.clock(), PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        account = await account_of(connection, login)
        owner = await identity(connection, context, account)
        found = [await region_of(connection, scheme, code) for scheme, code in regions]
        intervals = [(region.key, region.key_hi) for region in found]
        for right in rights:
            if not owner.may(right) or not owner.scope.covers(right, intervals):
                raise Forbidden("token.beyond_account", right=right)
        values = {
            "account_id": account.id,
            "name": name,
            "token_hash": token_hash(token),
            "rights": sorted(set(rights)),
            "region_keys": [region.key for region in found] or None,
            "now": now,
            "by": by.account_id,
            "expires_at": now + timedelta(days=days),
        }
        await connection.execute(_ADD, values)
    return token


async def actor(context: Context, token: str) -> Actor:
    """Who the token's account is today, with what the token allows of it. Raises Unauthenticated if it is over."""
    now = context.clock()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        row = (await connection.execute(_BY_TOKEN, {"token_hash": token_hash(token)})).one_or_none()
        if row is None or row.disabled_at is not None or row.expires_at <= now:
            raise Unauthenticated("token.invalid")
        if row.last_used_at is None or row.last_used_at <= now - SEEN_EVERY:
            await connection.execute(_USED, {"id": row.token_id, "now": now})
        owner = await identity(connection, context, row, Proof("token", row.token_id))
    regions = merge_intervals((lo, hi) for lo, hi in row.regions or []) if row.in_regions else ((0, KEY_MAX),)
    return owner.limited(row.rights, regions)


async def list_tokens(context: Context, by: Actor, login: str) -> list[TokenSummary]:
    """An account's tokens, as far as `by` may see them."""
    now = context.clock()
    async with scoped_transaction(context.engine, by.scope) as connection:
        rows = (await connection.execute(_LIST, {"login": login})).all()
    return [
        TokenSummary(
            row.id,
            row.name,
            row.rights,
            row.regions,
            row.created_at,
            row.expires_at,
            row.last_used_at,
            row.expires_at <= now,
        )
        for row in rows
    ]


async def revoke(context: Context, by: Actor, token_id: int) -> None:
    """Ends one's own token, or one of an account that one keeps. Raises NotFound for others."""
    async with scoped_transaction(context.engine, by.scope) as connection:
        revoked = await connection.execute(_REVOKE, {"id": token_id, "now": context.clock()})
        if revoked.first() is None:
            raise NotFound("token.unknown")
