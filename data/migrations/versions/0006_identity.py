"""Identity: sessions the server knows, tokens, second factors, failed attempts, and who a person is by name."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("staff_number", "organisation", "phone"):
        op.add_column("account", sa.Column(column, sa.Text(), nullable=True))
    op.create_table(
        "session",
        _serial(),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("last_seen_at", nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        _moment("ended_at"),
        sa.Column("ended_why", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_why is null)", name=op.f("session_end_check")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("session_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("session_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("session_token_hash_key")),
    )
    op.create_index(op.f("session_account_id_idx"), "session", ["account_id"])
    op.create_table(
        "api_token",
        _serial(),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("rights", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("region_keys", sa.ARRAY(sa.BigInteger()), nullable=True),
        _moment("created_at", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _moment("expires_at", nullable=False),
        _moment("last_used_at"),
        _moment("revoked_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("api_token_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("api_token_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("api_token_token_hash_key")),
    )
    op.create_index(op.f("api_token_account_id_idx"), "api_token", ["account_id"])
    op.create_table(
        "second_factor",
        _serial(),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("confirmed_at"),
        _moment("ended_at"),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("second_factor_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("second_factor_pkey")),
    )
    op.create_index(op.f("second_factor_account_id_idx"), "second_factor", ["account_id"])
    op.create_index(
        "second_factor_one_idx",
        "second_factor",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at is not null and ended_at is null"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("factor_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("used_at"),
        sa.ForeignKeyConstraint(["factor_id"], ["second_factor.id"], name=op.f("recovery_code_factor_id_fkey")),
        sa.PrimaryKeyConstraint("factor_id", "code_hash", name=op.f("recovery_code_pkey")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("since", nullable=False),
        _moment("failed_at", nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("sign_in_failure_pkey")),
    )


def _serial() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
