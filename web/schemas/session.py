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
    role: str


class ScopeRegion(Answer):
    """A region subtree the account may see; code "" is the whole city."""

    scheme: str
    code: str
    name: str | None
    tier: str | None


class Session(Answer):
    """Who is signed in, and what they may see."""

    account: Account
    scopes: list[ScopeRegion]
