"""Incidents and their append-only event log."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, CheckConstraint, Double, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from data.tables.base import Base, Code, Key, Moment, Now, Serial


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: never wraps, ordered."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "xid8"


ischema_names["xid8"] = Xid8
"""So that Alembic recognises the type when it compares a database with these declarations."""


class Incident(Base):
    """One thing that happened somewhere.

    `region_key` is where it is counted and who may see it: the region it lies in, or, unassigned, the nearest
    one. `placed_code` and `placed_edition` are what placing answered on its day and never change.

    References are checked by triggers, a statement at a time (030_triggers.sql).
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        CheckConstraint("assigned = (placed_code is not null)", name="assigned"),
        CheckConstraint("assigned = (nearest_m is null)", name="nearest"),
        Index(None, "region_key", "id"),
        Index("incident_open_idx", "region_key", "id", postgresql_where=text("closed_at is null")),
        Index("incident_unassigned_idx", "region_key", "id", postgresql_where=text("not assigned")),
    )

    id: Mapped[Serial]
    source: Mapped[Code]
    source_id: Mapped[Code]
    taxonomy: Mapped[Code]
    category: Mapped[Code]
    title: Mapped[str]
    description: Mapped[str | None]
    state: Mapped[str]
    occurred_at: Mapped[Moment | None]
    reported_at: Mapped[Now]
    closed_at: Mapped[Moment | None]
    original_x: Mapped[float] = mapped_column(Double)
    original_y: Mapped[float] = mapped_column(Double)
    original_crs: Mapped[str]
    geom: Mapped[str] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    place: Mapped[str | None]
    region_key: Mapped[Key]
    placed_edition: Mapped[int] = mapped_column(BigInteger)
    placed_code: Mapped[Code | None]
    assigned: Mapped[bool]
    on_border: Mapped[bool]
    nearest_m: Mapped[float | None] = mapped_column(Double)
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class IncidentPlacement(Base):
    """Where an incident lies in a scheme beside the main one. Seen under the incident's own `region_key`."""

    __tablename__ = "incident_placement"
    __table_args__ = (Index(None, "placed_key", "incident_id"),)

    incident_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    scheme_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    region_key: Mapped[Key]
    placed_key: Mapped[Key]
    placed_edition: Mapped[int] = mapped_column(BigInteger)
    on_border: Mapped[bool]


class IncidentEvent(Base):
    """One deed done to an incident. Written once, never changed; everything that counts reads this log."""

    __tablename__ = "incident_event"
    __table_args__ = (Index(None, "txid"),)

    incident_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[Serial]
    region_key: Mapped[Key]
    at: Mapped[Now]
    action: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    txid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
