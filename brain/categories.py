"""Categories: what an incident may be about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping

from brain.actor import Actor
from brain.context import Context
from data.engine import scoped_transaction
from data.errors import NotFound, Where
from data.queries import query

_TAXONOMY = query("categories", "taxonomy")
_NAMES = query("categories", "names")


async def names(context: Context, actor: Actor, taxonomy: str) -> Sequence[RowMapping]:
    """Code, name and major of every category of a taxonomy, by code. Raises NotFound."""
    async with scoped_transaction(context.engine, actor.scope) as connection:
        if (await connection.execute(_TAXONOMY, {"taxonomy": taxonomy})).one_or_none() is None:
            raise NotFound("taxonomy.unknown", where=Where(field="taxonomy"), taxonomy=taxonomy)
        return (await connection.execute(_NAMES, {"taxonomy": taxonomy})).mappings().all()
