"""Keeping accounts."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, Field

from brain.reports import Line, Short, Title
from web.schemas.base import Answer, Id, Names


class RoleHeld(Answer):
    """A role in a region of the main scheme or a department's; code "" is the whole city."""

    id: Id
    role: str
    scheme: str
    code: str
    name: str | None
    tier: str | None
    valid_from: datetime
    valid_to: datetime | None
    given_by: str | None
    is_over: bool


class KeptAccount(Answer):
    """An account as its administrator sees it.

    `roles` are those in the asker's own regions; `is_kept` says that there are no others, so the asker may change it.
    `invited_until` is null where no invitation is open.
    """

    id: Id
    login: str
    name: str
    staff_number: str | None
    organisation: str | None
    phone: str | None
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in: datetime | None
    roles: list[RoleHeld]
    has_password: bool
    has_factor: bool
    invited_until: datetime | None
    is_kept: bool
    is_viewable: bool


class AccountPage(BaseModel):
    """Accounts by log-in name; `next` is the cursor of the next page."""

    items: list[KeptAccount]
    next: str | None


class NewRole(BaseModel):
    """A role in a region, from when to when; without a code in the whole city."""

    role: Short
    scheme: Short = "main"
    code: Title = ""
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None


class AccountFacts(BaseModel):
    """What an account is called."""

    name: Short
    staff_number: Short | None = None
    organisation: Line | None = None
    phone: Short | None = None


class NewAccount(AccountFacts):
    """A person who will set their own password."""

    login: Short
    roles: list[NewRole] = Field(min_length=1, max_length=20)


class Invited(BaseModel):
    """The token of an invitation, shown this once: the page /invitation/TOKEN."""

    account: str
    token: str


class RightOfRoles(BaseModel):
    """A right, and the roles that have it."""

    right: str
    name: Names
    roles: list[str]


class ImportFault(BaseModel):
    """What is wrong with a row; the line and field of the file."""

    line: int | None
    field: str | None
    message: str


class Link(Answer):
    """Whom an invitation is for; its token is shown this once."""

    login: str
    name: str
    token: str


class Imported(BaseModel):
    """What a file brings, or would bring; nothing is written where there are faults or no commit was asked for."""

    rows: int
    added: int
    changed: int
    roles: int
    faults: list[ImportFault]
    links: list[Link]


class InvitationToken(BaseModel):
    """What a link ends with."""

    token: Short


class Acceptance(InvitationToken):
    """The person's own password."""

    password: Line


class Invitation(Answer):
    """Whom an invitation is for."""

    login: str
    name: str
    expires_at: datetime


class Accepted(BaseModel):
    """The log-in name to sign in with."""

    login: str
