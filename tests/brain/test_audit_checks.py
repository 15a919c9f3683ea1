"""The chain over the audit log: whatever is changed in it afterwards is found, the owner's own hand included."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from brain import audit, seals
from brain.actor import SYSTEM_ACTOR
from brain.audit_checks import Verdict, verify
from brain.audit_months import make_months, prune
from brain.context import Context, open_context
from brain.seals import FIRST, Lines, heads_files, seal
from brain.settings import Settings
from brain.tasks import work
from data.engine import psycopg_conninfo, scoped_transaction
from data.errors import Conflict, Unready
from data.migrate import upgrade
from data.queries import query
from tests.sealing import seal_all

pytestmark = pytest.mark.anyio

LINES = """
select json_build_array(
    id, (extract(epoch from at) * 1000000)::bigint, actor_id, actor_name, roles, action, object_kind, object_id,
    region_key, reason, address, via, details, txid::text)::text
from audit where txid >= %s::text::xid8 and txid < %s::text::xid8 order by audit.txid, id
"""


async def do(context: Context, *objects: str) -> None:
    """Deeds, each in a transaction of its own."""
    for one in objects:
        async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
            await audit.record(connection, "export_regions", kind="scheme", object_id=one)


@pytest.fixture
async def sealed(context: Context) -> Context:
    """An installation with three seals of two deeds each."""
    for pair in (("a", "b"), ("c", "d"), ("e", "f")):
        await do(context, *pair)
        assert await seal_all(context) == 2
    return context


@pytest.fixture
def forger(owner: psycopg.Connection) -> psycopg.Connection:
    """The owner, who has put the triggers out of force."""
    owner.execute("set session_replication_role = replica")
    return owner


async def keys(context: Context, heads: Path | None = None) -> list[str]:
    """What is found not to fit."""
    return [fault.key for fault in (await verify(context, heads or heads_files(context)[0])).faults]


async def test_what_was_written_fits(sealed: Context) -> None:
    """All of it counted; what is not sealed yet is no fault for a minute."""
    await do(sealed, "g")
    found = await verify(sealed, heads_files(sealed)[0])
    assert found == Verdict(seals=3, rows=6, unsealed=1)
    assert await seal_all(sealed) == 1
    assert await seal(sealed) == 0


async def test_it_is_read_a_page_at_a_time(sealed: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of a page, the answer is the same."""
    whole = await verify(sealed, heads_files(sealed)[0])
    monkeypatch.setattr(seals, "AT_ONCE", 1)
    await do(sealed, "g", "h")
    assert await seal_all(sealed) == 2
    found = await verify(sealed, heads_files(sealed)[0])
    assert (found.rows, found.faults) == (whole.rows + 2, [])


@pytest.mark.parametrize(
    ("forgery", "said", "which"),
    [
        ("update audit set object_id = 'x' where object_id = 'c'", "audit.seal_changed", 2),
        ("update audit set actor_name = 'x' where object_id = 'f'", "audit.seal_changed", 3),
        ("update audit set at = at - interval '1 second' where object_id = 'a'", "audit.seal_changed", 1),
        ("delete from audit where object_id = 'd'", "audit.seal_rows", 2),
        (
            "insert into audit (at, txid, action) overriding system value "
            "select at, txid, 'sign_in' from audit where object_id = 'a'",
            "audit.seal_rows",
            1,
        ),
        ("insert into audit (txid, action) values ('4', 'sign_in')", "audit.seal_rows", 1),
        ("update audit_seal set rows = 3 where seq = 2", "audit.seal_rows", 2),
        ("update audit_seal set digest = repeat('0', 64) where seq = 3", "audit.seal_changed", 3),
        ("delete from audit_seal where seq = 2", "audit.seal_gap", 2),
        ("delete from audit_seal where seq = 3", "audit.seal_gone", 3),
    ],
)
async def test_a_forgery_is_found_and_named(
    sealed: Context, forger: psycopg.Connection, forgery: str, said: str, which: int
) -> None:
    """By the first seal that does not fit."""
    forger.execute(forgery)  # type: ignore[arg-type]
    first = (await verify(sealed, heads_files(sealed)[0])).faults[0]
    assert (first.key, first.values["seq"]) == (said, which)


async def test_a_month_taken_away_is_found(sealed: Context, forger: psycopg.Connection) -> None:
    """With all its deeds, and an empty one in its place."""
    forger.execute(f"drop table audit_{datetime.now(UTC):%Y_%m}".encode())
    assert await keys(sealed) == ["audit.seal_rows"]
    await make_months(sealed)
    assert await keys(sealed) == ["audit.seal_rows"]


