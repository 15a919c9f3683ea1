"""The ground: land, ways, estates and buildings. Visible to all; who lives there stands in `data.tables.people`."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class Land(Base):
    """A piece of land of one use; what is drawn beneath everything else. Water is a use."""

    __tablename__ = "land"
    __table_args__ = (Index(None, "geom", postgresql_using="gist"),)

    id: Mapped[Serial]
    use: Mapped[Code]
    name: Mapped[str | None]
    geom: Mapped[str] = mapped_column(Geometry("POLYGON", srid=4326, spatial_index=False))


class Way(Base):
    """A stretch of road between two nodes, passable both ways: together a routable graph."""

    __tablename__ = "way"
    __table_args__ = (
        CheckConstraint("kind in ('expressway', 'trunk', 'secondary', 'street', 'lane')", name="kind"),
        Index(None, "geom", postgresql_using="gist"),
        Index(None, "start_node"),
        Index(None, "end_node"),
    )

    id: Mapped[Serial]
    kind: Mapped[Code]
    name: Mapped[str]
    start_node: Mapped[int] = mapped_column(BigInteger)
    end_node: Mapped[int] = mapped_column(BigInteger)
    length_m: Mapped[float] = mapped_column(Double)
    is_bridge: Mapped[bool]
    geom: Mapped[str] = mapped_column(Geometry("LINESTRING", srid=4326, spatial_index=False))


class Compound(Base):
    """An estate (小区), a campus, a mall, a park: land behind one wall or name.

    Of one that a register has brought the shape may be unknown; it lies in the region of its key.
    """

    __tablename__ = "compound"
    __table_args__ = (Index(None, "geom", postgresql_using="gist"),)

    id: Mapped[Serial]
    region_key: Mapped[Key | None]
    use: Mapped[Code]
    name: Mapped[str]
    geom: Mapped[str | None] = mapped_column(Geometry("POLYGON", srid=4326, spatial_index=False))
    retired_at: Mapped[Moment | None]


class Building(Base):
    """One building. Its address is a street and a number; several of one number are told apart by `name`.

    Of one that a register has brought the shape may be unknown; it lies in the region of its key.
    """

    __tablename__ = "building"
    __table_args__ = (
        Index(None, "geom", postgresql_using="gist"),
        Index(None, "compound_id"),
        Index(None, "street", "house_number"),
    )

    id: Mapped[Serial]
    region_key: Mapped[Key | None]
    use: Mapped[Code]
    name: Mapped[str | None]
    street: Mapped[str]
    house_number: Mapped[str]
    floors: Mapped[int] = mapped_column(SmallInteger)
    staircases: Mapped[int] = mapped_column(SmallInteger)
    compound_id: Mapped[int | None] = mapped_column(ForeignKey("compound.id"))
    geom: Mapped[str | None] = mapped_column(Geometry("POLYGON", srid=4326, spatial_index=False))
    entrance: Mapped[str] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    retired_at: Mapped[Moment | None]


class GroundChange(Base):
    """That a register has changed ground in place; counted, so that tiles are made anew."""

    __tablename__ = "ground_change"

    id: Mapped[Serial]
    at: Mapped[Now]
