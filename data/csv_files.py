"""CSV files of Chinese and other offices, read row by row with their faults named."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, NamedTuple

from data.errors import BadInput, Where
from data.packed import BLOCK, open_packed

_LINES_AT_ONCE = 10_000


class CsvRow(NamedTuple):
    """One row of a CSV file with the 1-based line on which it begins, as it stands there.

    `fields` are the file's columns. `fault` says what is wrong with the row as a whole: then they do not fit.
    """

    line: int
    cells: list[str]
    fields: list[str]
    fault: BadInput | None = None

    @property
    def values(self) -> dict[str, str]:
        """The cells by column; of a row without a fault."""
        return dict(zip(self.fields, self.cells, strict=True))


class CsvFile:
    """A CSV file, `.gz` too, in UTF-8 (with or without mark) or GBK/GB18030, read row by row."""

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        if not path.is_file():
            raise BadInput("file.missing", where=Where(str(path)))
        self.path = path
        self.encoding = known_encoding(encoding) or _sniff_encoding(path)
        with self._lines() as lines:
            self.fields: list[str] = next(csv.reader(lines), [])
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
        """Row after row; one with the wrong number of columns comes with its fault.

        A quote that is never closed would swallow all that follows: a faulty row of several lines is given back
        as its first line, and the rest is read again.
        """
        with self._lines() as lines:
            header = csv.reader(lines)
            next(header, None)
            read = header.line_num
            fields, expected = self.fields, len(self.fields)
            while block := list(islice(lines, _LINES_AT_ONCE)):
                if '"' in "".join(block) or len(max(block, key=len)) > csv.field_size_limit():
                    yield from self._careful_rows(_Lines(chain(block, lines), read))
                    return
                for line, cells in enumerate(csv.reader(block), read + 1):
                    if len(cells) == expected:
                        yield CsvRow(line, cells, fields)
                    elif cells:
                        yield self._misfit(line, cells)
                read += len(block)

    def _careful_rows(self, source: _Lines) -> Iterator[CsvRow]:
        reader = csv.reader(source)
        while True:
            line = source.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = BadInput("file.csv", where=Where(str(self.path), line), reason=str(error))
            else:
                if not cells:
                    continue
                if len(cells) == len(self.fields):
                    yield CsvRow(line, cells, self.fields)
                    continue
                if source.taken == 1:
                    yield self._misfit(line, cells)
                    continue
                fault = BadInput("file.quote", where=Where(str(self.path), line))
            yield CsvRow(line, source.give_back(), self.fields, fault)
            reader = csv.reader(source)

    def _misfit(self, line: int, cells: list[str]) -> CsvRow:
        where, expected = Where(str(self.path), line), len(self.fields)
        fault = BadInput("file.columns", where=where, expected=expected, given=len(cells))
        return CsvRow(line, cells, self.fields, fault)

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        with open_packed(self.path) as raw:
            text = io.TextIOWrapper(raw, encoding=self.encoding, newline="")
            try:
                yield iter(text)
            except UnicodeDecodeError as fault:
                raise BadInput("file.encoding", where=Where(str(self.path)), encoding=self.encoding) from fault


class _Lines:
    """The lines of a file for a CSV reader, which knows how many a row took and can give all but the first back."""

    def __init__(self, lines: Iterator[str], read: int) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._read = read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._read += 1
        self._row.append(line)
        return line

    @property
    def taken(self) -> int:
        """How many lines the row has taken so far."""
        return len(self._row)

    def begin(self) -> int:
        """Begins a row; the 1-based number of its first line."""
        self._row = []
        return self._read + 1

    def give_back(self) -> list[str]:
        """The first line of the row, as one cell; the others will be read again."""
        first, *others = self._row or [""]
        self._again.extendleft(reversed(others))
        self._read -= len(others)
        return [first.rstrip("\r\n")]


def write_rows(file: IO[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes rows of more than one cell as `csv.writer` does, three times as fast where no cell needs a quote."""
    kept = list(rows)
    lines = list(map(",".join, kept))
    text = "\r\n".join([*lines, ""])
    commas = sum(map(len, kept)) - len(kept)
    if '"' in text or text.count(",") > commas or text.count("\r") > len(kept) or text.count("\n") > len(kept):
        csv.writer(file).writerows(kept)
    else:
        file.write(text)


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