async def test_a_row_put_into_a_month_long_past_is_found(sealed: Context, forger: psycopg.Connection) -> None:
    """Though no seal of that month is there to miss it."""
    forger.execute("create table audit_2020_01 partition of audit for values from ('2020-01-01') to ('2020-02-01')")
    forger.execute(
        "insert into audit (at, txid, action) select '2020-01-05', txid, 'sign_in' from audit where object_id = 'c'"
    )
    found = (await verify(sealed, heads_files(sealed)[0])).faults
    assert [(fault.key, fault.values["seq"], fault.values["found"]) for fault in found] == [("audit.seal_rows", 2, 1)]


async def test_a_page_is_read_along_the_index(sealed: Context) -> None:
    """Whatever old statistics say of a log that has grown: nothing is sorted, or half a million deeds take minutes."""
    bound = {"after_txid": 0, "after_id": 0, "txid_to": 2**40, "limit": 10}
    async with scoped_transaction(sealed.engine, SYSTEM_ACTOR.scope) as connection:
        await connection.execute(query("audit", "sort_nothing"))
        plan = (await connection.execute(text(f"explain {query('audit', 'lines').text}"), bound)).scalars().all()
    assert [line for line in plan if "Sort  (" in line or "Seq Scan" in line] == []
    assert any("txid_id_idx" in line for line in plan)


async def test_a_chain_written_anew_is_found_by_the_heads(sealed: Context, forger: psycopg.Connection) -> None:
    """Whoever owns the database can make a chain that fits itself, not one that fits what was told outside."""
    kept = sealed.settings.home / "kept.jsonl"
    shutil.copy(heads_files(sealed)[0], kept)
    forger.execute("update audit set object_id = 'x' where object_id = 'c'")
    await rewrite(forger)
    assert [(f.key, f.values["seq"]) for f in (await verify(sealed, kept)).faults] == [("audit.head_differs", 2)]
    heads_files(sealed)[0].unlink()
    await seal_all(sealed)
    assert await keys(sealed) == []
    assert await keys(sealed, kept) == ["audit.head_differs"]


async def rewrite(forger: psycopg.Connection) -> None:
    """Seals everything anew, as somebody could who knows the product."""
    before = FIRST
    for seq, start, end, at, month in forger.execute(
        "select seq, txid_from, txid_to, at, month from audit_seal order by seq"
    ).fetchall():
        lines = Lines()
        for (line,) in forger.execute(LINES, (start, end)).fetchall():
            lines.add(line)
        before = lines.sealed(before, month, start, end, at)
        forger.execute("update audit_seal set digest = %s where seq = %s", (before.digest, seq))


async def test_missing_heads_are_named(sealed: Context) -> None:
    """A line taken out, and a file that never was."""
    path = heads_files(sealed)[0]
    first, _, third = path.read_text().splitlines(keepends=True)
    path.write_text(first + third)
    assert await keys(sealed) == ["audit.head_missing"]
    with pytest.raises(FileNotFoundError):
        await verify(sealed, sealed.settings.home / "nowhere")


async def test_heads_are_told_in_a_second_place(sealed: Context, city_settings: Settings) -> None:
    """From the first seal on, whenever the place was named."""
    second = sealed.settings.home / "elsewhere" / "heads.jsonl"
    settings = sealed.settings.model_copy(update={"audit_heads": second})
    async with open_context(settings) as context:
        await do(context, "g")
        await seal_all(context)
    assert second.read_bytes() == heads_files(sealed)[0].read_bytes()
    assert await keys(sealed, second) == []


async def test_a_place_that_cannot_be_written_keeps_no_other_from_its_heads(sealed: Context) -> None:
    """It is said; the heads in the other place are there, and its own are made good later."""
    second = sealed.settings.home / "second.jsonl"
    heads_files(sealed)[0].rename(second)
    heads_files(sealed)[0].mkdir()
    async with open_context(sealed.settings.model_copy(update={"audit_heads": second})) as context:
        await do(context, "g")
        with pytest.raises(IsADirectoryError):
            await seal(context)
        assert await keys(context, second) == []
        heads_files(sealed)[0].rmdir()
        await seal(context)
        assert await keys(context) == []


