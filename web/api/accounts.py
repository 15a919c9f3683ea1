"""Keeping accounts: who there is, and what they are where. In person only."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request

from brain import account_files, account_keeping
from brain.account_rules import Gift
from brain.accounts import Card
from brain.actor import rights
from web.deps import CallerLanguage, Ctx, InPerson, SignedIn
from web.errors import fault_part
from web.schemas.accounts import (
    AccountFacts,
    AccountPage,
    Imported,
    ImportFault,
    Invited,
    KeptAccount,
    Link,
    NewAccount,
    NewRole,
    RightOfRoles,
)
from web.schemas.base import Names

router = APIRouter(tags=["accounts"])


@router.get("/rights")
async def list_rights(actor: SignedIn) -> list[RightOfRoles]:
    """Who may do what: every right with the roles that have it."""
    return [
        RightOfRoles(right=one.right, name=Names(zh=one.name_zh, en=one.name_en), roles=sorted(one.roles))
        for one in rights().values()
    ]


@router.get("/accounts")
async def list_accounts(
    context: Ctx,
    actor: InPerson,
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AccountPage:
    """Accounts with a role in one's own regions, by log-in name."""
    found, following = await account_keeping.list_accounts(context, actor, search=search, after=cursor, limit=limit)
    return AccountPage(items=[KeptAccount.model_validate(one) for one in found], next=following)


@router.post("/accounts", status_code=201)
async def add_account(given: NewAccount, context: Ctx, actor: InPerson) -> Invited:
    """A person without a password yet; the answer holds the invitation by which they set it."""
    card = Card(given.login, given.name, given.staff_number, given.organisation, given.phone)
    account_id, token = await account_keeping.add(context, actor, card, [_gift(role) for role in given.roles])
    return Invited(account=str(account_id), token=token)


@router.post("/accounts/import")
async def import_accounts(
    request: Request, context: Ctx, actor: InPerson, language: CallerLanguage, commit: bool = False
) -> Imported:
    """Accounts from a CSV file, sent as it is: looked at, or taken in as a whole with `commit`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "accounts.csv")
        await asyncio.to_thread(path.write_bytes, await request.body())
        taken = await account_files.import_accounts(context, actor, path, commit=commit)
    faults = [fault_part(fault, language) for fault in taken.faults]
    return Imported(
        rows=taken.rows,
        added=taken.added,
        changed=taken.changed,
        roles=taken.roles,
        faults=[ImportFault(line=part.line, field=part.field, message=part.message) for part in faults],
        links=[Link.model_validate(link) for link in taken.links],
    )


@router.get("/accounts/{account_id}")
async def read_account(account_id: int, context: Ctx, actor: InPerson) -> KeptAccount:
    """One account, with the roles it once had."""
    return KeptAccount.model_validate(await account_keeping.account(context, actor, account_id))


@router.put("/accounts/{account_id}", status_code=204)
async def change_account(account_id: int, given: AccountFacts, context: Ctx, actor: InPerson) -> None:
    """Name, staff number, organisation, phone."""
    card = Card("", given.name, given.staff_number, given.organisation, given.phone)
    await account_keeping.change(context, actor, account_id, card)


@router.post("/accounts/{account_id}/disabling", status_code=204)
async def disable_account(account_id: int, context: Ctx, actor: InPerson) -> None:
    """Nobody signs in with it any more, and its sessions end."""
    await account_keeping.disable(context, actor, account_id)


@router.post("/accounts/{account_id}/enabling", status_code=204)
async def enable_account(account_id: int, context: Ctx, actor: InPerson) -> None:
    """It counts again."""
    await account_keeping.enable(context, actor, account_id)


@router.post("/accounts/{account_id}/invitation", status_code=201)
async def invite(account_id: int, context: Ctx, actor: InPerson) -> Invited:
    """Another invitation, in place of those before it: also for a forgotten password."""
    return Invited(account=str(account_id), token=await account_keeping.invite(context, actor, account_id))


@router.post("/accounts/{account_id}/roles", status_code=204)
async def give_role(account_id: int, given: NewRole, context: Ctx, actor: InPerson) -> None:
    """A role in a region of one's own."""
    await account_keeping.give_role(context, actor, account_id, _gift(given))


@router.delete("/accounts/{account_id}/roles/{role_id}", status_code=204)
async def end_role(account_id: int, role_id: int, context: Ctx, actor: InPerson) -> None:
    """Takes a role away: it ends now, and stays written."""
    await account_keeping.end_role(context, actor, account_id, role_id)


@router.delete("/accounts/{account_id}/sessions", status_code=204)
async def end_account_sessions(account_id: int, context: Ctx, actor: InPerson) -> None:
    """Ends all of its sessions."""
    await account_keeping.end_sessions(context, actor, account_id)


@router.delete("/accounts/{account_id}/second-factor", status_code=204)
async def end_account_factor(account_id: int, context: Ctx, actor: InPerson) -> None:
    """Turns a second factor off that was lost."""
    await account_keeping.end_factor(context, actor, account_id)


def _gift(role: NewRole) -> Gift:
    return Gift(role.role, role.code, role.scheme, role.valid_from, role.valid_to)
