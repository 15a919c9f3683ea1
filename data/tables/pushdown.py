"""What is opened to a lower tier: data sets, their closed fields, and who has received them."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class HomeTier(Base):
    """From which tier upwards something is seen by role alone: a data set (`enterprises`) or a closed field of it
    (`enterprises.employees`)."""

    __tablename__ = "home_tier"

    subject: Mapped[Code] = mapped_column(primary_key=True)
    tier: Mapped[Code] = mapped_column(ForeignKey("tier.tier"))


class Pushdown(Base):
    """One version of what is opened, to the accounts of `tier` in a region and below, from when to when.

    Changed by a next version, which `replaces` it; ended by withdrawing. `fields` are closed ones; open ones go along.
    """

    __tablename__ = "pushdown"
    __table_args__ = (
        Index(None, "region_key"),
        CheckConstraint("valid_to is null or valid_from < valid_to", name="validity"),
        CheckConstraint("region_key < region_key_hi", name="interval"),
    )

    id: Mapped[Serial]
    data_set: Mapped[Code]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    tier: Mapped[Code] = mapped_column(ForeignKey("tier.tier"))
    region_key: Mapped[Key] = mapped_column(ForeignKey("region.key"))
    region_key_hi: Mapped[Key]
    purpose: Mapped[str]
    valid_from: Mapped[Moment] = mapped_column(server_default=text("now()"))
    valid_to: Mapped[Moment | None]
    given_at: Mapped[Now]
    given_by: Mapped[int | None] = mapped_column(BigInteger)
    given_by_name: Mapped[str]
    withdrawn_at: Mapped[Moment | None]
    withdrawn_by_name: Mapped[str | None]
    replaces: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("pushdown.id"), unique=True)


class PushdownReceipt(Base):
    """That an account has been shown a pushdown, and when it first opened it."""

    __tablename__ = "pushdown_receipt"

    pushdown_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pushdown.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"), primary_key=True)
    account_name: Mapped[str]
    region_key: Mapped[Key]
    received_at: Mapped[Now]
    opened_at: Mapped[Moment | None]
