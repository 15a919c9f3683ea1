"""Files of points to place in the small city, awkward on purpose: corners, edges, a hole, places outside, bad rows."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from brain.settings import Settings
from data.files import write_features
from tests.command_line import CommandLine
from tests.worlds import at, small_city_cells

WORDS = ("--region-id", "code", "--lon", "lon", "--lat", "lat", "--crs", "EPSG:4326")

Points = list[tuple[float, float]]


def without_database(folder: Path) -> CommandLine:
    """The command line of an installation that has nothing yet."""
    return CommandLine(Settings(home=folder / "home", database_url=None, app_database_url=None))


def write_regions(folder: Path) -> Path:
    """The small city's finest regions, each with the codes above it."""
    cells = small_city_cells()
    codes = list(cells)
    columns: dict[str, list[str | None]] = {
        "code": [*codes],
        "community": [code[:9] for code in codes],
        "district": [code[:6] for code in codes],
        "note": [None, *["noted"] * (len(codes) - 1)],
    }
    path = folder / "grids.gpkg"
    write_features(path, np.array(list(cells.values())), columns, "EPSG:4326")
    return path


def awkward_points() -> Points:
    """Every vertex of the small city, the middle of every edge, their neighbours among the doubles; and outside."""
    ends = np.concatenate(
        [
            np.stack((ring[:-1], ring[1:]), axis=1)
            for cell in small_city_cells().values()
            for part in shapely.get_rings(cell)
            for ring in [shapely.get_coordinates(part)]
        ]
    )
    on_lines = np.concatenate((ends[:, 0], ends.mean(axis=1)))
    places = np.concatenate((on_lines, np.nextafter(on_lines, 0), [at(0.5, 0.5), at(-1, -1), at(9, 9)]))
    return [(float(x), float(y)) for x, y in places]


def write_csv(path: Path, points: list[tuple[Any, Any]]) -> Path:
    """A CSV file with an id, the coordinates as they are given, and a text with a comma in it."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "lon", "lat", "what"])
        writer.writerows([number, x, y, "street, number"] for number, (x, y) in enumerate(points))
    return path


def table_of(points: list[tuple[Any, Any]], first: int = 0) -> pa.Table:
    """The same as a table, with types that pandas does not know by itself."""
    ids = [None if number % 5 == 4 else number for number in range(first, first + len(points))]
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "lon": pa.array([x for x, _ in points], pa.float64()),
            "lat": pa.array([y for _, y in points], pa.float64()),
            "tags": pa.array([["a", None]] * len(points), pa.list_(pa.string())),
        }
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_table(path: Path) -> pa.Table:
    """A Parquet file, or a folder of them in the order of names."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return pa.concat_tables([pq.read_table(file) for file in files])
