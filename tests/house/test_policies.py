"""The database as it was migrated: every scoped table guarded, the application's role powerless, nothing left over."""

from __future__ import annotations

import re

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from brain.settings import Settings
from data.dictionaries.rights import rights
from data.engine import sqlalchemy_url
from data.migrate import upgrade
from data.migrations.names import is_ours
from data.tables import Base

OPEN_TO_ALL = {"tier", "scheme", "edition", "region", "border", "lineage", "region_alias", "taxonomy", "category"} | {
    "land",
    "way",
    "compound",
    "building",
    "origin",
    "department",
    "ground_change",
}
"""Tables whose rows every account may read: borders, names, codes, dictionaries, the ground."""

BY_NUMBER = {
    "account_role",
    "closed_field",
    "personal_field",
    "correction",
    "pushdown",
    "pushdown_receipt",
    "register_entry",
}
"""Tables that are asked for a few rows by their numbers: their conditions may cost more, and hold by right and region too."""

SEEN = re.compile(
    r"\(\(\(width_bucket\(region_key, \( SELECT scope_bounds\('see_(?P<what>[a-z]+)'::text\) AS scope_bounds\)\) % 2\) <> 0\) "
    r"AND in_scope\('see_(?P=what)'::text, region_key\)\)"
)
CHANGED = re.compile(r"in_scope\('see_[a-z]+'::text, region_key\)")
WRITTEN = re.compile(r"\(region_key <@ \( SELECT held_in\('(?P<right>[a-z_]+)'::text\) AS held_in\)\)")
"""What the policies of a scoped table may say, as PostgreSQL writes it, and nothing beside."""


def test_every_table_of_ours_has_forced_policies(owner: psycopg.Connection) -> None:
    """A table without a policy would be open to whoever may read it."""
    rows = owner.execute(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity from pg_class c "
        "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
    ).fetchall()
    guarded = {name: (enabled, forced) for name, enabled, forced in rows if name in Base.metadata.tables}
    assert set(guarded) == set(Base.metadata.tables)
    assert {name for name, state in guarded.items() if state != (True, True)} == set()


def test_scoped_tables_compare_an_integer_key(owner: psycopg.Connection) -> None:
    """Whatever lies in a region is guarded by its key alone: no sub-select, no function that hides an index."""
    scoped = {table.name for table in Base.metadata.tables.values() if "region_key" in table.columns}
    scoped -= OPEN_TO_ALL | BY_NUMBER | {"audit"}  # it holds what lies in no region, too
    assert {"incident", "incident_event"} <= scoped
    for table in scoped:
        policies = owner.execute(
            "select cmd, qual, with_check from pg_policies where tablename = %s", (table,)
        ).fetchall()
        assert {command for command, _, _ in policies} >= {"SELECT", "INSERT"}, table
        for command, qual, check in policies:
            seen = SEEN if command == "SELECT" else CHANGED
            assert qual is None or seen.fullmatch(qual), (table, command, qual)
            assert check is None or WRITTEN.fullmatch(check), (table, command, check)
            asked = set(re.findall(r"'([a-z_]+)'::text", f"{qual} {check}"))
            assert asked, (table, command)
            assert asked <= set(rights()), (table, command)


def test_tables_asked_by_number_hold_by_right_and_region(owner: psycopg.Connection) -> None:
    """Every way to read or write them asks for a right in the row's region, or for one's own row."""
    for table in BY_NUMBER:
        policies = owner.execute("select cmd, qual, with_check from pg_policies where tablename = %s", (table,))
        for command, *conditions in policies:
            for condition in filter(None, conditions):
                assert "held_in(" in condition or "account_id = actor_id()" in condition, (table, command, condition)


