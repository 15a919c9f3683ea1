"""Atlanta and Merseyside as a person sees them: real borders, real incidents, pictures to look at."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from brain import accounts
from brain.actor import SYSTEM_ACTOR
from brain.tasks import work
from data.cluster import Cluster
from tests.browser.conftest import Desk, sit_down
from tests.command_line import CommandLine
from tests.conftest import TEMPLATE, new_database, settings_for
from tests.journeys.test_real_places import MERSEYSIDE_DISTRICTS
from tests.serving import Served, in_context, serving


@pytest.fixture
def empty_city(cluster: Cluster, tmp_path: Path) -> Iterator[Served]:
    """A running installation that waits for a city."""
    with new_database(cluster, TEMPLATE) as name, serving(settings_for(cluster, name, tmp_path / "home")) as served:
        yield served


def take_in(served: Served, regions: list[object], incidents: list[object]) -> None:
    """Imports a city as its administrator would, with the deferred work done and an account added."""
    cli = CommandLine(served.settings)
    cli.run("import", "regions", *map(str, regions), "--commit")
    cli.run(
        "import",
        "incidents",
        *map(str, incidents),
        "--lon",
        "lon",
        "--lat",
        "lat",
        "--crs",
        "EPSG:4326",
        "--id",
        "row_id",
    )
    in_context(served.settings, lambda context: work(context, until_empty=True))
    in_context(
        served.settings,
        lambda context: accounts.add(
            context, SYSTEM_ACTOR, login="demo", name="演示", role="commander", password="long enough", regions=[]
        ),
    )


def shown(desk: Desk) -> int:
    """How many incidents the map says it shows."""
    expect(desk.page.get_by_test_id("map")).not_to_have_attribute("data-incidents", "0")
    return int(desk.page.get_by_test_id("map").get_attribute("data-incidents") or 0)


def test_atlanta_on_the_map(browser: Browser, empty_city: Served, real_data: Path, tmp_path: Path) -> None:
    """The whole city, a neighbourhood's card, the dark theme."""
    part = tmp_path / "atlanta.csv"
    with gzip.open(real_data / "atlanta/incidents_2017_2021_2022.csv.gz", "rt", encoding="utf-8") as file:
        lines = file.readlines()
    part.write_text("".join([lines[0], *lines[1::4]]), "utf-8")
    take_in(
        empty_city,
        [real_data / "atlanta/neighborhoods.geojson.gz", "--tier", "community", "--code", "nb_id", "--name", "name"],
        [
            part,
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
        ],
    )
    desk = sit_down(browser, empty_city, "demo", size=(1600, 940))
    assert shown(desk) > 10_000
    desk.picture("atlanta_light")
    desk.click_at(-84.3733, 33.7815)  # Midtown
    expect(desk.page.get_by_test_id("region-card")).to_contain_text("Midtown")
    desk.picture("atlanta_card")
    dark = sit_down(browser, empty_city, "demo", theme="dark", size=(1600, 940))
    dark.open("/map#14/33.7600/-84.3900")
    assert shown(dark) > 100
    dark.picture("atlanta_dark")
    assert desk.faults + dark.faults == []


def test_merseyside_on_the_map(
    browser: Browser, empty_city: Served, real_data: Path, merseyside_files: list[Path]
) -> None:
    """District, town, community and micro-grid; incidents clustered from afar and single near by."""
    take_in(
        empty_city,
        [
            *merseyside_files,
            "--tier",
            "district,subdistrict,community,micro_grid",
            "--code",
            "lad11cd,msoa11cd,lsoa11cd,oa11cd",
            "--name",
            "lad11nm,msoa11nm,lsoa11nm,",
            "--parent",
            ",lad11cd,msoa11cd,lsoa11cd",
        ],
        [
            real_data / "uk/merseyside_incidents_2014-04.csv.gz",
            "--map",
            "category=crime_type",
            "--map",
            "title=crime_type",
            "--map",
            "place=location",
            "--map",
            "occurred_at=month",
            "--time-format",
            "%Y-%m",
            "--time-zone",
            "Europe/London",
        ],
    )
    desk = sit_down(browser, empty_city, "demo", size=(1600, 940))
    assert shown(desk) > 12_000
    desk.picture("merseyside_light")
    desk.open("/map#16/53.4050/-2.9800")
    assert 0 < shown(desk) < 5_000
    desk.picture("merseyside_near")
    dark = sit_down(browser, empty_city, "demo", theme="dark", size=(1600, 940))
    dark.open("/map#14/53.4050/-2.9700")
    assert shown(dark) > 0
    dark.picture("merseyside_dark")
    assert desk.faults + dark.faults == []


@pytest.fixture
def merseyside_files(real_data: Path, tmp_path: Path) -> list[Path]:
    """Merseyside's five districts cut out of the national files, all four tiers."""
    files = []
    for name in (
        "lad_2011_england_wales_dissolved",
        "msoa_2011_england_wales",
        "lsoa_2011_england_wales",
        "oa_2011_england_wales",
    ):
        path = tmp_path / f"{name}.geojsonl"
        with (
            gzip.open(real_data / f"uk/{name}.geojsonl.gz", "rt", encoding="utf-8") as file,
            path.open("w", encoding="utf-8") as out,
        ):
            out.writelines(
                line
                for line in file
                if any(code in line for code in MERSEYSIDE_DISTRICTS)
                and json.loads(line)["properties"]["lad11cd"] in MERSEYSIDE_DISTRICTS
            )
        files.append(path)
    return files
