"""The audit log: who did what, when, from where and why; and the seals that chain what was written."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code, Key, Moment
from data.tables.incidents import Xid8


class Audit(Base):
    """One deed. Written once, never changed; a table for each month of `at` (031_audit.sql makes them).

    Who acts, and from where, is the transaction's own: the columns take it from its settings, nobody hands it over.
    """

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("via in ('session', 'token', 'command_line', 'job', 'database')", name="via"),
        Index(None, "txid", "id"),
        Index(None, "actor_id", "at"),
        Index(None, "object_kind", "object_id"),
        {"postgresql_partition_by": "range (at)"},
    )

    at: Mapped[Moment] = mapped_column(primary_key=True, server_default=text("clock_timestamp()"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(
        BigInteger, server_default=text("nullif(current_setting('citybrain.actor', true), '')::bigint")
    )
    actor_name: Mapped[str] = mapped_column(
        server_default=text("coalesce(nullif(current_setting('citybrain.actor_name', true), ''), session_user::text)")
    )
    roles: Mapped[str] = mapped_column(
        server_default=text("coalesce(nullif(current_setting('citybrain.roles', true), ''), '')")
    )
    action: Mapped[Code]
    object_kind: Mapped[Code | None]
    object_id: Mapped[Code | None]
    region_key: Mapped[Key | None]
    reason: Mapped[str | None]
    address: Mapped[str | None] = mapped_column(
        server_default=text("nullif(current_setting('citybrain.address', true), '')")
    )
    via: Mapped[Code] = mapped_column(
        server_default=text("coalesce(nullif(current_setting('citybrain.via', true), ''), 'database')")
    )
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    txid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class AuditSeal(Base):
    """What was committed from one transaction horizon up to another, of one month, and the digest over it.

    A seal's digest covers the digest before it: none can be changed without all that follow.
    """

    __tablename__ = "audit_seal"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[dt.date] = mapped_column(Date)
    txid_from: Mapped[int] = mapped_column(BigInteger)
    txid_to: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[Code]
    at: Mapped[Moment]
