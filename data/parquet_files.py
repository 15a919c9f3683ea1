"""Parquet files, read and written part by part. Needs the extra `dask`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import BadInput, Where
from data.packed import BLOCK
from data.replacing import unfinished_file


class ParquetFile:
    """A Parquet file, read row group by row group, in parts."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise BadInput("file.missing", where=Where(str(path)))
        self.path = path
        with _read_errors(path):
            # Read ahead, every row group would stay in memory to the end.
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=BLOCK)
            self.schema: pa.Schema = self._file.schema_arrow

    def tables(self, rows: int) -> Iterator[pa.Table]:
        """All rows in tables of at most so many. Raises BadInput where the file is damaged."""
        with _read_errors(self.path):
            for batch in self._file.iter_batches(rows):
                yield pa.Table.from_batches([batch])


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as fault:
        raise BadInput("file.unreadable", where=Where(str(path)), reason=str(fault).strip()) from fault


@contextmanager
def parquet_replaced(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A Parquet file to write, which replaces `path` at the end of the block, or leaves no trace if the block fails."""
    with unfinished_file(path) as beside, pq.ParquetWriter(beside, schema) as writer:
        yield writer
