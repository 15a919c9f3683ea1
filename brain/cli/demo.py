"""`citybrain demo`: an invented city in an empty installation."""

from __future__ import annotations

import errno
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from brain import demo
from brain.cli.database import in_context
from brain.cli.output import console, language, progress_bars, say
from brain.cli.supervision import Ending
from brain.context import Context
from data.errors import message


class Persons(StrEnum):
    """How much is kept of who lives where."""

    COUNTS = "counts"
    FULL = "full"


class City(StrEnum):
    """The cities that can be shown."""

    NANPU = "nanpu"
    CHANCHENG = "chancheng"
    SHUNDE = "shunde"
    CHENGDU = "chengdu"


CityOption = Annotated[
    City,
    typer.Option(help="nanpu is one community, chancheng a district, shunde a larger one, chengdu a city of 20."),
]


def load(
    city: CityOption = City.CHANCHENG,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same city on any machine.")] = 1,
    history: Annotated[int, typer.Option(min=0, max=365, help="Days of incidents before today.")] = 365,
    unusual: Annotated[
        Path | None, typer.Option(help="Where to list micro-grids beyond 30 to 100 households, with the reason.")
    ] = None,
    persons: Annotated[
        Persons, typer.Option(help="full: each household and person, not only counts.")
    ] = Persons.COUNTS,
) -> None:
    """Fills an empty installation with an invented city. Interrupted, it goes on where it stopped."""

    Ending(leaves_undone=True)
    if unusual is not None and not unusual.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(unusual.parent))
    wanted = demo.Demo(city.value, seed, history, in_full=persons is Persons.FULL)

    async def work(context: Context) -> list[demo.DemoLogin]:
        with progress_bars() as step:
            await demo.load(context, wanted, step)
        return await demo.logins(context)

    try:
        logins = in_context(work)
    except SystemExit:
        say("demo.stopped")
        raise
    show_logins(logins)
    if unusual is not None:
        demo.list_unusual(wanted, unusual, language())
    say("demo.loaded")


def show_logins(logins: list[demo.DemoLogin]) -> None:
    """Prints who may sign in."""
    for login in logins:
        region = login.regions or message("demo.whole", language())
        console.print(f"  {login.login:<8} {login.password}   {login.name}   {region}", markup=False, soft_wrap=True)
