"""Accounts, and the roles that each has in which regions."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class Account(Base):
    """One real person, or one connector. Disabled, never deleted."""

    __tablename__ = "account"

    id: Mapped[Serial]
    login: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    staff_number: Mapped[str | None] = mapped_column(unique=True)
    organisation: Mapped[str | None]
    phone: Mapped[str | None]
    password_hash: Mapped[str | None]
    """None until the person has set a password, by an invitation."""
    created_at: Mapped[Now]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    disabled_at: Mapped[Moment | None]


class AccountRole(Base):
    """What an account is in a region and all below it, and from when to when; no region: in the whole main scheme.

    Taken away by an end, never deleted.
    """

    __tablename__ = "account_role"
    __table_args__ = (
        Index(None, "account_id"),
        Index(None, "region_key"),
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="validity"),
    )

    id: Mapped[Serial]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    role: Mapped[Code]
    region_key: Mapped[Key | None] = mapped_column(ForeignKey("region.key"))
    valid_from: Mapped[Moment] = mapped_column(server_default=text("now()"))
    valid_to: Mapped[Moment | None]
    given_by: Mapped[int | None] = mapped_column(BigInteger)
    given_at: Mapped[Now]
