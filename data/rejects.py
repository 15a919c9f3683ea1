"""Rejects files: refused rows as they came, with their reasons, to be mended and tried again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from data.errors import CityError, Language
from data.replacing import replaced

Refuse = Callable[[int, Sequence[object], CityError], None]
"""Called with a refused row's line, its cells and its fault."""


def rejects_beside(file: Path) -> Path:
    """The rejects file of `file`, where nobody names another: `x.rejects.csv` beside `x.csv.gz`."""
    return file.with_name(f"{file.name.removesuffix('.gz').rsplit('.', 1)[0]}.rejects.csv")


@contextmanager
def rejects_file(path: Path, fields: Sequence[str], language: Language) -> Iterator[Refuse]:
    """A function that writes a refused row to `path`, one line for each cause of its fault, in front of its cells.

    The file replaces `path` at the end of the block. If nothing was refused there is none, not even a former one: it
    would speak of another run. If the block fails nothing changes.
    """
    is_empty = True
    with replaced(path, encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "field", "reason", *fields])

        def refuse(line: int, cells: Sequence[object], fault: CityError) -> None:
            nonlocal is_empty
            is_empty = False
            for cause in fault.causes or (fault,):
                writer.writerow([line, cause.where.field or "", cause.bare_said(language), *cells])

        yield refuse
    if is_empty:
        path.unlink()
