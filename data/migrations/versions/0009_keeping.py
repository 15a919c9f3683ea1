"""Keeping accounts: people without a password yet, their invitations, and sessions that look as somebody else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("account", "password_hash", nullable=True)
    op.create_unique_constraint(op.f("account_staff_number_key"), "account", ["staff_number"])
    op.add_column("session", sa.Column("viewed_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("session_viewed_id_fkey"), "session", "account", ["viewed_id"], ["id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _moment("created_at", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _moment("expires_at", nullable=False),
        _moment("ended_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("invitation_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("invitation_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("invitation_token_hash_key")),
    )
    op.create_index(op.f("invitation_account_id_idx"), "invitation", ["account_id"])


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
