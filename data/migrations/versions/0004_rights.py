"""Rights: an account has roles in regions, from when to when."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _forget_behaviour()
    op.create_table(
        "account_role",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_by", sa.BigInteger(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("valid_to is null or valid_from <= valid_to", name=op.f("account_role_validity_check")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("account_role_account_id_fkey")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("account_role_region_key_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("account_role_pkey")),
    )
    op.create_index(op.f("account_role_account_id_idx"), "account_role", ["account_id"])
    op.create_index(op.f("account_role_region_key_idx"), "account_role", ["region_key"])
    op.execute("alter table account no force row level security; alter table account_scope no force row level security")
    op.execute(
        "insert into account_role (account_id, role, region_key, valid_from, valid_to) "
        "select s.account_id, a.role, s.region_key, s.valid_from, s.valid_to "
        "from account_scope s join account a on a.id = s.account_id order by s.id"
    )
    op.drop_table("account_scope")
    op.drop_column("account", "role")
    op.add_column("account", sa.Column("created_by", sa.BigInteger(), nullable=True))


def _forget_behaviour() -> None:
    """The policies that ask for a single role, and their functions: data/sql makes the new ones."""
    op.execute(
        "do $$ declare old record; begin "
        "for old in select tablename, policyname from pg_policies where schemaname = 'public' loop "
        "execute format('drop policy %I on %I', old.policyname, old.tablename); end loop; end $$"
    )
    op.execute("drop function if exists in_scope(bigint)")
    op.execute("drop function if exists written_scope()")
    op.execute("drop function if exists actor_has_role(text[])")
