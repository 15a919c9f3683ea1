"""Points in partitions, placed by the workers of a Dask cluster. The only room that knows Dask: the extra `dask`."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from distributed import Client, Future, as_completed
from distributed.comm import CommClosedError, get_address_host_port

from brain.point_answers import Placed, PointQuestion, Progress
from brain.point_sources import PointFile, RegionFile, is_parquet
from brain.point_tables import answer_table, answered_schema, with_columns
from data.errors import BadInput, Unready, Where
from data.replacing import unfinished

FAULT = "fault"
"""The column that says by its message key why a row was refused; null for the others."""

CONNECT_S = 10
"""Seconds that a scheduler has to answer."""

PARTITION = "64MiB"
"""About what a partition holds: row groups are put together, or a file divided, up to this."""


def place_partitions(regions: RegionFile, points: PointFile, out: Path, scheduler: str, progress: Progress) -> Placed:
    """Places a Parquet file, or a folder of them, on a cluster; writes the folder `out`, a Parquet file a partition.

    Columns as in `place_file`, and `fault`: refused rows are kept, without a region. The index is built here and sent
    once to each worker. `out` is written beside itself and appears when all is done. Paths must lead to the same files
    here and on every worker. `progress` gets partitions.

    Raises BadInput for files or fields that cannot be used, or an `out` that is there and not empty; Unready for a
    scheduler that does not answer, or workers that cannot do it. Whatever ends it early cancels it on the cluster.
    """
    # Not resolved: what is a link here may be another one there.
    source, target = points.path.absolute(), out.absolute()
    given = _schema(source)
    schema = answered_schema(given, regions, points, FAULT)
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise BadInput("place.out_is_there", where=Where(str(out)))
    with _cluster(scheduler) as client, unfinished(target) as folder:
        folder.mkdir()
        _check_workers(client, source, folder)
        question = client.scatter(regions.question(points), broadcast=True, hash=False)
        parts = dd.read_parquet(
            source, index=False, dtype_backend="pyarrow", split_row_groups="adaptive", blocksize=PARTITION
        ).to_delayed()
        if not parts:
            pq.write_table(schema.empty_table(), folder / _name(0, 1))
        tasks = [
            dask.delayed(_place)(part, given, question, folder / _name(number, len(parts)))
            for number, part in enumerate(parts)
        ]
        return _gathered(client, client.compute(tasks), progress)


def _name(number: int, of: int) -> str:
    """The file of a partition: in order of names they are in order of the input."""
    return f"part-{number:0{len(str(of - 1))}}.parquet"


def _place(part: pd.DataFrame, schema: pa.Schema, question: PointQuestion, out: Path) -> Placed:
    """On a worker: one partition answered and written."""
    table = pa.Table.from_pandas(part, schema, preserve_index=False)
    answers = answer_table(question, table)
    pq.write_table(with_columns(table, {**answers.columns, FAULT: answers.faults}), out)
    done = Placed(rejected=int(answers.refused.sum()))
    done.count(answers)
    return done


def _gathered(client: Client, parts: list[Future], progress: Progress) -> Placed:
    done = Placed()
    progress(0, len(parts))
    try:
        for number, part in enumerate(as_completed(parts, loop=client.loop), 1):
            done.add(part.result())
            progress(number, len(parts))
    except Exception as fault:  # of whatever kind: it comes from another machine
        raise Unready("place.cluster_lost", reason=f"{type(fault).__name__}: {fault}") from fault
    finally:
        client.cancel(parts, force=True)
    return done


def _schema(source: Path) -> pa.Schema:
    where = Where(str(source))
    if not source.exists():
        raise BadInput("file.missing", where=where)
    if not (source.is_dir() or is_parquet(source)):
        raise BadInput("place.needs_parquet", where=where)
    try:
        schema = ds.dataset(source, format="parquet").schema
    except (pa.ArrowException, OSError) as fault:
        raise BadInput("file.unreadable", where=where, reason=str(fault).strip()) from fault
    if not schema.names:
        raise BadInput("file.empty", where=where)
    index = [name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if name in schema.names]
    if index:
        raise BadInput("place.pandas_index", where=where, field=", ".join(index))
    return schema


@contextmanager
def _cluster(scheduler: str) -> Iterator[Client]:
    logging.disable(logging.ERROR)  # what goes wrong is said once, by a fault
    try:
        try:
            get_address_host_port(scheduler, strict=True)  # or the client would wait for an address that is none
            client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as fault:
            raise Unready("place.no_scheduler", scheduler=scheduler, reason=str(fault)) from None
        try:
            with client:
                yield client
        except (CommClosedError, TimeoutError) as fault:
            raise Unready("place.cluster_lost", reason=f"{type(fault).__name__}: {fault}") from fault
    finally:
        logging.disable(logging.NOTSET)


def _check_workers(client: Client, source: Path, folder: Path) -> None:
    """Raises Unready unless there are workers, all with this version of the product, all reaching both paths."""
    own = metadata.version("citybrain")
    # A function of the standard library: one of ours cannot even arrive where the product is not installed.
    versions = client.run(metadata.version, "citybrain", on_error="return")
    if not versions:
        raise Unready("place.no_workers")
    for worker, version in versions.items():
        if version != own:
            found = "-" if isinstance(version, BaseException) else version
            raise Unready("place.worker_version", worker=worker, found=found, own=own)
    for worker, path in client.run(_out_of_reach, source, folder).items():
        if path is not None:
            raise Unready("place.worker_reach", worker=worker, path=path)


def _out_of_reach(source: Path, folder: Path) -> Path | None:
    """On a worker: the path that it cannot read, or write to."""
    if not os.access(source, os.R_OK):
        return source
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError:
        return folder
