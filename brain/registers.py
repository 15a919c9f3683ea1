"""A town's own registers brought in: said what a file would change, and written, all of it or nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.actor import Actor
from brain.context import Context
from brain.placements import CityIndex
from brain.register_files import CRS, PLACE, Entry, OpenRegister, RegisterFile
from brain.register_places import find_places
from brain.register_rows import retire, write
from data.dictionaries.registers import Register, registers
from data.dictionaries.rights import rights
from data.engine import scoped_transaction
from data.errors import BadInput, CityError, Language, Where, Words, message
from data.queries import query
from data.rejects import Refuse, rejects_file

__all__ = ["REGISTERS", "Outcome", "Plan", "RegisterFile", "bring", "known_registers"]

_IN_FORCE = query("registers", "in_force")
_NOTE_GROUND = query("registers", "note_ground")
_CODES = query("categories", "codes")

REGISTERS = tuple(registers())
"""The names of every register."""

LACKS = {CRS: "register.lacks.crs", PLACE: "register.lacks.place"}

COMPONENTS = "gbt47678.5-2026-components"
CHUNK = 5_000
MOST_FAULTS = 200
"""Faults that are given back one by one; all of them are in the rejects file."""

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file's columns are taken to mean, and what must still be said: fields, `place`, `crs`."""

    headings: list[str]
    mapping: dict[str, str]
    missing: list[str]


@dataclass(slots=True)
class Outcome:
    """What a file has changed, or would change: `fields` says how many records each field of is another.

    `vanished` are those in the asker's regions that the file has no more.
    """

    plan: Plan
    committed: bool = False
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    retired: bool = False
    rejected: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    faults: list[CityError] = field(default_factory=list)


def known_registers(actor: Actor) -> list[Register]:
    """Every register there is. Raises Forbidden for who may bring none."""
    actor.must_be_able_to("import_registers")
    return list(registers().values())


def missing_fault(file: RegisterFile, plan: Plan) -> BadInput:
    """The fault of a file of which not enough is said."""
    words = {name: Words(one.name_zh, one.name_en) for name, one in file.known.fields.items()}
    words |= {name: Words(message(key, "zh"), message(key, "en")) for name, key in LACKS.items()}
    lacking = [words[name] for name in plan.missing]
    said = Words("、".join(one.zh for one in lacking), ", ".join(one.en for one in lacking))
    return BadInput("register.missing", where=Where(file.path.name), missing=said)


async def bring(
    context: Context,
    actor: Actor,
    file: RegisterFile,
    *,
    commit: bool,
    retire_vanished: bool = False,
    rejects: Path | None = None,
    language: Language = "zh",
    progress: Progress = lambda rows: None,
) -> Outcome:
    """Takes a register in by its numbers, in one transaction; without `commit` the same, taken back at its end.

    What cannot be taken goes to `rejects` with line, field and reason, the rest is taken. Where something must still be
    said (`Plan.missing`) nothing is read, and with `commit` BadInput raised. Raises Forbidden, BadInput, TooLarge for a
    file that cannot be read at all. Cancelled, it leaves nothing.
    """
    actor.must_be_able_to("import_registers")
    opened = await asyncio.to_thread(file.opened)
    plan = Plan(opened.sheet.headings, opened.mapping, opened.missing)
    outcome = Outcome(plan)
    if plan.missing:
        if commit:
            raise missing_fault(file, plan)
        return outcome
    with _refusing(rejects, opened, language) as refuse:
        async with scoped_transaction(context.engine, actor.scope) as connection:
            index = await _kept_index(context, connection)
            await _take(context, connection, index, actor, opened, outcome, refuse, progress)
            await _look_for_vanished(connection, actor, opened, outcome, retire_vanished)
            if commit:
                await _record(connection, actor, opened, outcome)
                outcome.committed = True
            else:
                await connection.rollback()
    return outcome


