"""Signing in and out."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request, Response

from brain import accounts, sessions, viewing
from brain.actor import Actor
from brain.errors import Unauthenticated
from web.deps import COOKIE, Ctx, InPerson, SignedIn, get_actor, origin_of
from web.schemas.session import Account, Credentials, HeldRole, Session, Viewed

router = APIRouter(tags=["session"])

AGENT_CHARACTERS = 300


@router.post("/session")
async def sign_in(credentials: Credentials, context: Ctx, request: Request, response: Response) -> Session:
    """Signs in; the session travels in a cookie that scripts cannot read and other sites cannot send.

    Where the account has a second factor, the same once more with its `code`: without it the answer is a 401 of type
    `urn:citybrain:problem:account.code_needed`.
    """
    origin = origin_of(request, "session")
    actor = await accounts.sign_in(
        context, credentials.login, credentials.password, code=credentials.code, origin=origin
    )
    assert actor.account_id is not None
    agent = request.headers.get("user-agent", "")[:AGENT_CHARACTERS]
    token = await sessions.start(context, actor.account_id, address=origin.address, user_agent=agent or None)
    await sessions.sign_out(context, request.cookies.get(COOKIE, ""))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(context.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=context.settings.cookie_secure,
    )
    return _session(actor)


@router.get("/session")
async def current_session(actor: SignedIn) -> Session:
    """Who is signed in."""
    return _session(actor)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, context: Ctx, response: Response) -> None:
    """Signs out: the session ends, wherever its cookie may have got to."""
    with suppress(Unauthenticated):
        await viewing.end(context, request.cookies.get(COOKIE, ""), origin_of(request, "session"))
        await accounts.sign_out(context, await get_actor(request, context))
    await sessions.sign_out(context, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.post("/session/view", status_code=204)
async def begin_view(given: Viewed, context: Ctx, actor: InPerson) -> None:
    """From now on this session sees what another account sees, and writes nothing."""
    await viewing.begin(context, actor, given.account)


@router.delete("/session/view", status_code=204)
async def end_view(request: Request, context: Ctx) -> None:
    """The session is its own account's again."""
    await viewing.end(context, request.cookies.get(COOKIE, ""), origin_of(request, "session"))


def _session(actor: Actor) -> Session:
    return Session(
        account=Account(id=str(actor.account_id), login=actor.login, name=actor.name),
        roles=[HeldRole.model_validate(role) for role in actor.roles],
        rights=actor.rights,
        asleep=list(actor.asleep),
        viewer=actor.viewer.name if actor.viewer else None,
    )
