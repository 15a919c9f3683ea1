"""Intake: references checked a statement at a time, indexes that nobody asks gone, placements in departments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("incident_taxonomy_fkey"), "incident")
    op.drop_constraint(op.f("incident_region_key_fkey"), "incident")
    op.drop_constraint(op.f("incident_placed_edition_fkey"), "incident")
    op.drop_constraint(op.f("incident_event_incident_id_fkey"), "incident_event")
    op.drop_constraint(op.f("incident_event_region_key_fkey"), "incident_event")
    op.drop_index(op.f("incident_geom_idx"), "incident")
    op.drop_index(op.f("incident_event_region_key_id_idx"), "incident_event")
    op.drop_constraint(op.f("incident_event_pkey"), "incident_event")
    op.drop_index(op.f("incident_event_incident_id_id_idx"), "incident_event")
    op.create_primary_key(op.f("incident_event_pkey"), "incident_event", ["incident_id", "id"])
    op.create_table(
        "incident_placement",
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scheme_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("placed_key", sa.BigInteger(), nullable=False),
        sa.Column("placed_edition", sa.BigInteger(), nullable=False),
        sa.Column("on_border", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "scheme_id", name=op.f("incident_placement_pkey")),
    )
    op.create_index(
        op.f("incident_placement_placed_key_incident_id_idx"), "incident_placement", ["placed_key", "incident_id"]
    )
