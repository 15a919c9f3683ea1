"""Viewing as: an administrator looks at the product as another account does; nothing is written meanwhile."""

from __future__ import annotations

from brain import audit
from brain.account_rules import must_keep, standings, with_every_right
from brain.actor import Actor, Origin
from brain.context import Context
from brain.identities import VIEW_AS
from brain.sessions import own_actor
from data.engine import scoped_transaction
from data.errors import Conflict, NotFound
from data.queries import query

_ONE = query("keeping", "one")
_VIEW = query("sessions", "view")


async def begin(context: Context, by: Actor, account_id: int) -> None:
    """From now on `by`'s session sees what the account sees.

    Raises Forbidden (right, oneself, what does not lie wholly in one's own), NotFound, Conflict for a disabled account.
    """
    by.must_be_able_to(VIEW_AS)
    assert by.proof is not None
    async with scoped_transaction(context.engine, by.scope) as connection:
        if (await connection.execute(_ONE, {"id": account_id})).one_or_none() is None:
            raise NotFound("account.no_such", id=account_id)
    (standing,) = await standings(context, ids=[account_id])
    must_keep(by, standing, VIEW_AS)
    if standing.disabled_at is not None:
        raise Conflict("account.switched")
    async with scoped_transaction(context.engine, by.scope) as connection:
        await connection.execute(_VIEW, {"id": by.proof.id, "viewed_id": account_id})
        await audit.record(connection, "begin_view", kind="account", object_id=account_id)


async def end(context: Context, token: str, origin: Origin) -> None:
    """The session of this token is its own account's again, if it was not. Raises Unauthenticated."""
    own, viewed_id = await own_actor(context, token)
    if viewed_id is None:
        return
    assert own.proof is not None
    async with scoped_transaction(context.engine, with_every_right(own.coming_from(origin))) as connection:
        await connection.execute(_VIEW, {"id": own.proof.id, "viewed_id": None})
        await audit.record(connection, "end_view", kind="account", object_id=viewed_id)
