"""Points in Parquet: chunks of columns answered by the same question as everywhere. Needs the extra `dask`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brain.point_answers import Answers, Placed, PointQuestion, Progress, Texts
from brain.point_sources import PointFile, RegionFile
from data.errors import BadInput, Language, Where
from data.parquet_files import ParquetFile, parquet_replaced
from data.rejects import rejects_file

ROWS = 1 << 16
"""Of a row group that is written: so many that the list of them, held until the end, stays short."""


def place_parquet(
    regions: RegionFile, points: PointFile, out: Path, rejects: Path, language: Language, progress: Progress
) -> Placed:
    """As `brain.point_files.place_file`, for Parquet; a row's number stands in place of its line."""
    file = ParquetFile(points.path)
    schema = answered_schema(file.schema, regions, points)
    question = regions.question(points)
    done, read = Placed(), 0
    with (
        rejects_file(rejects, file.schema.names, language) as refuse,
        parquet_replaced(out, schema) as writer,
    ):
        for table in file.tables(ROWS):
            answers = answer_table(question, table)
            done.count(answers)
            good = pa.array(~answers.refused)
            writer.write_table(with_columns(table, answers.columns).filter(good))
            numbers = np.flatnonzero(answers.refused) + read + 1
            refused = table.filter(pc.invert(good)).to_pylist()
            for number, row, key in zip(numbers.tolist(), refused, answers.faults[answers.refused], strict=True):
                fault = question.fault(key, Where(str(points.path), number), row[points.lon], row[points.lat])
                refuse(number, list(row.values()), fault)
                done.reject(fault)
            read += len(table)
            progress(read, 0)
    return done


def answered_schema(given: pa.Schema, regions: RegionFile, points: PointFile, *beside: str) -> pa.Schema:
    """The columns of the points, of the answer, and `beside`, all text. Raises BadInput for fields that do not fit."""
    where = Where(str(points.path))
    repeated = sorted({name for name in given.names if given.names.count(name) > 1})
    if repeated:
        raise BadInput("file.repeated_field", where=where, field=", ".join(repeated))
    for name in (points.lon, points.lat):
        if name not in given.names:
            raise BadInput("file.no_field", where=where, field=name, fields=", ".join(given.names))
        kind = given.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
            raise BadInput("place.not_numbers", where=Where(str(points.path), field=name), type=kind)
    for name in regions.answer_columns(given.names, points.path, *beside):
        given = given.append(pa.field(name, pa.string()))
    return given


def answer_table(question: PointQuestion, table: pa.Table) -> Answers:
    """The answers to a table's rows, in their order."""
    x, y = (
        pc.cast(table.column(name), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        for name in (question.lon, question.lat)
    )
    return question.answer(x, y)


def with_columns(table: pa.Table, columns: dict[str, Texts]) -> pa.Table:
    """The table with further columns of text."""
    for name, values in columns.items():
        table = table.append_column(pa.field(name, pa.string()), pa.array(values, pa.string()))
    return table
