"""Signing in."""

from __future__ import annotations

from pydantic import BaseModel, Field

from brain.reports import Line, Title
from web.schemas.base import Answer


class Credentials(BaseModel):
    """A login name and its password."""

    login: Title
    password: Line
    code: Title | None = Field(default=None, description="Of the second factor, or a recovery code.")


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
    """Who is signed in, what they are where, and what they may do somewhere.

    `asleep` names roles that the account has and that do not count until it has a second factor. `viewer` names
    who really sits there, where they look at the product as this account.
    """

    account: Account
    roles: list[HeldRole]
    rights: list[str]
    asleep: list[str]
    viewer: str | None


class Viewed(BaseModel):
    """As whom to look at the product: an account by its id."""

    account: int
