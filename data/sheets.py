"""Tables of any office in one form: CSV, spreadsheets, and vector files with their shapes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine
from python_calamine import CalamineWorkbook

from data.csv_files import CsvFile
from data.errors import BadInput, CityError, TooLarge, Where
from data.files import DRIVERS, read_features

CSV = (".csv", ".csv.gz", ".txt")
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")
VECTORS = (*DRIVERS, ".geojson.gz", ".zip")

MOST_IN_SPREADSHEET = 2**29
"""Bytes that a spreadsheet may unpack to."""

EXACT = 10**15
"""From here on a spreadsheet's number has lost its last digits: it keeps fifteen."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: where it stands, its cells as text, its shape if the file has shapes, its fault if it is no row."""

    line: int
    cells: Sequence[str]
    shape: Any = None
    fault: CityError | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its headings, what coordinate system it says of its shapes, its rows to be read once."""

    headings: list[str]
    has_shapes: bool
    crs: str | None
    rows: Iterator[SheetRow]


def read_sheet(path: Path, *, encoding: str | None = None) -> Sheet:
    """A table by its file's ending. CSV is read row by row, the others as a whole.

    The rows of a spreadsheet are those of its first sheet that holds anything; a formula is its last result. Raises
    BadInput for a file that cannot be read, has no headings or the same one twice, TooLarge for a bomb.
    """
    name = path.name.lower()
    if not path.is_file():
        raise BadInput("file.missing", where=Where(path.name))
    if name.endswith(CSV):
        sheet = _csv(path, encoding)
    elif name.endswith(SPREADSHEETS):
        sheet = _spreadsheet(path)
    elif name.endswith(VECTORS):
        sheet = _features(path, encoding)
    else:
        raise BadInput("file.format", where=Where(path.name), formats=", ".join((*CSV, *SPREADSHEETS, *VECTORS)))
    repeated = {heading for heading in sheet.headings if sheet.headings.count(heading) > 1}
    if repeated:
        raise BadInput("file.repeated_field", where=Where(path.name, 1), field=", ".join(sorted(repeated)))
    return sheet


def _csv(path: Path, encoding: str | None) -> Sheet:
    file = CsvFile(path, encoding=encoding)
    headings = [field.strip() for field in file.fields]
    rows = (SheetRow(row.line, row.cells, fault=row.fault) for row in file.rows())
    return Sheet(headings, False, None, rows)


def _features(path: Path, encoding: str | None) -> Sheet:
    features = read_features(path, encoding=encoding)
    columns = list(features.columns.values())
    rows = (
        SheetRow(number, [cell or "" for cell in cells], shape)
        for number, (shape, *cells) in enumerate(zip(features.geoms, *columns, strict=True), 1)
    )
    return Sheet(list(features.columns), True, features.crs, rows)


def _spreadsheet(path: Path) -> Sheet:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_IN_SPREADSHEET:
            raise TooLarge("file.bomb", where=Where(path.name), size=size, packed=path.stat().st_size)
    try:
        with CalamineWorkbook.from_path(path) as book:
            tables = (book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names)
            rows = next((rows for rows in tables if any(cell != "" for row in rows for cell in row)), [])
    except (python_calamine.CalamineError, OSError) as fault:
        raise BadInput("file.unreadable", where=Where(path.name), reason=str(fault)) from fault
    first = next((number for number, row in enumerate(rows) if any(cell != "" for cell in row)), None)
    if first is None:
        raise BadInput("file.empty", where=Where(path.name))
    headings = [str(cell).strip() for cell in rows[first]]
    kept = [place for place, heading in enumerate(headings) if heading]
    return Sheet(
        [headings[place] for place in kept],
        False,
        None,
        (
            _row(path, line, headings, kept, row)
            for line, row in enumerate(rows[first + 1 :], first + 2)
            if any(cell != "" for cell in row)
        ),
    )


def _row(path: Path, line: int, headings: list[str], kept: list[int], row: list[Any]) -> SheetRow:
    lost = next((place for place in kept if _has_lost_digits(row[place])), None)
    fault = None if lost is None else BadInput("register.lost_digits", where=Where(path.name, line, headings[lost]))
    return SheetRow(line, [_text(row[place]) for place in kept], fault=fault)


def _has_lost_digits(cell: object) -> bool:
    return isinstance(cell, int | float) and abs(cell) >= EXACT


def _text(cell: object) -> str:
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
        case date() | time() | timedelta():
            return str(cell)
        case _:
            return str(cell).strip()
