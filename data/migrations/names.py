"""Which tables are ours to migrate."""

from __future__ import annotations

from data.tables import Base


def is_ours(name: str | None, kind: str, parent_names: object) -> bool:
    """Leaves the tables of PostGIS, of Alembic and of the job queue alone."""
    return kind != "table" or name in Base.metadata.tables
