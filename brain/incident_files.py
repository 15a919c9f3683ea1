"""Incident files: a CSV from another system taken in, resumable, its bad rows kept beside it with their reasons."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from brain import audit
from brain.actor import Actor
from brain.batches import CHUNK, Tally
from brain.context import Context
from brain.intake import Outcome, report_chunks
from brain.report_checks import Given
from brain.reports import IncidentReport, read_report
from data.csv_files import CsvFile, CsvRow
from data.engine import scoped_transaction
from data.errors import BadInput, CityError, Language, Where
from data.queries import query
from data.rejects import rejects_file
from layers.crs import axes_look_swapped, parse_crs, to_wgs84

MAPPABLE = ("category", "title", "description", "occurred_at", "reported_at", "closed_at", "place")
"""Fields of a report that `mapping` may fill from columns; several columns are joined with `+`."""

SAMPLE = 1_000

_REFRESH_STATISTICS = query("regions", "refresh_statistics")

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """A CSV file and what its columns mean.

    Without `id_field` a report's id is made of its row's content, and of its place among equal rows: the same row
    again is the same report, wherever in whichever file it stands.
    """

    path: Path
    source: str
    lon: str
    lat: str
    crs: str
    taxonomy: str
    id_field: str | None = None
    category: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    time_format: str | None = None
    time_zone: str = "Asia/Shanghai"
    encoding: str | None = None
    axes_confirmed: bool = False

    def opened(self) -> CsvFile:
        """The file, its columns checked. Raises BadInput."""
        for target in self.mapping:
            if target not in MAPPABLE:
                raise BadInput("import.unknown_target", target=target, targets=", ".join(MAPPABLE))
        if "category" not in self.mapping and self.category is None:
            raise BadInput("import.no_category", where=Where(str(self.path)))
        parse_crs(self.crs)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadInput("time.zone_unknown", zone=self.time_zone) from None
        file = CsvFile(self.path, encoding=self.encoding)
        columns = [column for joined in self.mapping.values() for column in joined.split("+")]
        file.must_have(self.lon, self.lat, *columns, *self.keep, *([self.id_field] if self.id_field else []))
        return file

    def with_axes_exchanged(self) -> IncidentFile:
        """The same file, read with longitude and latitude in each other's column."""
        return replace(self, lon=self.lat, lat=self.lon)

    def with_axes_confirmed(self) -> IncidentFile:
        """The same file, its axes taken as they are."""
        return replace(self, axes_confirmed=True)

    def report_of(self, row: CsvRow, equal_before: int) -> IncidentReport:
        """One row as a report; `equal_before` rows like it came earlier. Raises BadInput with line and column."""
        if row.fault is not None:
            raise row.fault
        where = Where(str(self.path), row.line)
        values = row.values
        mapped = {
            target: " ".join(values[column] for column in joined.split("+")).strip()
            for target, joined in self.mapping.items()
        }
        fields: dict[str, object] = {
            "source": self.source,
            "source_id": values[self.id_field] if self.id_field else f"{digest(row)}-{equal_before}",
            "taxonomy": self.taxonomy,
            "x": _number(values[self.lon], Where(where.file, where.line, self.lon)),
            "y": _number(values[self.lat], Where(where.file, where.line, self.lat)),
            "crs": self.crs,
            "axes_confirmed": self.axes_confirmed,
            "attributes": {name: values[name] for name in self.keep} or None,
        }
        if self.category is not None:
            fields["category"] = self.category
        for target, text in mapped.items():
            if target.endswith("_at"):
                fields[target] = self._moment(text, Where(where.file, where.line, self.mapping[target]))
            elif text:
                fields[target] = text
        return read_report(fields, where)

    def in_its_words(self, fault: CityError) -> CityError:
        """The same fault, its field named as the file's column."""
        columns = {**self.mapping, "x": self.lon, "y": self.lat, "source_id": self.id_field}
        field = columns.get(fault.where.field or "") or fault.where.field
        where = replace(fault.where, field=None if field == "axes_confirmed" else field)
        causes = tuple(self.in_its_words(cause) for cause in fault.causes)
        return type(fault)(fault.key, where=where, causes=causes, **fault.values)

    def _moment(self, text: str, where: Where) -> datetime | None:
        if not text:
            return None
        try:
            moment = (
                datetime.strptime(text, self.time_format)  # noqa: DTZ007 the zone follows
                if self.time_format
                else datetime.fromisoformat(text)
            )
        except ValueError:
            raise BadInput("time.malformed", where=where, given=text, format=self.time_format or "ISO 8601") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.time_zone))


