"""Signing in."""

from __future__ import annotations

from pydantic import BaseModel

from brain.reports import Line, Title
from web.schemas.base import Answer


class Credentials(BaseModel):
    """A login name and its password."""

    login: Title
    password: Line


class Account(Answer):
    """The signed-in account."""

    id: str
    login: str
    name: str


class HeldRole(Answer):
    """What the account is in a region and all below it; code "" is the whole city."""

    role: str
    scheme: str
    code: str
    name: str | None
    tier: str | None


class Session(Answer):
    """Who is signed in, what they are where, and what they may do somewhere."""

    account: Account
    roles: list[HeldRole]
    rights: list[str]
