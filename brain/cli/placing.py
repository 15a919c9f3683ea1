"""`citybrain place`: which region each point of a file lies in, without a database."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from brain.cli.output import language, progress_bars, say, show_fault
from brain.point_answers import Placed
from brain.point_files import place_file
from brain.point_sources import PointFile, RegionFile
from data.errors import BadInput
from data.extras import needing_extra
from data.rejects import rejects_beside


class Engine(StrEnum):
    """Where the points are placed: in this process, or over the workers of a Dask cluster."""

    PLAIN = "plain"
    DASK = "dask"


def place(
    regions_file: Annotated[Path, typer.Argument(help="Polygons: GeoJSON, GeoPackage, Shapefile, FlatGeobuf.")],
    points_file: Annotated[Path, typer.Argument(help="CSV, .gz too, or .parquet; for Dask a folder of Parquet too.")],
    region_id: Annotated[str, typer.Option(help="The field of the polygons that names a region.")],
    lon: Annotated[str, typer.Option(help="The column of longitudes or eastings.")],
    lat: Annotated[str, typer.Option(help="The column of latitudes or northings.")],
    crs: Annotated[str, typer.Option(help="Of the points: EPSG:4326, EPSG:4547, GCJ-02, BD-09 …")],
    out: Annotated[
        Path,
        typer.Option(
            help="The input's columns and region_id (empty where outside), in the input's form. "
            "For Dask a folder that is not there yet, or empty: one Parquet file a partition."
        ),
    ],
    further: Annotated[
        str | None,
        typer.Option(
            "--with", help="Further fields of the polygons to write, separated by commas: their parents' codes."
        ),
    ] = None,
    regions_crs: Annotated[str | None, typer.Option(help="Of the polygons, where the file does not say.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the CSV; found out where not given.")] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Where rows that cannot be placed go, with line and reason; beside the output by default. "
            "Dask keeps them in the output and names their fault in a column `fault` instead."
        ),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="`dask`: on a cluster, for billions of points.")] = Engine.PLAIN,
    scheduler: Annotated[
        str | None,
        typer.Option(help="The Dask cluster's address, such as tcp://10.0.0.5:8786. Its workers must see both paths."),
    ] = None,
) -> None:
    """Says for every point of a file which region it lies in; on a shared border the lowest id, as text, wins."""
    names = tuple(name for name in (part.strip() for part in (further or "").split(",")) if name)
    regions = RegionFile(regions_file, region_id, names, regions_crs)
    points = PointFile(points_file, lon, lat, crs, encoding)
    if (engine is Engine.DASK) != (scheduler is not None):
        raise BadInput("place.scheduler")
    if scheduler is None:
        kept = rejects or rejects_beside(out)
        with progress_bars() as step:
            done = place_file(regions, points, out, kept, language(), lambda rows, _: step("place", rows, 0))
        _say(done, out)
        if done.rejected:
            say("import.rejects", file=kept)
    else:
        if rejects is not None:
            raise BadInput("place.rejects_in_column")
        with needing_extra("dask"):
            from brain.point_partitions import place_partitions
        with progress_bars() as step:
            done = place_partitions(regions, points, out, scheduler, lambda parts, total: step("place", parts, total))
        _say(done, out)
        if done.rejected:
            say("place.rejects_in_column")
    if done.rejected and not (done.placed or done.outside):
        raise SystemExit(1)


def _say(done: Placed, out: Path) -> None:
    say(
        "place.done",
        placed=done.placed,
        outside=done.outside,
        on_border=done.on_border,
        rejected=done.rejected,
        file=out,
    )
    if done.outside and not done.placed:
        say("place.none_inside")
    for fault in done.faults:
        show_fault(fault)
