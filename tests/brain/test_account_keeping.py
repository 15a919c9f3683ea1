"""Keeping accounts: what an administrator may do to whom, above all not to themselves, and what stays written."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import InternalError, ProgrammingError

from brain import account_files, account_keeping, accounts, audit, invitations, sessions, viewing
from brain.account_rules import Gift
from brain.accounts import Card
from brain.actor import SYSTEM_ACTOR, Origin
from brain.context import Context
from data.engine import SYSTEM, scoped_transaction
from data.errors import BadInput, CityError, Forbidden, NotFound, Unauthenticated
from tests.clocks import by_the_clock
from tests.worlds import become, person

pytestmark = pytest.mark.anyio

WEST, EAST = "440101", "440102"
AT_THE_DOOR = Origin("session", "10.0.0.9")


async def refusal(work: Any) -> str:
    """The key of the fault that `work` ends with."""
    with pytest.raises(CityError) as refused:
        await work
    return refused.value.key


async def role_id(context: Context, account_id: int, role: str) -> int:
    """The id of a role that an account has now."""
    found = await account_keeping.account(context, SYSTEM_ACTOR, account_id)
    return next(int(one["id"]) for one in found.roles if one["role"] == role and not one["is_over"])


async def test_the_list_holds_those_of_ones_own_regions(city: Context) -> None:
    """By log-in name, page by page, found by any of their names; not the neighbour's, nor who is only above."""
    keeper = await person(city, "administrator", WEST)
    for login, code in (("wang", WEST), ("li", "440101001"), ("zhao", EAST)):
        await account_keeping.add(
            city, SYSTEM_ACTOR, Card(login, f"{login} 名", f"S-{login}", "综治中心"), [Gift("staff", code)]
        )
    whole = {"search": "", "after": "", "limit": 9}
    found, _ = await account_keeping.list_accounts(city, keeper, **whole)
    assert [one.login for one in found] == [f"administrator-{WEST}", "li", "wang"]
    assert [one.is_kept for one in found] == [False, True, True]
    first, following = await account_keeping.list_accounts(city, keeper, search="综治", after="", limit=1)
    assert ([one.login for one in first], following) == (["li"], "li")
    rest, following = await account_keeping.list_accounts(city, keeper, search="综治", after="li", limit=1)
    assert ([one.login for one in rest], following) == (["wang"], None)
    by_number, _ = await account_keeping.list_accounts(city, keeper, search="s-LI", after="", limit=9)
    assert [(one.staff_number, one.has_password, one.roles[0]["code"]) for one in by_number] == [
        ("S-li", False, "440101001")
    ]
    neighbour = next(
        one for one in (await account_keeping.list_accounts(city, SYSTEM_ACTOR, **whole))[0] if one.login == "zhao"
    )
    assert await refusal(account_keeping.account(city, keeper, neighbour.id)) == "account.no_such"
    with pytest.raises(Forbidden):
        await account_keeping.list_accounts(city, await person(city, "staff", WEST), **whole)


async def test_nobody_raises_themselves(city: Context) -> None:
    """Not by a role for themselves, nor by a peer of their own making, nor by another account's invitation."""
    keeper = await person(city, "administrator", WEST)
    peer = await person(city, "administrator", WEST, "440101001")
    own = keeper.account_id or 0
    assert await refusal(account_keeping.give_role(city, keeper, own, Gift("steward", WEST))) == "account.own"
    assert await refusal(account_keeping.end_role(city, keeper, own, 1)) == "account.own"
    assert await refusal(account_keeping.change(city, keeper, own, Card("", "x"))) == "account.own"
    assert await refusal(account_keeping.disable(city, keeper, own)) == "account.own"
    assert await refusal(account_keeping.invite(city, keeper, peer.account_id or 0)) == "account.not_wholly_yours"
    for asker, of in ((keeper, peer), (peer, keeper)):
        raised = account_keeping.give_role(city, asker, of.account_id or 0, Gift("steward", "440101001"))
        assert await refusal(raised) == "account.not_wholly_yours"
    puppet = account_keeping.add(city, keeper, Card("puppet", "x"), [Gift("administrator", WEST)])
    assert await refusal(puppet) == "account.peer"
    whole = await person(city, "administrator")
    second = account_keeping.add(city, whole, Card("puppet", "x"), [Gift("administrator", "")])
    assert await refusal(second) == "account.peer"
    below, _ = await account_keeping.add(city, keeper, Card("below", "x"), [Gift("administrator", "440101001")])
    given = account_keeping.give_role(city, await accounts.actor(city, below), own, Gift("steward", "440101001"))
    assert await refusal(given) == "account.no_such"
    watcher = account_keeping.give_role(city, keeper, below, Gift("auditor", "440101001"))
    assert await refusal(watcher) == "account.watcher"


