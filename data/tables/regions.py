"""Schemes of regions, their tiers, editions and borders.

A region is one row for its whole life; its borders are rows valid from one edition to another. `key` and
`key_hi` bound the integer interval that holds the region and everything below it.
"""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Double, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class Tier(Base):
    """A level of the tree: data of the installation, coarse (0) to fine."""

    __tablename__ = "tier"

    tier: Mapped[Code] = mapped_column(primary_key=True)
    depth: Mapped[int] = mapped_column(SmallInteger, unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    min_zoom: Mapped[int] = mapped_column(SmallInteger)


class Scheme(Base):
    """One way of cutting the city: the governance tree (main), or a department's own grids beside it."""

    __tablename__ = "scheme"
    __table_args__ = (
        CheckConstraint("key_lo < key_hi", name="interval"),
        Index("scheme_is_main_key", "is_main", unique=True, postgresql_where=text("is_main")),
    )

    id: Mapped[int] = mapped_column(SmallInteger, Identity(always=True), primary_key=True)
    scheme: Mapped[Code] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    is_main: Mapped[bool]
    key_lo: Mapped[Key]
    key_hi: Mapped[Key]


class Edition(Base):
    """A published set of borders of one scheme. Editions of a scheme are ordered by `id`."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("scheme_id", "seq"),)

    id: Mapped[Serial]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    seq: Mapped[int]
    valid_from: Mapped[Moment]
    published_at: Mapped[Now]
    note: Mapped[str]


class Region(Base):
    """Any unit of a scheme, from city to micro-grid. Its code is never given to another region."""

    __tablename__ = "region"
    __table_args__ = (
        UniqueConstraint("scheme_id", "code"),
        CheckConstraint("key < key_hi", name="interval"),
        Index(None, "scheme_id", "tier", "key"),
    )

    key: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    key_hi: Mapped[Key]
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    code: Mapped[Code]
    name: Mapped[str]
    tier: Mapped[Code] = mapped_column(ForeignKey("tier.tier"))
    parent_key: Mapped[Key | None] = mapped_column(ForeignKey("region.key"), index=True)
    edition_from: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    edition_to: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))


class Border(Base):
    """A region's shape from one edition to another. Scheme and tier stand here for the spatial index."""

    __tablename__ = "border"
    __table_args__ = (
        Index(
            None,
            "scheme_id",
            "depth",
            "geom",
            postgresql_using="gist",
            postgresql_with={"buffering": "on"},
        ),
        Index("border_current_idx", "scheme_id", "depth", postgresql_where=text("edition_to is null")),
    )

    region_key: Mapped[Key] = mapped_column(ForeignKey("region.key"), primary_key=True, autoincrement=False)
    edition_from: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True, autoincrement=False)
    edition_to: Mapped[int | None] = mapped_column(ForeignKey("edition.id"))
    scheme_id: Mapped[int] = mapped_column(SmallInteger)
    depth: Mapped[int] = mapped_column(SmallInteger)
    area_m2: Mapped[float] = mapped_column(Double)
    geom: Mapped[str] = mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))
    label: Mapped[str] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    overview: Mapped[str | None] = mapped_column(Geometry("MULTIPOLYGON", srid=3857, spatial_index=False))


class Lineage(Base):
    """What became of a region at an edition: split, merged, or moved; `share` of its area went to `to_key`."""

    __tablename__ = "lineage"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    from_key: Mapped[Key] = mapped_column(ForeignKey("region.key"), primary_key=True)
    to_key: Mapped[Key] = mapped_column(ForeignKey("region.key"), primary_key=True)
    share: Mapped[float] = mapped_column(Double)


class RegionAlias(Base):
    """Another name or code of one or several regions: a development zone, a code of another authority."""

    __tablename__ = "region_alias"

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True)
    alias: Mapped[Code] = mapped_column(primary_key=True)
    region_key: Mapped[Key] = mapped_column(ForeignKey("region.key"), primary_key=True)
    note: Mapped[str]
