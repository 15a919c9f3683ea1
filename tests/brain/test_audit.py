"""The audit log: there exactly if the deed is, said of who did it, written once, and read by who may."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from brain import accounts, audit
from brain.actor import SYSTEM_ACTOR, Origin
from brain.alias_files import AliasFile, import_aliases
from brain.context import Context
from data.dictionaries.deeds import deeds
from data.engine import scoped_transaction
from data.errors import Unauthenticated
from tests.worlds import person, publish_small_city

pytestmark = pytest.mark.anyio

AT_A_DESK = Origin("session", "10.1.2.3")


def deeds_in(owner: psycopg.Connection, columns: str = "action") -> list[Any]:
    """What the log holds, oldest first."""
    rows = owner.execute(f"select {columns} from audit order by id".encode()).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


async def test_a_deed_that_is_rolled_back_leaves_no_record(city: Context, owner: psycopg.Connection) -> None:
    """Record and deed are one transaction."""
    before = deeds_in(owner)
    async with scoped_transaction(city.engine, SYSTEM_ACTOR.scope) as connection:
        await audit.record(connection, "sign_out")
        await connection.rollback()
    assert deeds_in(owner) == before
    async with scoped_transaction(city.engine, SYSTEM_ACTOR.scope) as connection:
        await audit.record(connection, "sign_out")
    assert deeds_in(owner) == [*before, "sign_out"]


async def test_who_and_from_where_is_said_without_being_handed_over(city: Context, owner: psycopg.Connection) -> None:
    """Name, roles, door and address come with the actor."""
    planner = (await person(city, "planner", "440101")).coming_from(AT_A_DESK)
    async with scoped_transaction(city.engine, planner.scope) as connection:
        await audit.record(connection, "export_regions", kind="scheme", object_id="main", reason="为了检查")
    assert deeds_in(owner, "actor_id, actor_name, roles, via, address, object_id, reason")[-1] == (
        planner.account_id, "planner-440101", "planner@440101", "session", "10.1.2.3", "main", "为了检查",
    )  # fmt: skip


async def test_a_deed_that_nobody_knows_is_a_mistake(city: Context) -> None:
    """The dictionary is the list."""
    async with scoped_transaction(city.engine, SYSTEM_ACTOR.scope) as connection:
        with pytest.raises(KeyError):
            await audit.record(connection, "conquer")


async def test_signing_in_and_failing_to_are_recorded(city: Context, owner: psycopg.Connection) -> None:
    """With the address; a name that nobody has may be a password and is not written down."""
    staff = await person(city, "staff")
    await accounts.sign_in(city, "staff-all", "long enough", origin=AT_A_DESK)
    for login, password in (("staff-all", "wrong one"), ("hunter2 hunter2", "x")):
        with pytest.raises(Unauthenticated):
            await accounts.sign_in(city, login, password, origin=AT_A_DESK)
    await accounts.sign_out(city, staff)
    account = str(staff.account_id)
    assert deeds_in(owner, "action, actor_name, object_id, address")[-4:-1] == [
        ("sign_in", "staff-all", account, "10.1.2.3"),
        ("fail_sign_in", "system", account, "10.1.2.3"),
        ("fail_sign_in", "system", None, "10.1.2.3"),
    ]
    assert deeds_in(owner, "action, actor_name")[-1] == ("sign_out", "staff-all")
    assert "hunter2" not in str(deeds_in(owner, "audit::text"))


async def test_what_is_done_to_an_account_is_recorded_by_its_table(city: Context, owner: psycopg.Connection) -> None:
    """With what was before and after, and never a secret."""
    await person(city, "staff", "440101")
    await accounts.set_password(city, "staff-440101", "another one")
    found = dict(deeds_in(owner, "action, details"))
    assert found["add_account"]["after"]["login"] == "staff-440101"
    assert found["give_role"]["after"]["role"] == "staff"
    assert found["set_password"] == {"concealed": ["password_hash"]}
    assert "argon2" not in str(deeds_in(owner, "audit::text"))
    regions = owner.execute("select r.code from audit a join region r on r.key = a.region_key").fetchall()
    assert regions == [("440101",)]


async def test_who_goes_round_the_product_is_recorded_too(city: Context, owner: psycopg.Connection) -> None:
    """The owner, with a statement of their own, under their own name; a column that nobody knows is a secret."""
    await person(city, "staff")
    owner.execute("alter table account add column second_factor text")
    owner.execute("update account set second_factor = 'JBSWY3DP', name = 'somebody else'")
    owner.execute("update account set name = name")
    *_, (action, name, via, details) = deeds_in(owner, "action, actor_name, via, details")
    assert (action, name, via) == ("change_account", "citybrain_owner", "database")
    assert details == {
        "before": {"name": "staff-all"}, "after": {"name": "somebody else"}, "concealed": ["second_factor"],
    }  # fmt: skip
    owner.execute("delete from account_role")
    assert deeds_in(owner, "action, details ->> 'after'")[-1] == ("change_role", None)


async def test_published_borders_and_imported_names_are_recorded(
    context: Context, owner: psycopg.Connection, tmp_path: Any
) -> None:
    """With the edition and how many regions changed."""
    await publish_small_city(context)
    file = tmp_path / "zones.csv"
    file.write_text("alias,code\nzone,440101\n")
    await import_aliases(context, SYSTEM_ACTOR, "main", AliasFile(file, "alias", "code"))
    published, imported = deeds_in(owner, "action, object_id, via, details")
    assert published == (
        "publish_borders", "main", "command_line", {"edition": 1, "added": 15, "changed": 0, "unchanged": 0, "ended": 0},
    )  # fmt: skip
    assert imported == ("import_aliases", "main", "command_line", {"file": "zones.csv", "rows": 1})


@pytest.mark.parametrize(
    "attack",
    [
        "update audit set reason = 'x'",
        "delete from audit",
        "truncate audit",
        "insert into audit (action, at) values ('sign_in', '2020-01-01')",
        "insert into audit (action, actor_name) values ('sign_in', 'somebody else')",
        "insert into audit (action, txid) values ('sign_in', '1')",
        "select * from audit_2026_11 union all select * from audit",
        "update audit_seal set rows = 0",
        "delete from audit_seal",
        "select drop_audit_months(now() + interval '1 year')",
    ],
)
async def test_the_application_can_only_add_in_its_own_name(
    city: Context, owner: psycopg.Connection, attack: str
) -> None:
    """Who, when and in which transaction is not the application's to say; nor is what was written its to change."""
    month = owner.execute("select to_char(now(), '\"audit_\"YYYY_MM')").fetchone()
    assert month is not None
    with pytest.raises(DBAPIError) as refused:
        async with scoped_transaction(city.engine, SYSTEM_ACTOR.scope) as connection:
            await connection.execute(text(attack.replace("audit_2026_11", month[0])))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("attack", ["update {} set reason = 'x'", "delete from {}", "truncate {}"])