async def test_who_is_also_elsewhere_is_kept_from_above(city: Context, owner: psycopg.Connection) -> None:
    """A part of somebody is given and taken; disabling, inviting and ending belong to who keeps them as a whole."""
    keeper = await person(city, "administrator", WEST)
    both, _ = await account_keeping.add(
        city, SYSTEM_ACTOR, Card("both", "x"), [Gift("staff", WEST), Gift("staff", EAST)]
    )
    for refused in (
        account_keeping.disable(city, keeper, both),
        account_keeping.invite(city, keeper, both),
        account_keeping.end_sessions(city, keeper, both),
        account_keeping.end_factor(city, keeper, both),
        account_keeping.change(city, keeper, both, Card("", "taken over")),
    ):
        assert await refusal(refused) == "account.not_wholly_yours"
    async with scoped_transaction(city.engine, keeper.scope) as connection:
        for account_id in (both, keeper.account_id):
            found = await connection.exec_driver_sql("update account set name = 'x!' where id = %s", (account_id,))
            assert found.rowcount == 0
        told = await connection.exec_driver_sql("select held_in('keep_accounts')::text")
        ((first, last),) = keeper.scope.of("keep_accounts")
        assert told.scalar_one() == f"{{[{first},{last + 1})}}"
        given = "insert into account_role (account_id, role, region_key) values (%s, 'steward', %s)"
        with pytest.raises(ProgrammingError, match="row-level security"):
            await connection.exec_driver_sql(given, (keeper.account_id, first))
    await account_keeping.give_role(city, keeper, both, Gift("dispatcher", "440101001"))
    await account_keeping.end_role(city, keeper, both, await role_id(city, both, "dispatcher"))
    become(owner, SYSTEM)
    held = owner.execute(
        "select role, valid_to is not null from account_role where account_id = %s order by id", [both]
    ).fetchall()
    assert held == [("staff", False), ("staff", False), ("dispatcher", True)]
    whole = await person(city, "administrator")
    await account_keeping.disable(city, whole, both)
    assert await refusal(account_keeping.disable(city, whole, both)) == "account.switched"
    await account_keeping.enable(city, whole, both)


async def test_roles_have_times_and_numbers_are_nobody_elses(city: Context) -> None:
    """A role of tomorrow is none today; a staff number is one person's."""
    keeper = await person(city, "administrator", WEST)
    tomorrow = city.clock() + timedelta(days=1)
    new, _ = await account_keeping.add(
        city, keeper, Card("new", "x", "S-1"), [Gift("staff", WEST, valid_from=tomorrow)]
    )
    assert (await accounts.actor(city, new)).roles == ()
    await account_keeping.give_role(city, keeper, new, Gift("dispatcher", WEST, valid_to=tomorrow))
    assert [role.role for role in (await accounts.actor(city, new)).roles] == ["dispatcher"]
    await account_keeping.end_role(city, keeper, new, await role_id(city, new, "staff"))
    late = Gift("staff", WEST, valid_from=tomorrow, valid_to=city.clock())
    assert await refusal(account_keeping.give_role(city, keeper, new, late)) == "account.no_time"
    assert await refusal(account_keeping.add(city, keeper, Card("other", "x", "S-1"), [])) == "account.taken"
    other, _ = await account_keeping.add(city, keeper, Card("other", "x", "S-2"), [Gift("staff", WEST)])
    taken = account_keeping.change(city, keeper, other, Card("", "x", "S-1"))
    assert await refusal(taken) == "account.staff_number_taken"
    await account_keeping.change(city, keeper, other, Card("", "y", "S-3", "o", "1"))
    assert (await account_keeping.account(city, keeper, other)).staff_number == "S-3"


