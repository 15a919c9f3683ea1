"""`citybrain place`: which region each point of a file lies in, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brain import point_files
from brain.cli.output import progress_bars, say


def place(
    regions_file: Annotated[Path, typer.Argument(help="Polygons: GeoJSON, GeoPackage, Shapefile, FlatGeobuf.")],
    points_file: Annotated[Path, typer.Argument(help="CSV, .gz too.")],
    region_id: Annotated[str, typer.Option(help="The field of the polygons that names a region.")],
    lon: Annotated[str, typer.Option(help="The column of longitudes or eastings.")],
    lat: Annotated[str, typer.Option(help="The column of latitudes or northings.")],
    crs: Annotated[str, typer.Option(help="Of the points: EPSG:4326, EPSG:4547, GCJ-02, BD-09 …")],
    out: Annotated[Path, typer.Option(help="CSV: the input's columns and region_id (empty where outside).")],
    regions_crs: Annotated[str | None, typer.Option(help="Of the polygons, where the file does not say.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the CSV; found out where not given.")] = None,
) -> None:
    """Says for every point of a CSV file which region it lies in; on a shared border the lowest id wins."""
    with progress_bars() as step:
        done = point_files.place_file(
            regions_file,
            points_file,
            out,
            region_id=region_id,
            lon=lon,
            lat=lat,
            crs=crs,
            regions_crs=regions_crs,
            encoding=encoding,
            progress=lambda rows: step("place", rows, 0),
        )
    say("place.done", placed=done.placed, outside=done.outside, on_border=done.on_border, file=out)
