"""Data sets: closed and personal fields, what is pushed down, what is corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_fields()
    _create_pushdown()
    _move_fields()


def _create_fields() -> None:
    for name, nullable in (("closed_field", True), ("personal_field", False)):
        op.create_table(
            name,
            sa.Column("data_set", sa.Text(collation="C"), nullable=False),
            sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("field", sa.Text(collation="C"), nullable=False),
            sa.Column("region_key", sa.BigInteger(), nullable=False),
            sa.Column("value", sa.Text(), nullable=nullable),
            sa.PrimaryKeyConstraint("data_set", "record_id", "field", name=op.f(f"{name}_pkey")),
        )
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("data_set", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(collation="C"), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(collation="C"), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("decided_why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('applied', 'waiting', 'confirmed', 'refused')", name=op.f("correction_state_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("correction_pkey")),
    )
    op.create_index(op.f("correction_data_set_record_id_idx"), "correction", ["data_set", "record_id"])
    op.create_index(
        "correction_waiting_idx", "correction", ["region_key", "id"], postgresql_where=sa.text("state = 'waiting'")
    )


def _create_pushdown() -> None:
    op.create_table(
        "home_tier",
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["tier"], ["tier.tier"], name=op.f("home_tier_tier_fkey")),
        sa.PrimaryKeyConstraint("subject", name=op.f("home_tier_pkey")),
    )
    op.create_table(
        "pushdown",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("data_set", sa.Text(collation="C"), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text(collation="C")), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("region_key_hi", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=True),
        sa.Column("given_by_name", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_name", sa.Text(), nullable=True),
        sa.Column("replaces", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("region_key < region_key_hi", name=op.f("pushdown_interval_check")),
        sa.CheckConstraint("valid_to is null or valid_from < valid_to", name=op.f("pushdown_validity_check")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("pushdown_region_key_fkey")),
        sa.ForeignKeyConstraint(["replaces"], ["pushdown.id"], name=op.f("pushdown_replaces_fkey")),
        sa.ForeignKeyConstraint(["tier"], ["tier.tier"], name=op.f("pushdown_tier_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pushdown_pkey")),
        sa.UniqueConstraint("replaces", name=op.f("pushdown_replaces_key")),
    )
    op.create_index(op.f("pushdown_region_key_idx"), "pushdown", ["region_key"])
    op.create_table(
        "pushdown_receipt",
        sa.Column("pushdown_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("pushdown_receipt_account_id_fkey")),
        sa.ForeignKeyConstraint(["pushdown_id"], ["pushdown.id"], name=op.f("pushdown_receipt_pushdown_id_fkey")),
        sa.PrimaryKeyConstraint("pushdown_id", "account_id", name=op.f("pushdown_receipt_pkey")),
    )


def _move_fields() -> None:
    """From their records to their own place; policies are forced again by data/sql."""
    for table in ("enterprise", "person"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into closed_field (data_set, record_id, field, region_key, value) "
        "select 'enterprises', id, 'employees', region_key, employees::text from enterprise union all "
        "select 'enterprises', id, 'founded_on', region_key, founded_on::text from enterprise"
    )
    op.drop_column("enterprise", "employees")
    op.drop_column("enterprise", "founded_on")
    op.add_column("enterprise", sa.Column("phone", sa.Text(), nullable=True))
    op.execute(
        "insert into personal_field (data_set, record_id, field, region_key, value) "
        "select 'persons', id, 'name', region_key, name from person"
    )
    op.execute("update person set name = left(name, 1) || '**'")