async def test_an_invitation_counts_once_and_for_three_days(city: Context) -> None:
    """Then it says so; a newer one takes its place; the person's own password lets them in."""
    keeper = await person(city, "administrator", WEST)
    new, first = await account_keeping.add(city, keeper, Card("wang", "王芳"), [Gift("staff", WEST)])
    with pytest.raises(Unauthenticated):
        await accounts.sign_in(city, "wang", "")
    assert (await invitations.look(city, first)).name == "王芳"
    second = await account_keeping.invite(city, keeper, new)
    assert await refusal(invitations.look(city, first)) == "invitation.used"
    assert await refusal(invitations.look(city, "no such")) == "invitation.unknown"
    with pytest.raises(BadInput):
        await invitations.accept(city, second, "1234567890", AT_THE_DOOR)
    assert await invitations.accept(city, second, "rather long", AT_THE_DOOR) == "wang"
    assert await refusal(invitations.accept(city, second, "rather long", AT_THE_DOOR)) == "invitation.used"
    assert (await accounts.sign_in(city, "wang", "rather long")).may("see_incidents")


async def test_an_old_invitation_and_one_of_a_disabled_account(city: Context) -> None:
    """Neither opens anything."""
    later, clock = by_the_clock(city)
    new, token = await account_keeping.add(later, SYSTEM_ACTOR, Card("wang", "王芳"), [Gift("staff", WEST)])
    clock.forward(hours=72)
    assert await refusal(invitations.look(later, token)) == "invitation.expired"
    fresh = await account_keeping.invite(later, SYSTEM_ACTOR, new)
    await account_keeping.disable(later, SYSTEM_ACTOR, new)
    assert await refusal(invitations.accept(later, fresh, "rather long", AT_THE_DOOR)) == "invitation.used"
    assert await refusal(account_keeping.invite(later, SYSTEM_ACTOR, new)) == "account.switched"


HEADER = "login,name,staff_number,organisation,phone,role,region,from,to\n"


