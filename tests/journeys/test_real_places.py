"""Real borders and real incidents, with labels that somebody else gave them: do we say the same?"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from pyproj import Geod

from data.engine import psycopg_conninfo
from data.files import read_features
from tests.command_line import CommandLine

WITHIN_M = 25
ATLANTA = "atlanta/incidents_2017_2021_2022.csv.gz"
MERSEYSIDE = "uk/merseyside_incidents_2014-04.csv.gz"
MERSEYSIDE_DISTRICTS = {"E08000011", "E08000012", "E08000013", "E08000014", "E08000015"}


def plain(name: str) -> str:
    """A name without case and punctuation, as the labels are to be compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def rows_of(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def places(
    command_line: CommandLine, real_data: Path, out: Path, regions: Path, points: str, region_id: str
) -> list[dict[str, str]]:
    """`citybrain place` on real files; its rows."""
    command_line.run(
        "place",
        regions,
        real_data / points,
        "--region-id",
        region_id,
        "--lon",
        "lon",
        "--lat",
        "lat",
        "--crs",
        "EPSG:4326",
        "--out",
        out,
    )
    found, given = rows_of(out), rows_of(real_data / points)
    assert [{k: v for k, v in row.items() if k != "region_id"} for row in found] == given
    return found


def test_atlanta_agrees_with_the_police(command_line: CommandLine, real_data: Path, tmp_path: Path) -> None:
    """57,269 labelled incidents: at least 98.6 % fall into the neighbourhood of their record."""
    regions = real_data / "atlanta/neighborhoods.geojson.gz"
    found = places(command_line, real_data, tmp_path / "out.csv", regions, ATLANTA, "name")
    labelled = [row for row in found if row["neighborhood"]]
    assert len(labelled) == 57_269
    agree = sum(plain(row["region_id"]) == plain(row["neighborhood"]) for row in labelled)
    assert agree / len(labelled) >= 0.986
    unlabelled = [row for row in found if not row["neighborhood"]]
    assert len(unlabelled) == 2_888
    assert sum(row["region_id"] == "" for row in unlabelled) / len(unlabelled) == pytest.approx(0.973, abs=0.001)


@pytest.fixture(scope="module")
def merseyside_regions(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 910 LSOA polygons of Merseyside's five districts, cut out of the national file."""
    path = tmp_path_factory.mktemp("regions") / "merseyside.geojsonl"
    with (
        gzip.open(real_data / "uk/lsoa_2011_england_wales.geojsonl.gz", "rt", encoding="utf-8") as file,
        path.open("w", encoding="utf-8") as out,
    ):
        out.writelines(line for line in file if json.loads(line)["properties"]["lad11cd"] in MERSEYSIDE_DISTRICTS)
    return path


def test_merseyside_agrees_with_the_police(
    command_line: CommandLine, real_data: Path, merseyside_regions: Path, tmp_path: Path
) -> None:
    """12,918 incidents labelled in these polygons: ≥ 95.7 % exactly, every one within 25 m of its label's polygon."""
    found = places(command_line, real_data, tmp_path / "out.csv", merseyside_regions, MERSEYSIDE, "lsoa11cd")
    features = read_features(merseyside_regions)
    polygon = dict(zip(features.column("lsoa11cd"), features.geoms, strict=True))
    labelled = [row for row in found if row["lsoa11cd"] in polygon]
    assert len(labelled) == 12_918
    strays = [row for row in labelled if row["region_id"] != row["lsoa11cd"]]
    assert 1 - len(strays) / len(labelled) >= 0.957
    assert (
        max(metres_between(polygon[row["lsoa11cd"]], float(row["lon"]), float(row["lat"])) for row in strays)
        <= WITHIN_M
    )


def metres_between(polygon: Any, lon: float, lat: float) -> float:
    """From a point to a polygon, on the ellipsoid, by way of a local plane."""
    squeeze = np.array([np.cos(np.radians(lat)), 1.0])
    local = shapely.transform(polygon, lambda points: (points - (lon, lat)) * squeeze)
    nearest = shapely.get_coordinates(shapely.shortest_line(shapely.Point(0, 0), local))[-1] / squeeze + (lon, lat)
    return float(Geod(ellps="WGS84").inv(lon, lat, *nearest)[2])


def test_atlanta_goes_in_as_a_city(shared_command_line: CommandLine, real_data: Path, tmp_path: Path) -> None:
    """Import of borders (dry run, then published) and of incidents (twice: nothing doubled), as a person types it."""
    cli = shared_command_line
    command = [
        "import",
        "regions",
        real_data / "atlanta/neighborhoods.geojson.gz",
        "--tier",
        "community",
        "--code",
        "nb_id",
        "--name",
        "name",
    ]
    dry = cli.run(*command, "--report", tmp_path / "report.json")
    assert "nothing written" in dry
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    overlaps = [fault for fault in report["faults"] if fault["kind"] == "overlap"]
    assert sum(fault["area_m2"] for fault in overlaps) / 1e6 == pytest.approx(0.008, abs=0.001)
    assert "not imported" in cli.run(*command, "--commit", "--strict", fails=True)
    assert "248 added" in cli.run(*command, "--commit")
    incidents = [
        "import",
        "incidents",
        real_data / ATLANTA,
        "--lon",
        "lon",
        "--lat",
        "lat",
        "--crs",
        "EPSG:4326",
        "--id",
        "row_id",
        "--map",
        "category=category",
        "--map",
        "title=category",
        "--map",
        "place=location",
        "--map",
        "occurred_at=occur_date",
        "--time-format",
        "%m/%d/%Y",
        "--time-zone",
        "America/New_York",
        "--keep",
        "neighborhood",
        "--rejects",
        tmp_path / "rejects.csv",
    ]
    said = cli.run(*incidents)
    with psycopg.connect(psycopg_conninfo(cli.settings.owner_url)) as connection:
        total, unassigned, edge = connection.execute(
            "select count(*), count(*) filter (where not assigned), count(*) filter (where on_border) from incident"
        ).fetchone() or (0, 0, 0)
        labelled, agree = connection.execute(
            "select count(*), count(*) filter (where regexp_replace(lower(r.name), '[^a-z0-9]', '', 'g') "
            "= regexp_replace(lower(i.attributes->>'neighborhood'), '[^a-z0-9]', '', 'g') and i.assigned) "
            "from incident i join region r on r.key = i.region_key where i.attributes->>'neighborhood' <> ''"
        ).fetchone() or (0, 0)
        nearest_missing = connection.execute(
            "select count(*) from incident where not assigned and nearest_m is null"
        ).fetchone()
    assert total == 60_157
    assert not (tmp_path / "rejects.csv").exists()
    assert agree / labelled >= 0.986
    assert unassigned > 2_700
    assert nearest_missing == (0,)
    assert f"Added {total}" in said
    again = cli.run(*incidents)
    assert f"Added 0, known already {total}" in again
    assert edge > 0
