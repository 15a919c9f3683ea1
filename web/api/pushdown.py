"""Pushing data down, and what was given to oneself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from brain import pushdown
from brain.errors import BadInput, Where
from web.deps import Ctx, SignedIn
from web.schemas.base import RegionRef
from web.schemas.pushdown import (
    GivenOut,
    GivenOutPage,
    Made,
    Opening,
    Preview,
    Pushdown,
    Receipt,
    Received,
    Receiver,
    ReceivingRegion,
    Version,
)

COMPARED = ("data_set", "fields", "tier", "code", "purpose", "valid_from", "valid_to")

router = APIRouter(tags=["pushdown"])


@router.post("/pushdowns", status_code=201)
async def push(opening: Opening, context: Ctx, actor: SignedIn) -> Made:
    """Opens data to a tier in a region; `replaces` names the version that this one follows."""
    replaces = None if opening.replaces is None else _id(opening.replaces)
    return Made(id=str(await pushdown.push(context, actor, _opening(opening), replaces=replaces)))


@router.post("/pushdowns/preview")
async def preview(opening: Opening, context: Ctx, actor: SignedIn) -> Preview:
    """Whom it would reach; nothing is opened."""
    found = await pushdown.preview(context, actor, _opening(opening))
    return Preview(
        regions=[ReceivingRegion.model_validate(region) for region in found.regions],
        receivers=[Receiver.model_validate(dict(row)) for row in found.receivers],
    )


@router.get("/pushdowns")
async def list_pushdowns(
    context: Ctx, actor: SignedIn, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> GivenOutPage:
    """What is opened in the asker's regions, newest first."""
    before = _id(cursor) if cursor else None
    rows = await pushdown.given_out(context, actor, before=before, limit=limit + 1)
    items = [GivenOut.model_validate(_pushdown(row)) for row in rows[:limit]]
    return GivenOutPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get("/pushdowns/{pushdown_id}/receipts")
async def receipts(pushdown_id: int, context: Ctx, actor: SignedIn) -> list[Receipt]:
    """Who has received it, and when they first opened it."""
    return [Receipt.model_validate(dict(row)) for row in await pushdown.receipts(context, actor, pushdown_id)]


@router.get("/pushdowns/{pushdown_id}/versions")
async def versions(pushdown_id: int, context: Ctx, actor: SignedIn) -> list[Version]:
    """Its versions, the first first, and what each changed."""
    rows = await pushdown.history(context, actor, pushdown_id)
    found = []
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else row
        changed = [name for name in COMPARED if row[name] != before[name]]
        found.append(Version(pushdown=Pushdown.model_validate(_pushdown(row)), changed=changed))
    return found


@router.post("/pushdowns/{pushdown_id}/withdrawal", status_code=204)
async def withdraw(pushdown_id: int, context: Ctx, actor: SignedIn) -> None:
    """Ends it at once."""
    await pushdown.withdraw(context, actor, pushdown_id)


@router.get("/given")
async def given(context: Ctx, actor: SignedIn) -> list[Received]:
    """What was given to the asker, newest first; from now on it counts as received."""
    return [Received.model_validate(_pushdown(row)) for row in await pushdown.received(context, actor)]


@router.post("/given/{pushdown_id}/opened", status_code=204)
async def open_given(pushdown_id: int, context: Ctx, actor: SignedIn) -> None:
    """Writes down that the asker has opened what they were given."""
    await pushdown.open_received(context, actor, pushdown_id)


def _opening(given: Opening) -> pushdown.Opening:
    return pushdown.Opening(
        given.data_set,
        tuple(given.fields),
        given.tier,
        given.scheme,
        given.region,
        given.purpose,
        given.valid_from,
        given.valid_to,
    )


def _pushdown(row: Any) -> dict[str, Any]:
    return {**row, "region": RegionRef(code=row["code"], name=row["name"], tier=row["region_tier"])}


def _id(given: str) -> int:
    if not (given.isdecimal() and len(given) < 19):
        raise BadInput("cursor.malformed", where=Where(field="cursor"))
    return int(given)
