"""Alias files: other names and codes of regions, such as development zones that have no code of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from brain import audit
from brain.actor import Actor
from brain.context import Context
from data.csv_files import CsvFile
from data.engine import scoped_transaction
from data.errors import BadInput, Where
from data.queries import query

_ADD = query("regions", "add_alias")


@dataclass(frozen=True, slots=True)
class AliasFile:
    """A CSV file with an alias and a region's code in each row; an alias may stand for several regions."""

    path: Path
    alias: str
    code: str
    note: str | None = None
    encoding: str | None = None


async def import_aliases(context: Context, actor: Actor, scheme: str, spec: AliasFile) -> int:
    """Takes all rows in or none; how many. Raises Forbidden; BadInput naming line and field."""
    actor.must_be_able_to("publish_borders")
    file = CsvFile(spec.path, encoding=spec.encoding)
    file.must_have(spec.alias, spec.code, *([spec.note] if spec.note else []))
    count = 0
    async with scoped_transaction(context.engine, actor.scope) as connection:
        for row in file.rows():
            if row.fault is not None:
                raise row.fault
            alias, code = row.values[spec.alias].strip(), row.values[spec.code].strip()
            if not alias:
                raise BadInput("field.missing", where=Where(str(spec.path), row.line, spec.alias))
            note = row.values[spec.note].strip() if spec.note else ""
            bound = {"scheme": scheme, "alias": alias, "code": code, "note": note}
            if (await connection.execute(_ADD, bound)).first() is None:
                where = Where(str(spec.path), row.line, spec.code)
                raise BadInput("region.unknown", where=where, scheme=scheme, code=code)
            count += 1
        details = {"file": spec.path.name, "rows": count}
        await audit.record(connection, "import_aliases", kind="scheme", object_id=scheme, details=details)
    return count
