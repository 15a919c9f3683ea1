"""Registers: the town's own numbers, what vanished, buildings and compounds whose shape nobody gave."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LISTED = ("building", "compound", "department")
RETIRED = (*LISTED, "household", "person", "enterprise", "asset", "unit")


def upgrade() -> None:
    op.create_table(
        "register_entry",
        sa.Column("register", sa.Text(collation="C"), nullable=False),
        sa.Column("source_key", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("digests", JSONB(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("register", "source_key", name=op.f("register_entry_pkey")),
        sa.UniqueConstraint("register", "record_id", name=op.f("register_entry_register_record_id_key")),
    )
    op.create_table(
        "ground_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ground_change_pkey")),
    )
    for table in RETIRED:
        op.add_column(table, sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    for table in LISTED:
        op.add_column(table, sa.Column("region_key", sa.BigInteger(), nullable=True))
    for table in ("building", "compound"):
        op.alter_column(
            table, "geom", existing_type=geoalchemy2.Geometry("POLYGON", srid=4326, spatial_index=False), nullable=True
        )
    op.create_index(op.f("building_street_house_number_idx"), "building", ["street", "house_number"])
