"""Who lives and works in the buildings; scoped by the key of the micro-grid."""

from __future__ import annotations

from datetime import date

from geoalchemy2 import Geometry
from sqlalchemy import ARRAY, BigInteger, Date, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Serial


class BuildingPeople(Base):
    """Counts of one building's inhabitants.

    `by_age` has 36 counts: men by five-year bands 0–4 … 80–84, 85 and over, then women. `floating` are those
    registered elsewhere; `by_origin` counts them by where that is, in the order of the table `origin`.
    """

    __tablename__ = "building_people"
    __table_args__ = (Index(None, "region_key"),)

    building_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("building.id"), primary_key=True, autoincrement=False
    )
    region_key: Mapped[Key]
    households: Mapped[int]
    persons: Mapped[int]
    floating: Mapped[int]
    by_age: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    by_origin: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))


class Origin(Base):
    """Where people who are registered elsewhere came from; `place` is the position in `by_origin`, from 1 on."""

    __tablename__ = "origin"

    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]


class Household(Base):
    """One household, where an installation keeps them one by one."""

    __tablename__ = "household"
    __table_args__ = (Index(None, "region_key"), Index(None, "building_id"))

    id: Mapped[Serial]
    region_key: Mapped[Key]
    building_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("building.id"))
    room: Mapped[str]
    retired_at: Mapped[Moment | None]


class Person(Base):
    """One person. What identifies them is masked here; in full it is a personal field."""

    __tablename__ = "person"
    __table_args__ = (Index(None, "region_key"), Index(None, "household_id"))

    id: Mapped[Serial]
    region_key: Mapped[Key]
    household_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("household.id"))
    name: Mapped[str]
    is_woman: Mapped[bool]
    born_on: Mapped[date] = mapped_column(Date)
    origin: Mapped[str | None]
    phone: Mapped[str | None]
    identity: Mapped[str]
    retired_at: Mapped[Moment | None]


class Enterprise(Base):
    """A firm or a shop; `trade` is a section of GB/T 4754. Its phone is masked here."""

    __tablename__ = "enterprise"
    __table_args__ = (Index(None, "region_key"), Index(None, "building_id"))

    id: Mapped[Serial]
    region_key: Mapped[Key]
    building_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("building.id"))
    name: Mapped[str]
    trade: Mapped[Code]
    trade_name: Mapped[str]
    status: Mapped[str]
    phone: Mapped[str | None]
    geom: Mapped[str] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    retired_at: Mapped[Moment | None]
