"""The demo city lives on: what happens comes in over HTTP, at its hour, and is seen like everything else."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import httpx
import pytest
import shapely

from brain import demo, simulation
from brain.context import Context
from brain.settings import Settings
from data.demo.city import make_city
from data.demo.outlines import polygons
from data.demo.places import read_place
from data.errors import NotFound, Unauthenticated, Unready
from tests.running import run
from tests.serving import Served, in_context, serving

ENOUGH = 40
FAST = 1_000_000


@pytest.fixture
def nanpu(settings: Settings) -> Iterator[Served]:
    """A running installation with the smallest demo city, without a past."""
    with serving(settings) as served:
        in_context(settings, lambda context: demo.load(context, demo.Demo("nanpu", days=0), lambda *_: None))
        yield served


def password_of(served: Served) -> str:
    """The demo dispatcher's."""
    return next(login.password for login in in_context(served.settings, _logins) if login.login == "diaodu")


async def _some(served: Served, password: str) -> list[int]:
    """Lets the city live until enough has been told."""
    told: list[int] = []
    enough = asyncio.Event()

    def count(when: datetime, what: simulation.Told) -> None:
        assert when >= begin.replace(microsecond=0)
        assert (what.known, what.rejected) == (0, 0)
        told.append(what.accepted)
        if sum(told) >= ENOUGH:
            enough.set()

    async with httpx.AsyncClient(base_url=served.url, timeout=30) as client:
        dispatcher = simulation.Dispatcher(client, "diaodu", password)
        await dispatcher.sign_in()
        categories = await dispatcher.categories()
        client.cookies.clear()  # a session that has ended is opened anew
        begin = datetime.now(UTC)
        reports = simulation.coming(make_city("nanpu", 1), categories, begin, "sim")
        living = asyncio.create_task(simulation.live(dispatcher, reports, begin, FAST, count))
        done, _ = await asyncio.wait(
            {living, asyncio.create_task(enough.wait())}, timeout=60, return_when=asyncio.FIRST_COMPLETED
        )
        assert done
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
    return told


def test_what_happens_is_reported_over_http(nanpu: Served) -> None:
    """Each is an incident with a place in the city, and nothing is refused."""
    told = run(_some(nanpu, password_of(nanpu)))
    client = nanpu.sign_in("dispatcher")
    found = client.get("/api/incidents", params={"limit": 1000}).json()["items"]
    assert len(found) >= sum(told) >= ENOUGH
    assert sum(row["assigned"] for row in found) > 0.9 * len(found)
    assert len({row["category"] for row in found}) > 5


async def _logins(context: Context) -> list[demo.DemoLogin]:
    return await demo.logins(context)


@contextmanager
def simulating(served: Served, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command beside a running installation."""
    settings = served.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")},
        "CITYBRAIN_HOME": str(settings.home),
        "CITYBRAIN_DATABASE_URL": settings.owner_url,
        "CITYBRAIN_APP_DATABASE_URL": settings.app_url,
        "LC_ALL": "en_GB.UTF-8",
    }
    command = [sys.executable, "-m", "brain.cli", "simulate", "--url", served.url, "--speed", "100000", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_evening_can_be_lived_twice(nanpu: Served) -> None:
    """The command says how many were taken in, the second time as the first, and ends when it is told to."""
    for _ in range(2):
        with simulating(nanpu, "--scenario", "xingtongji") as process:
            assert process.stdout is not None
            said = [next(process.stdout) for _ in range(3)]
            assert re.match(r"The demo city lives from \d{4}-0[23]-\d\d 18:00 on", said[0]), said
            told = [
                re.fullmatch(r"\d{4}-0[23]-\d\d \d\d:\d\d  (\d+) reported, (\d+) in all", line.strip())
                for line in said[1:]
            ]
            assert all(found and int(found[1]) > 0 for found in told), said
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
            assert re.fullmatch(r"Stopped: \d+ reported in all\.", rest.splitlines()[-1]), rest
            assert process.wait(30) == 0


def test_nobody_there_or_not_let_in_is_said(nanpu: Served) -> None:
    """A wrong password, a port where nobody listens."""

    async def sign_in(url: str) -> None:
        async with httpx.AsyncClient(base_url=url) as client:
            await simulation.Dispatcher(client, "diaodu", "wrong").sign_in()

    with pytest.raises(Unauthenticated):
        run(sign_in(nanpu.url))
    with pytest.raises(Unready, match=r"127\.0\.0\.1:1"):
        run(sign_in("http://127.0.0.1:1"))


def test_reports_come_in_the_order_of_time(city_categories: list[tuple[str, str, str]]) -> None:
    """From the beginning on, over the end of a window, no id twice, nearly all in the city."""
    city = make_city("nanpu", 1)
    begin = datetime(2026, 11, 24, 2, tzinfo=UTC)
    found = list(islice(simulation.coming(city, city_categories, begin, "sim"), 150))
    assert found[0].at >= begin.timestamp()
    assert found[-1].at > (begin + timedelta(days=simulation.WINDOW_DAYS)).timestamp()
    assert all(one.at <= other.at for one, other in pairwise(found))
    assert len({report.body["source_id"] for report in found}) == len(found)
    whole = shapely.coverage_union_all(polygons(city.plan.micro_grids.rects, city.terrain))
    inside = shapely.contains_xy(whole, *zip(*((one.body["x"], one.body["y"]) for one in found), strict=True))
    assert inside.mean() > 0.95


@pytest.fixture
def city_categories(nanpu: Served) -> list[tuple[str, str, str]]:
    """What the installation's dictionaries hold."""

    password = password_of(nanpu)

    async def asked() -> list[tuple[str, str, str]]:
        async with httpx.AsyncClient(base_url=nanpu.url) as client:
            dispatcher = simulation.Dispatcher(client, "diaodu", password)
            await dispatcher.sign_in()
            return await dispatcher.categories()

    return run(asked())


def test_the_evening_of_the_bridges_is_kept_where_it_is_known() -> None:
    """In Foshan on the 16th of the first lunar month, 18:00 in China; in Chengdu there is none."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    evening = simulation.begin_of(make_city("nanpu", 1), "xingtongji", now)
    assert evening == datetime(2027, 2, 21, 10, tzinfo=UTC)
    assert simulation.begin_of(make_city("nanpu", 1), None, now) == now
    elsewhere = replace(make_city("nanpu", 1).plan, place=read_place("chengdu"))
    with pytest.raises(NotFound):
        simulation.begin_of(replace(make_city("nanpu", 1), plan=elsewhere), "xingtongji", now)
