"""One's own account: password, second factor, sessions, tokens."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from brain.reports import Line, Short, Title
from web.schemas.base import Answer, Id


class OwnAccount(Answer):
    """What an account is told about itself; `factor_since` is null where it has no second factor."""

    login: str
    name: str
    staff_number: str | None
    organisation: str | None
    phone: str | None
    factor_since: datetime | None
    recovery_codes_left: int


class NewPassword(BaseModel):
    """The password there is, and the one to be."""

    old: Line
    password: Line


class OwnPassword(BaseModel):
    """The password once more, for what outlasts the session."""

    password: Line


class Enrolment(Answer):
    """What an authenticator is told: a secret, the same as an otpauth address, and as a QR code."""

    secret: str
    uri: str
    qr_svg: str


class Code(BaseModel):
    """Six digits of an authenticator."""

    code: Title


class RecoveryCodes(BaseModel):
    """Codes that stand in for the authenticator, each once. They are shown this once."""

    codes: list[str]


class SessionSummary(Answer):
    """A session that can still be used."""

    id: Id
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    user_agent: str | None
    is_current: bool


class TokenRegion(BaseModel):
    """A region by its scheme and code."""

    scheme: Short = "main"
    code: Short


class NewToken(BaseModel):
    """What a connector may do, where, and for how long. No regions: wherever the account may."""

    password: Line
    name: Short
    rights: list[Short] = Field(max_length=50)
    regions: list[TokenRegion] = Field(default=[], max_length=20)
    days: int = 365


class TokenMade(BaseModel):
    """The token, shown this once: `Authorization: Bearer TOKEN`."""

    token: str


class TokenSummary(Answer):
    """A token that has not been revoked; the regions it is limited to by name (none: wherever the account may)."""

    id: Id
    name: str
    rights: list[str]
    regions: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    is_over: bool
