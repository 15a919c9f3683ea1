"""Who an account is today: its roles, and the rights that follow from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor, HeldRole, Proof, actor_of
from brain.context import Context
from data.queries import query

_ROLES = query("accounts", "roles")


async def identity(
    connection: AsyncConnection, context: Context, account: Row[Any], proof: Proof | None = None
) -> Actor:
    """The actor of an account row (id, login, name, has_factor). Roles that want a second factor sleep without one.

    Raises Forbidden as `actor_of`.
    """
    rows = await connection.execute(_ROLES, {"account_id": account.id})
    held = [
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
    ]
    asleep = set() if account.has_factor else set(context.settings.second_factor_roles)
    awake = tuple(role for role in held if role.role not in asleep)
    actor = actor_of(account.id, account.login, account.name, awake)
    return replace(actor, proof=proof, asleep=tuple(sorted({role.role for role in held} & asleep)))