async def test_a_file_is_taken_in_as_a_whole_or_not_at_all(city: Context, tmp_path: Path) -> None:
    """Every fault with its line and field; without faults known numbers are changed, new people invited."""
    keeper = await person(city, "administrator", WEST)
    await account_keeping.add(city, keeper, Card("wang", "王", "S-1"), [Gift("staff", WEST)])
    await account_keeping.add(city, SYSTEM_ACTOR, Card("east", "东", "S-9"), [Gift("staff", EAST)])
    path = tmp_path / "people.csv"
    path.write_text(
        HEADER
        + f"li,李四,S-2,,,king,{WEST},,\n"
        + f"li,李四,S-2,,,staff,{EAST},,\n"
        + "zhao,,S-3,,,staff,440101001,,\n"
        + "wu,吴,S-4,,,staff,440101001,1.9.2026,\n"
        + f"stolen,x,S-9,,,staff,{WEST},,\n"
        + f"wang,x,S-7,,,staff,{WEST},,\n",
        "utf-8",
    )
    taken = await account_files.import_accounts(city, keeper, path, commit=True)
    assert [(fault.where.line, fault.where.field, fault.key) for fault in taken.faults] == [
        (2, "role", "account.unknown_role"),
        (3, "region", "account.beyond_scope"),
        (4, "name", "field.missing"),
        (5, "from", "account.no_day"),
        (6, None, "account.not_wholly_yours"),
        (7, "login", "account.login_taken"),
    ]
    with pytest.raises(NotFound):
        await accounts.set_password(city, "li", "rather long")
    for bad, key in ((b"a,b\n1,2\n", "file.no_field"), (b"\xff\xff\xff", "file.encoding"), (b"", "file.empty")):
        path.write_bytes(bad)
        assert await refusal(account_files.import_accounts(city, keeper, path, commit=True)) == key
    path.write_bytes(HEADER.encode() + b"l\0i,x,,,,staff,440101,,\n" + b"l" * 3000 + b",x,,,,staff,440101,,\n")
    faults = (await account_files.import_accounts(city, keeper, path, commit=True)).faults
    assert [(fault.key, fault.where.line, fault.where.field) for fault in faults] == [
        ("account.unwritable", 2, "login"),
        ("account.unwritable", 3, "login"),
    ]
    path.write_text(
        HEADER
        + f"li,李四,S-2,综治中心,13800000000,staff,{WEST},2026-01-01,2030-12-31\n"
        + "li,李四,S-2,综治中心,13800000000,dispatcher,440101001,,\n"
        + f"wang,王芳,S-1,,,staff,{WEST},,\n",
        "gb18030",
    )
    looked = await account_files.import_accounts(city, keeper, path, commit=False)
    assert (looked.added, looked.changed, looked.roles, looked.links) == (1, 1, 2, [])
    with pytest.raises(NotFound):
        await accounts.set_password(city, "li", "rather long")
    taken = await account_files.import_accounts(city, keeper, path, commit=True)
    assert (taken.faults, taken.added, taken.changed, taken.roles) == ([], 1, 1, 2)
    assert [link.login for link in taken.links] == ["li"]
    assert await invitations.accept(city, taken.links[0].token, "rather long", AT_THE_DOOR) == "li"
    found, _ = await account_keeping.list_accounts(city, keeper, search="王芳", after="", limit=9)
    assert [(one.login, len(one.roles)) for one in found] == [("wang", 1)]
    again = await account_files.import_accounts(city, keeper, path, commit=True)
    assert (again.added, again.changed, again.roles, again.links) == (0, 2, 0, [])


async def test_seen_as_another_nothing_is_more_and_nothing_is_written(city: Context, owner: psycopg.Connection) -> None:
    """No more than the other sees, nor outside one's own regions; a line at both ends; the database refuses to write."""
    keeper = await person(city, "administrator", WEST)
    other = await person(city, "staff", WEST)
    far = await person(city, "staff", EAST)
    token = await sessions.start(city, keeper.account_id or 0, address=None, user_agent=None)
    me = await sessions.actor(city, token)
    assert await refusal(viewing.begin(city, me, far.account_id or 0)) == "account.no_such"
    assert await refusal(viewing.begin(city, me, me.account_id or 0)) == "account.own"
    await viewing.begin(city, me, other.account_id or 0)
    seen = await sessions.actor(city, token)
    assert (seen.login, seen.viewer and seen.viewer.name) == (f"staff-{WEST}", f"administrator-{WEST}")
    assert set(seen.rights) == set(other.rights) - {"reveal_personal"}
    assert all(seen.scope.of(right) == other.scope.of(right) for right in seen.rights)
    with pytest.raises(InternalError, match="read-only"):
        async with scoped_transaction(city.engine, seen.scope) as connection:
            await audit.record(connection, "sign_in")
    become(owner, SYSTEM)
    owner.execute("insert into account_role (account_id, role) values (%s, 'commander')", [other.account_id])
    assert (await sessions.actor(city, token)).scope.of("see_incidents") == keeper.scope.of("view_as")
    await viewing.end(city, token, AT_THE_DOOR)
    assert (await sessions.actor(city, token)).login == f"administrator-{WEST}"
    told = owner.execute("select action, actor_name, object_id from audit where action ~ 'view' order by id").fetchall()
    assert told == [(action, f"administrator-{WEST}", str(other.account_id)) for action in ("begin_view", "end_view")]
