"""One's own account: who one is, password, second factor, tokens. In person only, never by a token."""

from __future__ import annotations

from fastapi import APIRouter

from brain import own_accounts, tokens
from web.deps import Ctx, InPerson
from web.schemas.account import (
    Code,
    Enrolment,
    NewPassword,
    NewToken,
    OwnAccount,
    OwnPassword,
    RecoveryCodes,
    TokenMade,
    TokenSummary,
)

router = APIRouter(prefix="/account", tags=["account"])


@router.get("")
async def own_account(context: Ctx, actor: InPerson) -> OwnAccount:
    """What the installation knows of the one who asks."""
    return OwnAccount.model_validate(await own_accounts.card(context, actor))


@router.put("/password", status_code=204)
async def change_password(given: NewPassword, context: Ctx, actor: InPerson) -> None:
    """A new password; every other session of the account ends."""
    await own_accounts.change_password(context, actor, given.old, given.password)


@router.post("/second-factor", status_code=201)
async def start_second_factor(given: OwnPassword, context: Ctx, actor: InPerson) -> Enrolment:
    """A secret for an authenticator; it counts once a code made with it is sent."""
    return Enrolment.model_validate(await own_accounts.start_factor(context, actor, given.password))


@router.post("/second-factor/confirm")
async def confirm_second_factor(given: Code, context: Ctx, actor: InPerson) -> RecoveryCodes:
    """From now on signing in asks for a code."""
    return RecoveryCodes(codes=await own_accounts.confirm_factor(context, actor, given.code))


@router.post("/second-factor/end", status_code=204)
async def end_second_factor(given: OwnPassword, context: Ctx, actor: InPerson) -> None:
    """From now on signing in asks for the password alone."""
    await own_accounts.end_factor(context, actor, given.password)


@router.get("/tokens")
async def list_tokens(context: Ctx, actor: InPerson) -> list[TokenSummary]:
    """One's own tokens that have not been revoked."""
    return [TokenSummary.model_validate(one) for one in await tokens.list_tokens(context, actor, actor.login)]


@router.post("/tokens", status_code=201)
async def add_token(given: NewToken, context: Ctx, actor: InPerson) -> TokenMade:
    """A token for a connector, never with more than the account has."""
    regions = [(region.scheme, region.code) for region in given.regions]
    token = await own_accounts.add_token(
        context, actor, given.password, name=given.name, rights=given.rights, regions=regions, days=given.days
    )
    return TokenMade(token=token)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: int, context: Ctx, actor: InPerson) -> None:
    """Ends a token at once."""
    await tokens.revoke(context, actor, token_id)
