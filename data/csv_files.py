"""CSV files of Chinese and other offices, read row by row with their faults named."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.errors import BadInput, Where
from data.packed import BLOCK, open_packed


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a CSV file with the 1-based line on which it begins."""

    line: int
    values: dict[str, str]


class CsvFile:
    """A CSV file, `.gz` too, in UTF-8 (with or without mark) or GBK/GB18030, read row by row."""

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        if not path.is_file():
            raise BadInput("file.missing", where=Where(str(path)))
        self.path = path
        self.encoding = known_encoding(encoding) or _sniff_encoding(path)
        with self._reader() as reader:
            self.fields: list[str] = list(reader.fieldnames or [])
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

    def rows(self) -> Iterator[CsvRow | BadInput]:
        """Row after row; a row with the wrong number of columns is yielded as the fault it is."""
        with self._reader() as reader:
            _ = reader.fieldnames  # reads the header, so that the next line is the first row's
            line = reader.line_num + 1
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as fault:
                    yield BadInput("file.csv", where=Where(str(self.path), reader.line_num), reason=str(fault))
                    continue
                if None in row or None in row.values():
                    given = sum(value is not None for key, value in row.items() if key is not None)
                    given += len(row.get(None) or ())
                    where = Where(str(self.path), line)
                    yield BadInput("file.columns", where=where, expected=len(self.fields), given=given)
                else:
                    yield CsvRow(line, row)
                line = reader.line_num + 1

    @contextmanager
    def _reader(self) -> Iterator[csv.DictReader[str]]:
        with open_packed(self.path) as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            try:
                yield csv.DictReader(text)
            except UnicodeDecodeError as fault:
                raise BadInput("file.encoding", where=Where(str(self.path)), encoding=self.encoding) from fault


def known_encoding(name: str | None) -> str | None:
    """The same name. Raises BadInput for one that nobody knows."""
    try:
        return name and codecs.lookup(name).name
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
