"""Rows of a register as records: what is new, what has changed since the file last said it, and writing both."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.masking import masked
from brain.register_files import Entry, OpenRegister
from brain.register_places import faults_within, point_of
from brain.register_values import street_and_number
from data.copying import add_rows, add_unknown, change_rows, numbers, put_rows
from data.dictionaries.registers import Register
from data.engine import Scope
from data.errors import Conflict
from data.queries import query

_ENTRIES = query("registers", "entries")
_MOVE_PERSONAL = query("registers", "move_personal")
_MOVE_CLOSED = query("registers", "move_closed")

ENTRY = ("register", "source_key", "record_id", "region_key", "digests")
FIELD = ("data_set", "record_id", "field", "region_key", "value")
FIELD_KEYS = ("data_set", "record_id", "field")

DEFAULTS: dict[str, dict[str, Any]] = {
    "building": {"staircases": 1},
    "enterprise": {"trade": "", "status": "存续"},
}
"""What is written of a new record where the file does not say."""

OWN_NUMBER = {"asset": "identifier", "department": "code"}
"""Tables that know the town's number themselves: what is there under it already is nobody else's to add."""

PLACE = "place"
"""The name under which it is told that a record lies elsewhere, or belongs to something else."""

POINT = {"building": "entrance", "enterprise": "geom", "asset": "geom"}
DIGEST_BYTES = 8


@dataclass(slots=True)
class Changes:
    """What the rows of a file come to: how many are new, changed (and in which fields), as before."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fields: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Change:
    """A record that is to change, and what of it: fields, and whether it lies or belongs elsewhere."""

    entry: Entry
    record_id: int
    moved: bool
    fields: frozenset[str]
    digests: dict[str, str]
    returns: bool


async def write(
    connection: AsyncConnection, scope: Scope, file: OpenRegister, entries: list[Entry], secret: str
) -> Changes:
    """Adds the records that are new and changes those of which the file says something else than it last did.

    Of a known record only what the file itself has changed is written, so what was corrected here meanwhile stays. Rows
    whose number belongs to a record elsewhere get a fault.
    """
    register = file.register
    keys = [entry.key for entry in entries]
    known = {
        row.source_key: row for row in await connection.execute(_ENTRIES, {"register": register.register, "keys": keys})
    }
    changes = Changes()
    new = [entry for entry in entries if entry.key not in known]
    changes.new = await _add(connection, register, new, secret)
    changing: list[_Change] = []
    for entry in entries:
        row = known.get(entry.key)
        if row is None:
            continue
        entry.faults += faults_within(file, entry, scope, row.region_key)
        if entry.faults:
            continue
        said = _digests(register, entry, secret)
        kept = {name: digest for name, digest in row.digests.items() if name not in file.mapping and name != PLACE}
        digests = kept | said
        fields = frozenset(
            name for name in digests.keys() | row.digests.keys() if digests.get(name) != row.digests.get(name)
        )
        moved = PLACE in fields or row.region_key != entry.region_key
        if fields or moved or row.is_retired:
            changes.fields.update((fields | {PLACE}) if moved else fields)
            changing.append(_Change(entry, row.record_id, moved, fields - {PLACE}, digests, row.is_retired))
        else:
            changes.unchanged += 1
    changes.changed = len(changing)
    await _change(connection, register, changing)
    return changes


async def retire(connection: AsyncConnection, register: Register, gone: Sequence[tuple[str, int]]) -> None:
    """Marks records and their entries, given by number and record, as those that the register has no more."""
    now = datetime.now(UTC)
    await change_rows(connection, register.table, ("id", "retired_at"), [(record, now) for _, record in gone])
    rows = [(register.register, key, now) for key, _ in gone]
    await change_rows(
        connection, "register_entry", ("register", "source_key", "retired_at"), rows, keys=("register", "source_key")
    )


async def _add(connection: AsyncConnection, register: Register, new: list[Entry], secret: str) -> int:
    if not new:
        return 0
    ids = await numbers(connection, register.table, len(new))
    numbered = dict(zip(ids, new, strict=True))
    columns = ("id", *_columns(register, new[0]))

    def records(of: Iterable[int]) -> Iterable[tuple[Any, ...]]:
        return ((number, *_columns(register, numbered[number]).values()) for number in of)

    if register.table in OWN_NUMBER:
        added = await add_unknown(connection, register.table, columns, records(ids), "id")
        await add_unknown(
            connection, "register_entry", ENTRY, _entries(register, numbered, sorted(added), secret), "record_id"
        )
    else:
        rows = _entries(register, numbered, ids, secret)
        added = await add_unknown(connection, "register_entry", ENTRY, rows, "record_id")
        await add_unknown(connection, register.table, columns, records(sorted(added)), "id")
    for number in set(ids) - added:
        numbered[number].faults.append(Conflict("register.known_elsewhere"))
    brought = [(number, numbered[number], _said(numbered[number])) for number in sorted(added)]
    for table, rows in _fields(register, brought):
        await add_rows(connection, table, FIELD, rows)
    return len(added)


