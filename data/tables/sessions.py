"""How an account comes in: invitations, sessions, tokens for connectors, second factors, and attempts that failed."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Moment, Serial


class Session(Base):
    """One sign-in of one browser. The token itself is with the browser alone; an end is written, never undone."""

    __tablename__ = "session"
    __table_args__ = (
        Index(None, "account_id"),
        CheckConstraint("(ended_at is null) = (ended_why is null)", name="end"),
    )

    id: Mapped[Serial]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    ended_at: Mapped[Moment | None]
    ended_why: Mapped[Code | None]
    viewed_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("account.id"))
    """The account as which an administrator looks at the product, for now."""


class Invitation(Base):
    """A link by which a person sets their own password, once; ended by being used, or by the next one."""

    __tablename__ = "invitation"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[Serial]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Moment]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class ApiToken(Base):
    """What a connector signs its requests with: some of its account's rights, in some of its regions, for a time.

    No regions: wherever the account itself has the rights.
    """

    __tablename__ = "api_token"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[Serial]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text))
    region_keys: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    created_at: Mapped[Moment]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[Moment]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]


class SecondFactor(Base):
    """An authenticator of an account (RFC 6238): counts from its confirmation to its end, one at a time."""

    __tablename__ = "second_factor"
    __table_args__ = (
        Index(
            "second_factor_one_idx",
            "account_id",
            unique=True,
            postgresql_where=text("confirmed_at is not null and ended_at is null"),
        ),
        Index(None, "account_id"),
    )

    id: Mapped[Serial]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    secret: Mapped[str]
    """Encrypted by a key of the installation."""
    created_at: Mapped[Moment]
    confirmed_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """The latest step of time whose code was used: it and those before it are spent."""


class RecoveryCode(Base):
    """A code that stands in once for a second factor that is not at hand."""

    __tablename__ = "recovery_code"

    factor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("second_factor.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[Moment | None]


class SignInFailure(Base):
    """How often a log-in name or an address failed; names nobody has are counted like those that somebody has."""

    __tablename__ = "sign_in_failure"

    subject: Mapped[Code] = mapped_column(primary_key=True)
    """A keyed hash: people type passwords where names belong."""
    failures: Mapped[int]
    since: Mapped[Moment]
    failed_at: Mapped[Moment]
