"""Placing a file of points in a file of regions: the same placing as everywhere, without a database."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from data.csv_files import CsvFile, CsvRow
from data.errors import BadInput, CityError, Where
from data.files import read_features
from data.replacing import replaced
from layers.crs import check_lonlat, geometries_to_wgs84, parse_crs, to_wgs84
from layers.geometry import repair_polygons
from layers.locate import Placing

CHUNK = 50_000
REGION_ID = "region_id"


@dataclass(slots=True)
class Placed:
    """How many points lie in a region, outside of all, and on a border where the tie rule decided."""

    placed: int = 0
    outside: int = 0
    on_border: int = 0


def place_file(
    regions_file: Path,
    points_file: Path,
    out: Path,
    *,
    region_id: str,
    lon: str,
    lat: str,
    crs: str,
    regions_crs: str | None,
    encoding: str | None,
    progress: Callable[[int], None],
) -> Placed:
    """Writes `points_file` again with a last column `region_id`. Read in parts: its size does not matter.

    Raises BadInput naming file, line and field; then `out` is not written.
    """
    point_crs = parse_crs(crs)
    points = CsvFile(points_file, encoding=encoding)
    points.must_have(lon, lat)
    if REGION_ID in points.fields:
        raise BadInput("place.has_region_id", where=Where(str(points_file)))
    ids, placing = _regions(regions_file, region_id, regions_crs)
    done = Placed()
    with replaced(out) as file:
        writer = csv.writer(file)
        writer.writerow([*points.fields, REGION_ID])
        rows = points.rows()
        read = 0
        while chunk := [_whole(row) for row in islice(rows, CHUNK)]:
            coordinates = np.array([_pair(row, points_file, lon, lat) for row in chunk])
            x, y = to_wgs84(coordinates[:, 0], coordinates[:, 1], point_crs)
            _refuse_outside_earth(chunk, points_file, x, y, lon)
            index = placing.place(x, y)
            inside = index >= 0
            done.placed += int(inside.sum())
            done.outside += int((~inside).sum())
            done.on_border += int((placing.on_border(x, y) & inside).sum())
            found = np.where(inside, ids[index], "")
            writer.writerows([*row.cells, region] for row, region in zip(chunk, found, strict=True))
            read += len(chunk)
            progress(read)
    return done


def _regions(path: Path, region_id: str, crs: str | None) -> tuple[np.ndarray[Any, np.dtype[np.object_]], Placing]:
    features = read_features(path)
    given = crs or features.crs
    if given is None:
        raise BadInput("file.no_crs", where=Where(str(path)))
    ids = features.column(region_id)
    for value, place in zip(ids, features.places, strict=True):
        if not value:
            raise BadInput("region.no_code", where=replace(place, field=region_id))
    codes = [str(value) for value in ids]
    seen: set[str] = set()
    for code, place in zip(codes, features.places, strict=True):
        if code in seen:
            raise BadInput("region.repeated_code", where=replace(place, field=region_id), code=code)
        seen.add(code)
    try:
        geoms, _ = repair_polygons(geometries_to_wgs84(features.geoms, parse_crs(given)))
    except CityError as fault:
        raise fault.at(Where(str(path))) from None
    return np.array(codes, dtype=object), Placing.build(codes, geoms)


def _whole(row: CsvRow) -> CsvRow:
    if row.fault is not None:
        raise row.fault
    return row


def _pair(row: CsvRow, path: Path, lon: str, lat: str) -> tuple[float, float]:
    numbers = []
    for field in (lon, lat):
        try:
            number = float(row.values[field])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            given = row.values[field]
            raise BadInput("coordinate.not_a_number", where=Where(str(path), row.line, field), given=given)
        numbers.append(number)
    return numbers[0], numbers[1]


def _refuse_outside_earth(chunk: list[CsvRow], path: Path, x: Any, y: Any, field: str) -> None:
    finite, in_range = check_lonlat(x, y)
    wrong = np.flatnonzero(~(finite & in_range))
    if len(wrong):
        first = int(wrong[0])
        where = Where(str(path), chunk[first].line, field)
        raise BadInput("coordinate.out_of_range", where=where, x=float(x[first]), y=float(y[first]))
