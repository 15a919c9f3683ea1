"""The inspector's tools: one private cluster for the run, a database of its own for each test that asks for one."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from brain.context import Context, open_context
from brain.settings import Settings
from data.cluster import Cluster
from data.engine import psycopg_conninfo
from data.migrate import APP_ROLE, upgrade
from tests.running import run
from tests.worlds import publish_small_city

pytest_plugins = ["tests.serving", "tests.command_line"]

RUN = os.environ.setdefault("CITYBRAIN_TEST_RUN", uuid4().hex[:8])
"""Names this run, in its first process and in those it starts: runs side by side do not meet."""

HOME = Path(__file__).parent / ".artifacts" / RUN
PASSWORD = "only for tests: ' @/%"
TEMPLATE = "citybrain_template"
CITY_TEMPLATE = "citybrain_template_city"
"""The same with the small city of `tests.worlds` published in it."""

SOAK = bool(os.environ.get("CITYBRAIN_SOAK"))

LENIENT = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
hypothesis_settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True, suppress_health_check=LENIENT
)
hypothesis_settings.register_profile("soak", max_examples=2000, deadline=None, suppress_health_check=LENIENT)
hypothesis_settings.load_profile("soak" if SOAK else "quick")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The run's first process ends the cluster that its tests started."""
    if not hasattr(session.config, "workerinput") and HOME.exists():
        Cluster(HOME.absolute(), PASSWORD, durable=False).stop()
        shutil.rmtree(HOME)


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's cluster with its templates: made by the first test that needs it."""
    cluster = Cluster(HOME.absolute(), PASSWORD, durable=False)
    with _one_process_at_a_time():
        ready = HOME / "ready"
        if not ready.exists():
            cluster.start()
            upgrade(cluster.url_of("citybrain_owner", PASSWORD, TEMPLATE), PASSWORD)
            with new_database(cluster) as name:
                run(_publish_small_city(settings_for(cluster, name, HOME)))
                with _server(cluster) as connection:
                    connection.execute(
                        sql.SQL("alter database {} rename to {}").format(
                            sql.Identifier(name), sql.Identifier(CITY_TEMPLATE)
                        )
                    )
            ready.touch()
    return cluster


@contextmanager
def _server(cluster: Cluster) -> Iterator[psycopg.Connection]:
    url = cluster.url_of("citybrain_owner", PASSWORD, "postgres")
    with psycopg.connect(psycopg_conninfo(url), autocommit=True) as connection:
        yield connection


@contextmanager
def new_database(cluster: Cluster, template: str = TEMPLATE) -> Iterator[str]:
    """A copy of the template; its name."""
    name = f"test_{uuid4().hex[:12]}"
    with _server(cluster) as connection:
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield name
    finally:
        with _server(cluster) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


async def _publish_small_city(settings: Settings) -> None:
    async with open_context(settings) as context:
        await publish_small_city(context)


def settings_for(cluster: Cluster, database: str, home: Path) -> Settings:
    """An installation on one database of the run's cluster."""
    return Settings(
        home=home,
        database_url=cluster.url_of("citybrain_owner", PASSWORD, database),
        app_database_url=cluster.url_of(APP_ROLE, PASSWORD, database),
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop that the product runs on."""
    return "asyncio"


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """An installation with an empty, migrated database."""
    with new_database(cluster) as name:
        yield settings_for(cluster, name, tmp_path / "home")


@pytest.fixture
def city_settings(cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """An installation with the small city in its database."""
    with new_database(cluster, CITY_TEMPLATE) as name:
        yield settings_for(cluster, name, tmp_path / "home")


@pytest.fixture
async def context(settings: Settings) -> AsyncIterator[Context]:
    """The open resources of an empty installation."""
    async with open_context(settings) as context:
        yield context


@pytest.fixture
async def city(city_settings: Settings) -> AsyncIterator[Context]:
    """The open resources of an installation with the small city."""
    async with open_context(city_settings) as context:
        yield context


@pytest.fixture
def owner(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """The test's database as its owner: to look at what the application cannot see."""
    used: Settings = request.getfixturevalue("settings" if "settings" in request.fixturenames else "city_settings")
    with psycopg.connect(psycopg_conninfo(used.owner_url), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether exhaustive tests run in full."""
    return SOAK


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says why."""
    folder = os.environ.get("CITYBRAIN_REAL_DATA")
    if not folder:
        pytest.skip("CITYBRAIN_REAL_DATA does not name the folder of real data")
    return Path(folder)
