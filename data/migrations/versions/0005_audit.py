"""The audit log and its seals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.tables.incidents import Xid8

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), server_default=_setting("actor", "::bigint"), nullable=True),
        sa.Column(
            "actor_name", sa.Text(), server_default=_setting_or("actor_name", "session_user::text"), nullable=False
        ),
        sa.Column("roles", sa.Text(), server_default=_setting_or("roles", "''"), nullable=False),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("object_kind", sa.Text(collation="C"), nullable=True),
        sa.Column("object_id", sa.Text(collation="C"), nullable=True),
        sa.Column("region_key", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), server_default=_setting("address"), nullable=True),
        sa.Column("via", sa.Text(collation="C"), server_default=_setting_or("via", "'database'"), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.Column("txid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint(
            "via in ('session', 'token', 'command_line', 'job', 'database')", name=op.f("audit_via_check")
        ),
        sa.PrimaryKeyConstraint("at", "id", name=op.f("audit_pkey")),
        postgresql_partition_by="range (at)",
    )
    op.create_index(op.f("audit_txid_id_idx"), "audit", ["txid", "id"])
    op.create_index(op.f("audit_actor_id_at_idx"), "audit", ["actor_id", "at"])
    op.create_index(op.f("audit_object_kind_object_id_idx"), "audit", ["object_kind", "object_id"])
    op.create_table(
        "audit_seal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("txid_from", sa.BigInteger(), nullable=False),
        sa.Column("txid_to", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(collation="C"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("audit_seal_pkey")),
    )


def _setting(name: str, cast: str = "") -> sa.TextClause:
    return sa.text(f"nullif(current_setting('citybrain.{name}', true), ''){cast}")


def _setting_or(name: str, otherwise: str) -> sa.TextClause:
    return sa.text(f"coalesce(nullif(current_setting('citybrain.{name}', true), ''), {otherwise})")
