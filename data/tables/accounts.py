"""Accounts and the regions they may see."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class Account(Base):
    """One real person, or one connector. Disabled, never deleted."""

    __tablename__ = "account"

    id: Mapped[Serial]
    login: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[Now]
    disabled_at: Mapped[Moment | None]


class AccountScope(Base):
    """A region subtree that an account may see; no region: the whole main scheme."""

    __tablename__ = "account_scope"
    __table_args__ = (
        Index(None, "account_id", "region_key", unique=True, postgresql_nulls_not_distinct=True),
        CheckConstraint("valid_to is null or valid_from < valid_to", name="validity"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    region_key: Mapped[Key | None] = mapped_column(ForeignKey("region.key"))
    valid_from: Mapped[Moment] = mapped_column(server_default=text("now()"))
    valid_to: Mapped[Moment | None]
