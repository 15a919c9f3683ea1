"""Foundation: tiers, schemes, editions, regions, accounts, dictionaries, incidents and their events."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from data.tables.incidents import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists postgis")
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("login", name=op.f("account_login_key")),
    )
    op.create_table(
        "scheme",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scheme", sa.Text(collation="C"), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("key_lo", sa.BigInteger(), nullable=False),
        sa.Column("key_hi", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("key_lo < key_hi", name=op.f("scheme_interval_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("scheme_pkey")),
        sa.UniqueConstraint("scheme", name=op.f("scheme_scheme_key")),
    )
    op.create_index("scheme_is_main_key", "scheme", ["is_main"], unique=True, postgresql_where=sa.text("is_main"))
    op.create_table(
        "taxonomy",
        sa.Column("taxonomy", sa.Text(collation="C"), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("taxonomy", name=op.f("taxonomy_pkey")),
    )
    op.create_table(
        "tier",
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("min_zoom", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tier", name=op.f("tier_pkey")),
        sa.UniqueConstraint("depth", name=op.f("tier_depth_key")),
    )
    op.create_table(
        "category",
        sa.Column("taxonomy", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("major_code", sa.Text(collation="C"), nullable=False),
        sa.Column("major_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["taxonomy"], ["taxonomy.taxonomy"], name=op.f("category_taxonomy_fkey")),
        sa.PrimaryKeyConstraint("taxonomy", "code", name=op.f("category_pkey")),
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scheme_id", sa.SmallInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("edition_scheme_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("edition_pkey")),
        sa.UniqueConstraint("scheme_id", "seq", name=op.f("edition_scheme_id_seq_key")),
    )
    op.create_table(
        "region",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_hi", sa.BigInteger(), nullable=False),
        sa.Column("scheme_id", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("parent_key", sa.BigInteger(), nullable=True),
        sa.Column("edition_from", sa.BigInteger(), nullable=False),
        sa.Column("edition_to", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("key < key_hi", name=op.f("region_interval_check")),
        sa.ForeignKeyConstraint(["edition_from"], ["edition.id"], name=op.f("region_edition_from_fkey")),
        sa.ForeignKeyConstraint(["edition_to"], ["edition.id"], name=op.f("region_edition_to_fkey")),
        sa.ForeignKeyConstraint(["parent_key"], ["region.key"], name=op.f("region_parent_key_fkey")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("region_scheme_id_fkey")),
        sa.ForeignKeyConstraint(["tier"], ["tier.tier"], name=op.f("region_tier_fkey")),
        sa.PrimaryKeyConstraint("key", name=op.f("region_pkey")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("region_scheme_id_code_key")),
    )
    op.create_index(op.f("region_parent_key_idx"), "region", ["parent_key"], unique=False)
    op.create_index(op.f("region_scheme_id_tier_key_idx"), "region", ["scheme_id", "tier", "key"], unique=False)
    op.create_table(
        "account_scope",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("valid_to is null or valid_from < valid_to", name=op.f("account_scope_validity_check")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("account_scope_account_id_fkey")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("account_scope_region_key_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("account_scope_pkey")),
    )
    op.create_index(
        op.f("account_scope_account_id_region_key_idx"),
        "account_scope",
        ["account_id", "region_key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "border",
        sa.Column("region_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edition_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edition_to", sa.BigInteger(), nullable=True),
        sa.Column("scheme_id", sa.SmallInteger(), nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "label",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "overview",
            geoalchemy2.types.Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["edition_from"], ["edition.id"], name=op.f("border_edition_from_fkey")),
        sa.ForeignKeyConstraint(["edition_to"], ["edition.id"], name=op.f("border_edition_to_fkey")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("border_region_key_fkey")),
        sa.PrimaryKeyConstraint("region_key", "edition_from", name=op.f("border_pkey")),
    )
    op.create_index(
        "border_current_idx",
        "border",
        ["scheme_id", "depth"],
        unique=False,
        postgresql_where=sa.text("edition_to is null"),
    )
    op.create_index(
        op.f("border_scheme_id_depth_geom_idx"),
        "border",
        ["scheme_id", "depth", "geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_with={"buffering": "on"},
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("source_id", sa.Text(collation="C"), nullable=False),
        sa.Column("taxonomy", sa.Text(collation="C"), nullable=False),
        sa.Column("category", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("original_x", sa.Double(), nullable=False),
        sa.Column("original_y", sa.Double(), nullable=False),
        sa.Column("original_crs", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("placed_edition", sa.BigInteger(), nullable=False),
        sa.Column("placed_code", sa.Text(collation="C"), nullable=True),
        sa.Column("assigned", sa.Boolean(), nullable=False),
        sa.Column("on_border", sa.Boolean(), nullable=False),
        sa.Column("nearest_m", sa.Double(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("assigned = (nearest_m is null)", name=op.f("incident_nearest_check")),
        sa.CheckConstraint("assigned = (placed_code is not null)", name=op.f("incident_assigned_check")),
        sa.ForeignKeyConstraint(["placed_edition"], ["edition.id"], name=op.f("incident_placed_edition_fkey")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("incident_region_key_fkey")),
        sa.ForeignKeyConstraint(["taxonomy"], ["taxonomy.taxonomy"], name=op.f("incident_taxonomy_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("incident_pkey")),
        sa.UniqueConstraint("source", "source_id", name=op.f("incident_source_source_id_key")),
    )
    op.create_index(op.f("incident_geom_idx"), "incident", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(
        "incident_open_idx",
        "incident",
        ["region_key", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(op.f("incident_region_key_id_idx"), "incident", ["region_key", "id"], unique=False)
    op.create_index(
        "incident_unassigned_idx",
        "incident",
        ["region_key", "id"],
        unique=False,
        postgresql_where=sa.text("not assigned"),
    )
    op.create_table(
        "lineage",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("from_key", sa.BigInteger(), nullable=False),
        sa.Column("to_key", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("lineage_edition_id_fkey")),
        sa.ForeignKeyConstraint(["from_key"], ["region.key"], name=op.f("lineage_from_key_fkey")),
        sa.ForeignKeyConstraint(["to_key"], ["region.key"], name=op.f("lineage_to_key_fkey")),
        sa.PrimaryKeyConstraint("edition_id", "from_key", "to_key", name=op.f("lineage_pkey")),
    )
    op.create_table(
        "region_alias",
        sa.Column("scheme_id", sa.SmallInteger(), nullable=False),
        sa.Column("alias", sa.Text(collation="C"), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("region_alias_region_key_fkey")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("region_alias_scheme_id_fkey")),
        sa.PrimaryKeyConstraint("scheme_id", "alias", "region_key", name=op.f("region_alias_pkey")),
    )
    op.create_table(
        "incident_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("txid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("incident_event_incident_id_fkey")),
        sa.ForeignKeyConstraint(["region_key"], ["region.key"], name=op.f("incident_event_region_key_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("incident_event_pkey")),
    )
    op.create_index(op.f("incident_event_incident_id_id_idx"), "incident_event", ["incident_id", "id"], unique=False)
    op.create_index(op.f("incident_event_region_key_id_idx"), "incident_event", ["region_key", "id"], unique=False)
    op.create_index(op.f("incident_event_txid_idx"), "incident_event", ["txid"], unique=False)
