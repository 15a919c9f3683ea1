"""Alembic's way in: always on a connection that `data.migrate` hands over."""

from alembic import context
from geoalchemy2 import alembic_helpers

from data.migrations.names import is_ours
from data.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=is_ours,
    include_object=alembic_helpers.include_object,
    compare_type=True,
)
context.run_migrations()
