"""Alembic's way in: always on a connection that `data.migrate` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers

from data.tables import Base

MANAGED = frozenset(Base.metadata.tables)


def is_ours(name: str | None, kind: str, parent_names: object) -> bool:
    """Leaves the tables of PostGIS and of the job queue alone."""
    return kind != "table" or name in MANAGED


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=is_ours,
    include_object=alembic_helpers.include_object,
    compare_type=True,
)
context.run_migrations()