def _entries(
    register: Register, numbered: dict[int, Entry], ids: Sequence[int], secret: str
) -> Iterable[tuple[Any, ...]]:
    for number in ids:
        entry = numbered[number]
        yield register.register, entry.key, number, entry.region_key, Jsonb(_digests(register, entry, secret))


async def _change(connection: AsyncConnection, register: Register, changing: list[_Change]) -> None:
    """Writes the changed columns, all records of the same ones at once."""
    if not changing:
        return
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for one in changing:
        own = {name: register.fields[name].column for name in one.fields if name in register.fields}
        wanted = {column for name, column in own.items() if column and name != "key"}
        whole = _columns(register, one.entry)
        if one.moved:
            wanted |= _place_columns(register)
        values = {column: value for column, value in whole.items() if column in wanted}
        if one.returns:
            values["retired_at"] = None
        if values:
            by_columns.setdefault(("id", *values), []).append((one.record_id, *values.values()))
    for columns, rows in by_columns.items():
        await change_rows(connection, register.table, columns, rows)
    moved = [one for one in changing if one.moved]
    if register.data_set and moved:
        bound = {
            "data_set": register.data_set,
            "ids": [one.record_id for one in moved],
            "keys": [one.entry.region_key for one in moved],
        }
        await connection.execute(_MOVE_PERSONAL, bound)
        await connection.execute(_MOVE_CLOSED, bound)
    for table, fields in _fields(register, [(one.record_id, one.entry, one.fields) for one in changing]):
        await put_rows(connection, table, FIELD, fields, keys=FIELD_KEYS)
    rows = [(register.register, one.entry.key, one.entry.region_key, Jsonb(one.digests), None) for one in changing]
    columns = ("register", "source_key", "region_key", "digests", "retired_at")
    await change_rows(connection, "register_entry", columns, rows, keys=("register", "source_key"))


def _said(entry: Entry) -> frozenset[str]:
    """The fields that a row says anything of."""
    return frozenset(name for name, value in entry.values.items() if value is not None)


def _fields(
    register: Register, brought: Sequence[tuple[int, Entry, frozenset[str]]]
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Rows of closed and of personal fields, the latter in full; one that the file has emptied is empty."""
    for kind, table in (("closed", "closed_field"), ("personal", "personal_field")):
        rows = [
            (register.data_set, record, name, entry.region_key, "" if value is None else str(value))
            for record, entry, fields in brought
            for name, value in entry.values.items()
            if name in fields and register.fields[name].kind == kind
        ]
        if rows:
            yield table, rows


def _columns(register: Register, entry: Entry) -> dict[str, Any]:
    """Every column of a row's record; personal values masked."""
    columns: dict[str, Any] = {"region_key": entry.region_key}
    if register.asset:
        columns["kind"] = register.asset
    for name, known in register.fields.items():
        value = entry.values.get(name)
        if known.column:
            columns[known.column] = masked(name, value) if known.kind == "personal" and value else value
    for column, value in DEFAULTS.get(register.table, {}).items():
        if columns[column] is None:
            columns[column] = value
    if register.table == "building":
        columns["street"], columns["house_number"] = street_and_number(entry.values["address"])
    if register.table in POINT:
        columns[POINT[register.table]] = point_of(entry)
    return columns | {name: entry.columns.get(name) for name in _belongings(register)}


def _place_columns(register: Register) -> set[str]:
    """The columns that say where a record lies and what it belongs to."""
    places = {"region_key", *_belongings(register)}
    if register.table in POINT:
        places.add(POINT[register.table])
    return places | ({"street", "house_number"} if register.table == "building" else set())


def _belongings(register: Register) -> tuple[str, ...]:
    return {
        "building": ("compound_id", "geom"),
        "compound": ("geom",),
        "household": ("building_id",),
        "person": ("household_id",),
        "enterprise": ("building_id",),
        "unit": ("building_id",),
    }.get(register.table, ())


def _digests(register: Register, entry: Entry, secret: str) -> dict[str, str]:
    """A digest of each field the row says, of no use without the secret, and different for equal values of two rows."""
    said = {
        name: str(value)
        for name, value in entry.values.items()
        if value is not None and name != "key" and not register.fields[name].is_place
    }
    said[PLACE] = repr(
        sorted((*entry.columns.items(), ("lon", entry.lon), ("lat", entry.lat), ("address", _address(entry))))
    )
    return {
        name: hashlib.blake2b(
            f"{register.register}\0{entry.key}\0{name}\0{value}".encode(),
            key=bytes.fromhex(secret),
            digest_size=DIGEST_BYTES,
        ).hexdigest()
        for name, value in said.items()
    }


def _address(entry: Entry) -> str | None:
    address: str | None = entry.values.get("address")
    return address
