"""What a town's registers have brought: the town's own number of each record, and a digest of what was said of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment


class RegisterEntry(Base):
    """One entry of a register, and the record it has become.

    `digests` has one for each field as the file last said it, made with the installation's secret: so a change is known
    though the value of a personal field is not. `retired_at`: since when the register has it no more.
    """

    __tablename__ = "register_entry"
    __table_args__ = (UniqueConstraint("register", "record_id"),)

    register: Mapped[Code] = mapped_column(primary_key=True)
    source_key: Mapped[Code] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger)
    region_key: Mapped[Key]
    digests: Mapped[dict[str, str]] = mapped_column(JSONB)
    retired_at: Mapped[Moment | None]
