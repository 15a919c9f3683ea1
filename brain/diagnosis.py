"""What an installation lacks, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

import psycopg

from brain.settings import Settings
from data.cluster import find_programs
from data.engine import psycopg_conninfo
from data.errors import CityError, Unready


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what is wrong with it, if anything."""

    name: str
    fault: CityError | None


def examine(settings: Settings) -> list[Finding]:
    """Everything the product needs, one after the other. Nothing is changed, but the installation gets its secret."""
    checks: list[tuple[str, Callable[[Settings], None]]] = [
        ("PostgreSQL + PostGIS", _programs),
        ("database", _database),
        ("console", _console),
    ]
    return [_look(name, check, settings) for name, check in checks]


def _look(name: str, check: Callable[[Settings], None], settings: Settings) -> Finding:
    try:
        check(settings)
    except CityError as fault:
        return Finding(name, fault)
    return Finding(name, None)


def _programs(settings: Settings) -> None:
    if settings.cluster is not None:
        find_programs()


def _database(settings: Settings) -> None:
    try:
        with psycopg.connect(psycopg_conninfo(settings.app_url), connect_timeout=5) as connection:
            connection.execute("select count(*) from region")
    except psycopg.OperationalError as fault:
        raise Unready("database.unreachable", reason=str(fault).strip()) from fault
    except psycopg.Error as fault:
        raise Unready("doctor.not_migrated", reason=str(fault).strip()) from fault


def _console(settings: Settings) -> None:
    if not resources.files("web").joinpath("static", "index.html").is_file():
        raise Unready("console.not_built")