async def look_swapped(context: Context, actor: Actor, spec: IncidentFile) -> bool:
    """Whether most of the file's first rows would fall inside the city only with their axes exchanged."""
    rows = [row for row in islice(spec.opened().rows(), SAMPLE) if row.fault is None]
    pairs = [pair for row in rows if (pair := _pair(row, spec)) is not None]
    if not pairs:
        return False
    bbox = (await context.placements.current()).bbox
    x, y = np.array(pairs).T
    lon, lat = to_wgs84(x, y, parse_crs(spec.crs))
    return bool(axes_look_swapped(lon, lat, bbox).mean() > 0.5)


async def import_incidents(
    context: Context, actor: Actor, spec: IncidentFile, rejects: Path, language: Language, progress: Progress
) -> Tally:
    """Takes the file in, a transaction for every few thousand rows; run again, it goes on where it was stopped.

    Rows that cannot be taken go to `rejects` with line, field and reason; if there are none, no such file is left.
    Raises BadInput for a file that cannot be read at all, or for `rejects` being that file.
    """
    if _same_file(rejects, spec.path):
        raise BadInput("import.rejects_is_input")
    file = spec.opened()
    tally = Tally()
    read = 0
    try:
        with rejects_file(rejects, file.fields, language) as refuse:
            async with aclosing(report_chunks(context, actor, _chunks(spec, file))) as done:
                async for chunk, outcomes in done:
                    for row, fault in _refused(spec, chunk, outcomes, tally):
                        refuse(row.line, row.cells, fault)
                    read += len(chunk.good) + len(chunk.refused)
                    progress(read)
    finally:
        await _recorded(context, actor, spec, tally)  # what was taken in before a fault or a Ctrl-C stays, and is said
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await connection.execute(_REFRESH_STATISTICS)
    return tally


async def _recorded(context: Context, actor: Actor, spec: IncidentFile, tally: Tally) -> None:
    details = {"file": spec.path.name, "crs": spec.crs, "accepted": tally.accepted, "known": tally.known}
    async with scoped_transaction(context.engine, actor.scope) as connection:
        await audit.record(
            connection,
            "import_incidents",
            kind="source",
            object_id=spec.source,
            details={**details, "rejected": tally.rejected},
        )


def _same_file(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def digest(row: CsvRow) -> str:
    """A name for a row's content."""
    return hashlib.blake2b("\x1f".join(row.cells).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some rows: those that are reports, and those refused before anybody was asked."""

    good: list[CsvRow] = field(default_factory=list)
    refused: list[tuple[CsvRow, CityError]] = field(default_factory=list)


async def _chunks(spec: IncidentFile, file: CsvFile) -> AsyncIterator[tuple[_Chunk, Given]]:
    rows = file.rows()
    equal: Counter[bytes] = Counter()
    while True:
        chunk, reports = await asyncio.to_thread(_read, spec, rows, equal)
        if not (chunk.good or chunk.refused):
            return
        yield chunk, reports


def _read(spec: IncidentFile, rows: Iterator[CsvRow], equal: Counter[bytes]) -> tuple[_Chunk, Given]:
    """The next rows and their reports. `equal` counts the rows seen by their content."""
    chunk = _Chunk()
    reports: list[tuple[Where, IncidentReport]] = []
    for row in islice(rows, CHUNK):
        content = digest(row).encode()
        try:
            reports.append((Where(str(spec.path), row.line), spec.report_of(row, equal[content])))
            chunk.good.append(row)
        except CityError as fault:
            chunk.refused.append((row, spec.in_its_words(fault)))
        equal[content] += 1
    return chunk, reports


def _refused(
    spec: IncidentFile, chunk: _Chunk, outcomes: Sequence[Outcome], tally: Tally
) -> list[tuple[CsvRow, CityError]]:
    """The rows of a chunk that were not taken in, by line; counts all of them."""
    tally.count([outcome for outcome in outcomes if outcome.fault is None])
    refused = chunk.refused + [
        (row, spec.in_its_words(outcome.fault))
        for row, outcome in zip(chunk.good, outcomes, strict=True)
        if outcome.fault is not None
    ]
    refused.sort(key=lambda one: one[0].line)
    for _, said in refused:
        tally.reject(said)
    return refused


def _number(text: str, where: Where) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput("coordinate.not_a_number", where=where, given=text) from None


def _pair(row: CsvRow, spec: IncidentFile) -> tuple[float, float] | None:
    try:
        x, y = float(row.values[spec.lon]), float(row.values[spec.lat])
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None