async def test_what_commits_late_is_sealed_late_and_not_lost(context: Context, settings: Settings) -> None:
    """A transaction that is still open holds back what came after it, and nobody who writes waits."""
    slow = await psycopg.AsyncConnection.connect(psycopg_conninfo(settings.app_url))
    async with slow:
        await slow.execute("insert into audit (action) values ('sign_in')")
        await do(context, "a", "b")
        assert await seal(context) == 0
        await slow.commit()
    assert await seal_all(context) == 3
    assert await keys(context) == []


async def test_two_who_seal_make_one_chain(sealed: Context) -> None:
    """The second leaves it to the first."""
    await do(sealed, "g")
    async with scoped_transaction(sealed.engine, SYSTEM_ACTOR.scope) as connection:
        await connection.exec_driver_sql("select pg_advisory_xact_lock(hashtext('citybrain audit seal'))")
        assert await seal(sealed) == 0
    assert await seal_all(sealed) == 1


async def test_deeds_that_nobody_seals_are_a_fault_after_a_minute(sealed: Context, forger: psycopg.Connection) -> None:
    """Whether the worker does not run or somebody stops it."""
    await do(sealed, "g")
    assert await keys(sealed) == []
    forger.execute("update audit set at = at - interval '2 minutes' where object_id = 'g'")
    assert await keys(sealed) == ["audit.unsealed"]


async def test_a_database_restored_into_a_young_cluster_is_not_sealed_wrongly(
    sealed: Context, forger: psycopg.Connection
) -> None:
    """Its transaction ids begin anew below the sealed ones: said, not guessed."""
    forger.execute("update audit_seal set txid_to = txid_to + 1000000 where seq = 3")
    with pytest.raises(Unready) as refused:
        await seal_all(sealed)
    assert refused.value.key == "audit.restored"


async def grown_old(context: Context, forger: psycopg.Connection, month: date) -> None:
    """Deeds of a month long ago, sealed in their day: before anything else."""
    name = f"audit_{month:%Y_%m}"
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    forger.execute(f"create table {name} partition of audit for values from ('{month}') to ('{after}')".encode())
    forger.execute("insert into audit (at, action) values (%s, 'sign_in'), (%s, 'sign_out')", (month, month))
    assert await seal_all(context) == 2


async def test_months_are_made_ahead_by_every_upgrade_and_by_the_worker(
    context: Context, forger: psycopg.Connection
) -> None:
    """An installation that was switched off for long lets people in on the day it is switched on."""
    question = "select inhrelid::regclass::text from pg_inherits where inhparent = 'audit'::regclass order by 1"
    made = forger.execute(question).fetchall()
    assert len(made) == 4
    for upgrading in (True, False):
        for (name,) in made:
            forger.execute(f"drop table {name}".encode())
        if upgrading:
            upgrade(context.settings.owner_url, None)
        else:
            await work(context, until_empty=True)
        assert forger.execute(question).fetchall() == made
        await do(context, "a")


async def test_months_over_age_are_dropped_and_that_is_recorded(context: Context, forger: psycopg.Connection) -> None:
    """The chain fits afterwards, and says which months are gone; a month within its time stays."""
    now = datetime.now(UTC)
    last_kept = date(now.year - 3, now.month, 1)
    await grown_old(context, forger, date(now.year - 4, 3, 1))
    await grown_old(context, forger, last_kept)
    await do(context, "a")
    assert await prune(context) == {f"{now.year - 4}-03-01": 2}
    assert await prune(context) == {}
    found = await verify(context, heads_files(context)[0])
    assert (found.faults, found.pruned, found.seals) == ([], {date(now.year - 4, 3, 1)}, 4)
    recorded = forger.execute("select via, details from audit where action = 'prune_audit'").fetchall()
    assert recorded == [("command_line", {"months": [{"month": f"{now.year - 4}-03-01", "rows": 2}]})]


async def test_a_month_dropped_by_hand_is_found(context: Context, forger: psycopg.Connection) -> None:
    """Also when a record of pruning is made up for a month that was too young."""
    await grown_old(context, forger, date(2021, 3, 1))
    await do(context, "a")
    await seal_all(context)
    forger.execute("drop table audit_2021_03")
    assert await keys(context) == ["audit.seal_rows"]
    with pytest.raises(Conflict) as refused:
        await prune(context)
    assert refused.value.key == "audit.not_pruned"
    young = datetime.now(UTC).date().replace(day=1)
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        await audit.record(connection, "prune_audit", details={"months": [{"month": str(young)}]})
    await seal_all(context)
    assert (await verify(context, heads_files(context)[0])).pruned == set()
