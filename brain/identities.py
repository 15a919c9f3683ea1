"""Who an account is today: its roles, and the rights that follow from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.actor import Actor, HeldRole, Proof, Viewer, actor_of
from brain.context import Context
from data.dictionaries.rights import rights
from data.engine import HOME
from data.queries import query

_ROLES = query("accounts", "roles")
_BY_ID = query("accounts", "by_id")

VIEW_AS = "view_as"
UNSEEN = frozenset({"reveal_personal", VIEW_AS})
"""Rights that nobody has while they look as somebody else."""


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


async def seen_as(connection: AsyncConnection, context: Context, own: Actor, account_id: int) -> Actor:
    """The actor of another account as `own` may look at the product: what both reach, without a write.

    Outside the regions in which `own` may view as others there is nothing. Raises Forbidden as `actor_of`.
    """
    assert own.account_id is not None
    account = (await connection.execute(_BY_ID, {"id": account_id})).one()
    other = await identity(connection, context, account, own.proof)
    if account.disabled_at is not None:
        other = replace(other, roles=(), scope=replace(other.scope, rights={}, roles=""))
    seen = other.limited({*rights(), HOME} - UNSEEN, own.scope.of(VIEW_AS))
    return replace(seen, scope=replace(seen.scope, is_read_only=True), viewer=Viewer(own.account_id, own.name))