@contextmanager
def _refusing(rejects: Path | None, opened: OpenRegister, language: Language) -> Iterator[Refuse]:
    if rejects is None:
        yield lambda line, cells, fault: None
        return
    if rejects.absolute() == opened.file.path.absolute():
        raise BadInput("import.rejects_is_input")
    with rejects_file(rejects, opened.sheet.headings, language) as refuse:
        yield refuse


async def _kept_index(context: Context, connection: AsyncConnection) -> CityIndex:
    """The index of the editions in force, which stay so until the transaction ends."""
    index = await context.placements.latest()
    if await context.placements.keep(connection, index):
        return index
    return await context.placements.current()


async def _take(
    context: Context,
    connection: AsyncConnection,
    index: CityIndex,
    actor: Actor,
    opened: OpenRegister,
    outcome: Outcome,
    refuse: Refuse,
    progress: Progress,
) -> None:
    secret = context.settings.derived("register digests")
    codes = set((await connection.execute(_CODES, {"taxonomy": COMPONENTS})).scalars())
    while entries := await asyncio.to_thread(opened.entries, CHUNK):
        if opened.register.asset == "component":
            _check_codes(opened, entries, codes)
        await find_places(connection, index, actor.scope, opened, entries)
        good = [entry for entry in entries if not entry.faults]
        changes = await write(connection, actor.scope, opened, good, secret)
        outcome.rows += len(entries)
        outcome.new += changes.new
        outcome.changed += changes.changed
        outcome.unchanged += changes.unchanged
        outcome.fields.update(changes.fields)
        for entry in entries:
            _tell(opened, entry, outcome, refuse)
        progress(outcome.rows)


def _check_codes(opened: OpenRegister, entries: list[Entry], codes: set[str]) -> None:
    for entry in entries:
        category = entry.values.get("category")
        if category is not None and category not in codes:
            where = Where(opened.file.path.name, entry.line, opened.mapping["category"])
            entry.faults.append(BadInput("category.unknown", where=where, category=category, taxonomy=COMPONENTS))


def _tell(opened: OpenRegister, entry: Entry, outcome: Outcome, refuse: Refuse) -> None:
    if not entry.faults:
        return
    outcome.rejected += 1
    for fault in entry.faults:
        said = fault.at(Where(opened.file.path.name, entry.line))
        refuse(entry.line, entry.cells, said)
        if len(outcome.faults) < MOST_FAULTS:
            outcome.faults.append(said)


async def _look_for_vanished(
    connection: AsyncConnection, actor: Actor, opened: OpenRegister, outcome: Outcome, retire_them: bool
) -> None:
    """Counts the entries that the file does not name, in regions where the asker may retire them; retires them."""
    seen_by = opened.register.may_be_seen_by
    gone = [
        (row.source_key, row.record_id)
        for row in await connection.execute(_IN_FORCE, {"register": opened.register.register})
        if row.source_key not in opened.lines_by_key and (seen_by is None or actor.scope.holds(seen_by, row.region_key))
    ]
    outcome.vanished, outcome.retired = len(gone), retire_them
    if gone and retire_them:
        await retire(connection, opened.register, gone)


async def _record(connection: AsyncConnection, actor: Actor, opened: OpenRegister, outcome: Outcome) -> None:
    """In the audit log, under the region of who imports where that is one: so its auditor finds it."""
    if opened.register.table in ("building", "compound"):
        await connection.execute(_NOTE_GROUND)
    await audit.record(
        connection,
        "import_register",
        kind="register",
        object_id=opened.register.register,
        region_key=_region_of(actor),
        details={
            "file": opened.file.path.name,
            "new": outcome.new,
            "changed": outcome.changed,
            "unchanged": outcome.unchanged,
            "vanished": outcome.vanished,
            "retired": outcome.retired,
            "rejected": outcome.rejected,
        },
    )


def _region_of(actor: Actor) -> int | None:
    regions = {role.key for role in actor.roles if role.role in rights()["import_registers"].roles}
    return regions.pop() if len(regions) == 1 else None
