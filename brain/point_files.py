"""Placing a file of points in a file of regions: the same placing as everywhere, without a database."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress, islice
from pathlib import Path

import numpy as np

from brain.point_answers import Placed, Progress
from brain.point_sources import PointFile, RegionFile, is_parquet
from data.csv_files import CsvFile, write_rows
from data.errors import BadInput, Language, Where
from data.extras import needing_extra
from data.rejects import rejects_file
from data.replacing import replaced
from layers.crs import Floats

CHUNK = 10_000
"""Rows of a CSV that are answered at once."""


def place_file(
    regions: RegionFile, points: PointFile, out: Path, rejects: Path, language: Language, progress: Progress
) -> Placed:
    """Writes the points again with last columns `region_id` and the further ones: CSV to CSV, Parquet to Parquet.

    Points are read and written in parts: their number does not matter. A row that cannot be placed is left out and
    goes to `rejects` with line, field and reason; if there is none, no such file is left. Both appear when all is done.
    Raises BadInput for files or fields that cannot be used, Unready without pyarrow; then neither is written.
    """
    if os.path.realpath(rejects) in {os.path.realpath(file) for file in (regions.path, points.path, out)}:
        raise BadInput("import.rejects_is_input")
    if os.path.realpath(out) in {os.path.realpath(regions.path), os.path.realpath(points.path)}:
        raise BadInput("place.out_is_input", where=Where(str(out)))
    if is_parquet(points.path) != is_parquet(out):
        raise BadInput("place.two_forms", where=Where(str(out)), points=points.path.name)
    if not is_parquet(out):
        return _place_csv(regions, points, out, rejects, language, progress)
    with needing_extra("dask"):
        from brain.point_tables import place_parquet
    return place_parquet(regions, points, out, rejects, language, progress)


def _place_csv(
    regions: RegionFile, points: PointFile, out: Path, rejects: Path, language: Language, progress: Progress
) -> Placed:
    file = CsvFile(points.path, encoding=points.encoding)
    file.must_have(points.lon, points.lat)
    names = regions.answer_columns(file.fields, points.path)
    question = regions.question(points)
    lon, lat = file.fields.index(points.lon), file.fields.index(points.lat)
    done, read, rows = Placed(), 0, file.rows()
    with rejects_file(rejects, file.fields, language) as refuse, replaced(out) as result, _collector_spared():
        write_rows(result, [[*file.fields, *names]])
        while chunk := list(islice(rows, CHUNK)):
            whole = [row for row in chunk if row.fault is None]
            answers = question.answer(
                _numbers([row.cells[lon] for row in whole]), _numbers([row.cells[lat] for row in whole])
            )
            done.count(answers)
            columns = zip(*([text or "" for text in texts.tolist()] for texts in answers.columns.values()), strict=True)
            answered = ([*row.cells, *more] for row, more in zip(whole, columns, strict=True))
            write_rows(result, compress(answered, (~answers.refused).tolist()))
            refused = [(row, row.fault) for row in chunk if row.fault is not None]
            for row, key in compress(zip(whole, answers.faults, strict=True), answers.refused.tolist()):
                where = Where(str(points.path), row.line)
                refused.append((row, question.fault(key, where, row.cells[lon], row.cells[lat])))
            for row, fault in sorted(refused, key=lambda one: one[0].line):
                refuse(row.line, row.cells, fault)
                done.reject(fault)
            read += len(chunk)
            progress(read, 0)
    return done


@contextmanager
def _collector_spared() -> Iterator[None]:
    """Millions of rows wake the collector of cycles time and again: let it not look through all that stays."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _numbers(texts: list[str]) -> Floats:
    """Cells as numbers, NaN where one is none."""
    try:
        return np.fromiter(map(float, texts), np.float64, len(texts))
    except ValueError:
        return np.array([_number(text) for text in texts])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
