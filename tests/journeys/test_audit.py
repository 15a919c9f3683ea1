"""The audit log from the command line: proved, found false, pruned; and sealed by the worker."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import psycopg

from brain import tasks
from brain.context import Context
from data.notify import listen
from tests.command_line import CommandLine
from tests.journeys.test_command_line import IMPORT, write_city
from tests.serving import in_context


def work(context: Context) -> object:
    """The worker, until there is nothing left to do."""
    return tasks.work(context, until_empty=True)


def test_what_the_command_line_did_is_sealed_and_proved(
    command_line: CommandLine, owner: psycopg.Connection, tmp_path: Path
) -> None:
    """A planner's morning: borders in, accounts made, regions out. The worker seals it; a forger is found."""
    files = write_city(tmp_path)
    command_line.run("import", "regions", *files, *IMPORT, "--commit", "--note", "第一版")
    command_line.run("export", "regions", tmp_path / "out.gpkg")
    csv = tmp_path / "hotline.csv"
    csv.write_text("lon,lat,kind\n113.005,23.005,pothole\n200,100,nowhere\n")
    command_line.run(
        "import", "incidents", csv, "--lon", "lon", "--lat", "lat", "--crs", "EPSG:4326", "--map", "category=kind"
    )
    done = owner.execute("select action, reason, details, via, address like '%@%' from audit order by id").fetchall()
    assert [deed for deed, *_ in done] == ["publish_borders", "export_regions", "import_incidents"]
    assert done[0][1] == "第一版"
    assert (done[1][2]["rows"], done[1][2]["file"]) == (15, "out.gpkg")
    assert (done[2][2]["accepted"], done[2][2]["rejected"]) == (1, 1)
    assert {(via, has_user) for *_, via, has_user in done} == {("command_line", True)}

    in_context(command_line.settings, work)
    assert "1 seals over 3 records" in command_line.run("audit", "verify")
    assert "审计记录完好" in command_line.run("audit", "verify", language="zh_CN.UTF-8")
    heads = command_line.settings.home / "audit-heads.jsonl"
    assert len(heads.read_text().splitlines()) == 1
    assert "No audit records are over age" in command_line.run("audit", "prune")

    owner.execute("set session_replication_role = replica")
    owner.execute("update audit set reason = '第二版' where action = 'publish_borders'")
    said = command_line.run("audit", "verify", "--heads", heads, fails=True)
    assert "Seal 1" in said
    assert "does not fit its 3 records" in said
    assert "does not fit its seals" in command_line.run("audit", "prune", fails=True)


def test_the_worker_seals_while_it_runs(command_line: CommandLine, owner: psycopg.Connection) -> None:
    """Each second, beside its jobs, until it is stopped."""

    async def until_sealed(context: Context) -> None:
        async with asyncio.timeout(30), aclosing(listen(context.settings.app_url)) as told:
            await anext(told)
            working = asyncio.create_task(tasks.work(context))
            while await anext(told) != "audit_seal":
                pass
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    owner.execute("create trigger told after insert on audit_seal for each statement execute function wake_listeners()")
    owner.execute("insert into account (login, name, password_hash) values ('x', 'x', 'x')")
    in_context(command_line.settings, until_sealed)
    assert owner.execute("select rows from audit_seal").fetchall() == [(1,)]
