"""The city: ground, people counted by building, enterprises, assets, units, departments."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("category", sa.Text(collation="C"), nullable=False),
        sa.Column("identifier", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("kind in ('camera', 'component', 'facility', 'device')", name=op.f("asset_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("asset_pkey")),
        sa.UniqueConstraint("kind", "identifier", name=op.f("asset_kind_identifier_key")),
    )
    op.create_index(op.f("asset_region_key_kind_idx"), "asset", ["region_key", "kind"], unique=False)
    op.create_table(
        "compound",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("use", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("compound_pkey")),
    )
    op.create_index(op.f("compound_geom_idx"), "compound", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(collation="C"), nullable=True),
        sa.Column("region_code", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("department_pkey")),
        sa.UniqueConstraint("code", name=op.f("department_code_key")),
    )
    op.create_table(
        "land",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("use", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("land_pkey")),
    )
    op.create_index(op.f("land_geom_idx"), "land", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "origin",
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("origin_pkey")),
    )
    op.create_table(
        "way",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_node", sa.BigInteger(), nullable=False),
        sa.Column("end_node", sa.BigInteger(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("is_bridge", sa.Boolean(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('expressway', 'trunk', 'secondary', 'street', 'lane')", name=op.f("way_kind_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("way_pkey")),
    )
    op.create_index(op.f("way_end_node_idx"), "way", ["end_node"], unique=False)
    op.create_index(op.f("way_geom_idx"), "way", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(op.f("way_start_node_idx"), "way", ["start_node"], unique=False)
    op.create_table(
        "building",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("use", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("house_number", sa.Text(), nullable=False),
        sa.Column("floors", sa.SmallInteger(), nullable=False),
        sa.Column("staircases", sa.SmallInteger(), nullable=False),
        sa.Column("compound_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.Column(
            "entrance",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["compound_id"], ["compound.id"], name=op.f("building_compound_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("building_pkey")),
    )
    op.create_index(op.f("building_compound_id_idx"), "building", ["compound_id"], unique=False)
    op.create_index(op.f("building_geom_idx"), "building", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "building_people",
        sa.Column("building_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("floating", sa.Integer(), nullable=False),
        sa.Column("by_age", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("by_origin", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("building_people_building_id_fkey")),
        sa.PrimaryKeyConstraint("building_id", name=op.f("building_people_pkey")),
    )
    op.create_index(op.f("building_people_region_key_idx"), "building_people", ["region_key"], unique=False)
    op.create_table(
        "enterprise",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trade", sa.Text(collation="C"), nullable=False),
        sa.Column("trade_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("employees", sa.Integer(), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("enterprise_building_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("enterprise_pkey")),
    )
    op.create_index(op.f("enterprise_building_id_idx"), "enterprise", ["building_id"], unique=False)
    op.create_index(op.f("enterprise_region_key_idx"), "enterprise", ["region_key"], unique=False)
    op.create_table(
        "household",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("household_building_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("household_pkey")),
    )
    op.create_index(op.f("household_building_id_idx"), "household", ["building_id"], unique=False)
    op.create_index(op.f("household_region_key_idx"), "household", ["region_key"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind in ('grid_worker', 'micro_grid_worker', 'building_head', 'volunteer')", name=op.f("unit_kind_check")
        ),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("unit_building_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("unit_pkey")),
    )
    op.create_index(op.f("unit_region_key_kind_idx"), "unit", ["region_key", "kind"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_key", sa.BigInteger(), nullable=False),
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_woman", sa.Boolean(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("person_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("person_pkey")),
    )
    op.create_index(op.f("person_household_id_idx"), "person", ["household_id"], unique=False)
    op.create_index(op.f("person_region_key_idx"), "person", ["region_key"], unique=False)
