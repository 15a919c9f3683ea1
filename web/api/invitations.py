"""Invitations: a person sets their own password. Open without a session; the token is in no address, so in no log."""

from __future__ import annotations

from fastapi import APIRouter, Request

from brain import invitations
from web.deps import Ctx, origin_of
from web.schemas.accounts import Acceptance, Accepted, Invitation, InvitationToken

router = APIRouter(prefix="/invitation", tags=["accounts"])


@router.post("")
async def read_invitation(given: InvitationToken, context: Ctx) -> Invitation:
    """Whom it is for; a used or expired one says so."""
    return Invitation.model_validate(await invitations.look(context, given.token))


@router.post("/acceptance")
async def accept_invitation(given: Acceptance, context: Ctx, request: Request) -> Accepted:
    """Sets the password; the invitation is spent."""
    origin = origin_of(request, "session")
    return Accepted(login=await invitations.accept(context, given.token, given.password, origin))