def test_application_role_reads_no_personal_value(owner: psycopg.Connection) -> None:
    """Not even with SQL of one's own choosing: the column is not granted."""
    columns = owner.execute(
        "select column_name from information_schema.role_column_grants where grantee = 'citybrain_app' "
        "and table_name = 'personal_field' and privilege_type = 'SELECT'"
    ).fetchall()
    assert {name for (name,) in columns} == {"data_set", "record_id", "field", "region_key"}


def test_application_role_owns_and_bypasses_nothing(owner: psycopg.Connection) -> None:
    """Least rights: no attribute, no ownership, no deletion, no changing of the log."""
    attributes = owner.execute(
        "select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication from pg_roles "
        "where rolname = 'citybrain_app'"
    ).fetchone()
    assert attributes == (False,) * 5
    owned = owner.execute("select count(*) from pg_class where relowner = 'citybrain_app'::regrole").fetchone()
    assert owned == (0,)
    granted = owner.execute(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = 'citybrain_app'"
    ).fetchall()
    ours = {(table, right) for table, right in granted if table in Base.metadata.tables}
    assert {right for _, right in ours} <= {"SELECT", "INSERT", "UPDATE"}
    assert {right for table, right in ours if table in {"incident_event", "audit_seal"}} == {"SELECT", "INSERT"}
    assert {right for table, right in ours if table == "audit"} == {"SELECT"}  # and columns of it to insert


def test_no_view_or_materialised_view_goes_round_the_policies(owner: psycopg.Connection) -> None:
    """A view reads as its owner unless told otherwise; a materialised one always does."""
    views = owner.execute(
        "select relname, relkind, coalesce(reloptions::text, '') from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') "
        "and relname not in ('geometry_columns', 'geography_columns')"
    ).fetchall()
    assert [name for name, kind, options in views if kind == "m" or "security_invoker=true" not in options] == []


def test_security_definer_functions_are_the_known_ones(owner: psycopg.Connection) -> None:
    """Each one runs with the owner's rights, so each one is looked at here and pins its search path."""
    rows = owner.execute(
        "select proname, proconfig::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace "
        "and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')"
    ).fetchall()
    assert {name for name, _ in rows} == {"refresh_statistics", "make_audit_months", "reveal"}
    assert all("search_path=public, pg_temp" in config for _, config in rows)


def test_migrated_schema_equals_the_declared_one(settings: Settings) -> None:
    """What Alembic built is what the tables say."""
    engine = create_engine(sqlalchemy_url(settings.owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        differences = [
            change for change in compare_metadata(context, Base.metadata) if "spatial_ref_sys" not in str(change)
        ]
    engine.dispose()
    assert differences == []


def test_second_upgrade_changes_nothing(settings: Settings, owner: psycopg.Connection) -> None:
    """Not one catalogue row is written again, and nothing that an installation changed is undone."""
    owner.execute("update tier set name_zh = '片区' where tier = 'grid'")
    fingerprint = (
        "select (select md5(string_agg(xmin::text, ',' order by oid)) from pg_class where relnamespace = "
        "'public'::regnamespace), (select md5(string_agg(xmin::text, ',' order by oid)) from pg_policy), "
        "(select md5(string_agg(xmin::text, ',' order by tier)) from tier), "
        "(select md5(string_agg(xmin::text, ',' order by code)) from category)"
    )
    before = owner.execute(fingerprint).fetchone()
    upgrade(settings.owner_url, None)
    assert owner.execute(fingerprint).fetchone() == before
    assert owner.execute("select name_zh from tier where tier = 'grid'").fetchone() == ("片区",)


@pytest.mark.parametrize(
    "attack",
    [
        "select pg_read_file('/etc/passwd')",
        "copy incident to '/tmp/x'",
        "set role citybrain_owner",
        "alter table incident disable row level security",
    ],
)
def test_application_role_cannot_leave_its_room(settings: Settings, attack: str) -> None:
    """Even with SQL of one's own choosing."""
    from data.engine import psycopg_conninfo

    with (
        psycopg.connect(psycopg_conninfo(settings.app_url)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(attack.encode())
