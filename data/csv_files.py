"""CSV files of Chinese and other offices, read row by row with their faults named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import BadInput, Where
from data.packed import BLOCK, open_packed

if TYPE_CHECKING:
    from _csv import Reader


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a CSV file with the 1-based line on which it begins, as it stands there and by column.

    `fault` says what is wrong with the row as a whole; then `values` is empty.
    """

    line: int
    cells: list[str]
    values: dict[str, str]
    fault: BadInput | None = None


class CsvFile:
    """A CSV file, `.gz` too, in UTF-8 (with or without mark) or GBK/GB18030, read row by row."""

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        if not path.is_file():
            raise BadInput("file.missing", where=Where(str(path)))
        self.path = path
        self.encoding = known_encoding(encoding) or _sniff_encoding(path)
        with self._reader() as reader:
            self.fields: list[str] = next(reader, [])
        repeated = {field for field in self.fields if self.fields.count(field) > 1}
        if not self.fields:
            raise BadInput("file.empty", where=Where(str(path)))
        if repeated:
            raise BadInput("file.repeated_field", where=Where(str(path), 1), field=", ".join(sorted(repeated)))

    def must_have(self, *fields: str) -> None:
        """Raises BadInput for a field the file lacks, naming those it has."""
        for field in fields:
            if field not in self.fields:
                raise BadInput("file.no_field", where=Where(str(self.path)), field=field, fields=", ".join(self.fields))

    def rows(self) -> Iterator[CsvRow]:
        """Row after row; one with the wrong number of columns comes with its fault."""
        with self._reader() as reader:
            next(reader, None)
            line = reader.line_num + 1
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as fault:
                    where = Where(str(self.path), reader.line_num)
                    yield CsvRow(line, [], {}, BadInput("file.csv", where=where, reason=str(fault)))
                    line = reader.line_num + 1
                    continue
                if len(cells) == len(self.fields):
                    yield CsvRow(line, cells, dict(zip(self.fields, cells, strict=True)))
                elif cells:
                    where, expected = Where(str(self.path), line), len(self.fields)
                    yield CsvRow(
                        line, cells, {}, BadInput("file.columns", where=where, expected=expected, given=len(cells))
                    )
                line = reader.line_num + 1

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with open_packed(self.path) as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            try:
                yield csv.reader(text)
            except UnicodeDecodeError as fault:
                raise BadInput("file.encoding", where=Where(str(self.path)), encoding=self.encoding) from fault


def known_encoding(name: str | None) -> str | None:
    """The same name. Raises BadInput for one that nobody knows."""
    try:
        if name:
            "".encode(name)  # refuses codecs that are not of text, too
        return name
    except LookupError:
        raise BadInput("file.encoding_unknown", encoding=name) from None


def _sniff_encoding(path: Path) -> str:
    """UTF-8 if every byte of the file is, else GB18030 (which holds GBK). Raises BadInput for neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        with open_packed(path) as raw:
            text = io.TextIOWrapper(raw, encoding=encoding)
            try:
                while text.read(BLOCK):
                    pass
            except UnicodeDecodeError:
                continue
            return encoding
    raise BadInput("file.encoding", where=Where(str(path)), encoding="UTF-8, GB18030")