@pytest.mark.parametrize("table", ["audit", "month"])
async def test_the_owner_cannot_change_a_line_by_mistake(
    city: Context, owner: psycopg.Connection, attack: str, table: str
) -> None:
    """Neither through the log nor through a month's table."""
    await person(city, "staff")
    month = owner.execute("select tableoid::regclass::text from audit limit 1").fetchone()
    assert month is not None
    named = month[0] if table == "month" else table
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute(attack.format(named).encode())


async def test_an_auditor_reads_where_they_may(city: Context, owner: psycopg.Connection) -> None:
    """What was done in a region by its auditor; what was done nowhere in particular by who may read everywhere."""
    district, whole, staff = [
        await person(city, "auditor", "440101"), await person(city, "auditor"), await person(city, "staff", "440102"),
    ]  # fmt: skip
    seen = {}
    for reader in (district, whole, staff):
        async with scoped_transaction(city.engine, reader.scope) as connection:
            seen[reader.login] = (await connection.execute(text("select count(*), count(region_key) from audit"))).one()
    total, in_regions = owner.execute("select count(*), count(region_key) from audit").fetchone() or (0, 0)
    assert seen["auditor-440101"] == (1, 1)
    assert seen["auditor-all"] == (total, in_regions)
    assert in_regions == 2
    assert seen["staff-440102"] == (0, 0)


def test_the_tables_say_only_deeds_that_are_known(owner: psycopg.Connection, settings: Any) -> None:
    """What triggers write is in the dictionary as well."""
    rows = owner.execute("select tgargs from pg_trigger where tgfoid = 'audit_account'::regproc").fetchall()
    said = {deed for (arguments,) in rows for deed in bytes(arguments).decode().split("\0")[:2]}
    assert said | {"set_password"} == {"add_account", "change_account", "set_password", "give_role", "change_role"}
    assert said <= set(deeds())
