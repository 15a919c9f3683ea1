"""Of the records of data sets: fields that are closed or personal, and what was corrected."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class ClosedField(Base):
    """The value of a closed field; seen by those whose scope holds this very field in the record's region."""

    __tablename__ = "closed_field"

    data_set: Mapped[Code] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    field: Mapped[Code] = mapped_column(primary_key=True)
    region_key: Mapped[Key]
    value: Mapped[str | None]


class PersonalField(Base):
    """The value of a personal field. Only the function `reveal` reads this table, and writes down for whom and why."""

    __tablename__ = "personal_field"

    data_set: Mapped[Code] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    field: Mapped[Code] = mapped_column(primary_key=True)
    region_key: Mapped[Key]
    value: Mapped[str]


class Correction(Base):
    """What somebody corrected where they stand, before and after; applied, or waiting for who owns the field.

    Of a personal field both are masked.
    """

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint("state in ('applied', 'waiting', 'confirmed', 'refused')", name="state"),
        Index(None, "data_set", "record_id"),
        Index("correction_waiting_idx", "region_key", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[Serial]
    data_set: Mapped[Code]
    record_id: Mapped[int] = mapped_column(BigInteger)
    region_key: Mapped[Key]
    field: Mapped[Code]
    before: Mapped[str | None]
    after: Mapped[str | None]
    reason: Mapped[str]
    state: Mapped[Code]
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    author_name: Mapped[str]
    at: Mapped[Now]
    decided_at: Mapped[Moment | None]
    decided_by_name: Mapped[str | None]
    decided_why: Mapped[str | None]
