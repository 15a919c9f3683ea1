"""Resources: assets, which stay where they are, and units, which move and answer; scoped by region key."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment, Serial


class Department(Base):
    """A department or office that cases are sent to; visible to all."""

    __tablename__ = "department"

    id: Mapped[Serial]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    line: Mapped[Code | None]
    """Which of the eight lines in one grid (多网合一) it leads."""

    region_code: Mapped[Code]
    """The region of the main scheme that it answers for."""

    region_key: Mapped[Key | None]
    retired_at: Mapped[Moment | None]


class Asset(Base):
    """A camera, a component of the national list, a facility, a sensor.

    `category` is a code of the list for a component, and the kind of facility or sensor for the others. `identifier`:
    17 digits for a component (GB/T 47678), 20 for a camera (GB/T 28181).
    """

    __tablename__ = "asset"
    __table_args__ = (
        CheckConstraint("kind in ('camera', 'component', 'facility', 'device')", name="kind"),
        UniqueConstraint("kind", "identifier"),
        Index(None, "region_key", "kind"),
    )

    id: Mapped[Serial]
    region_key: Mapped[Key]
    kind: Mapped[Code]
    category: Mapped[Code]
    identifier: Mapped[Code]
    name: Mapped[str]
    geom: Mapped[str] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    retired_at: Mapped[Moment | None]


class Unit(Base):
    """Somebody who answers for a region: full-time in a grid, part-time in a micro-grid, for a building, volunteer.

    The phone is masked here; in full it is a personal field.
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("kind in ('grid_worker', 'micro_grid_worker', 'building_head', 'volunteer')", name="kind"),
        Index(None, "region_key", "kind"),
    )

    id: Mapped[Serial]
    region_key: Mapped[Key]
    kind: Mapped[Code]
    name: Mapped[str]
    phone: Mapped[str]
    building_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("building.id"))
    retired_at: Mapped[Moment | None]
