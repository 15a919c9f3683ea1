"""`citybrain simulate`: the demo city lives on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated
from uuid import uuid4

import httpx
import typer

from brain import demo, simulation
from brain.cli.database import in_context
from brain.cli.output import say
from brain.cli.supervision import Ending, Supervised, end_with_input
from brain.context import Context
from data.demo.city import make_city
from data.errors import NotFound

TIMEOUT_S = 60
DISPATCHER = "diaodu"
CITY_TIME = timezone(timedelta(hours=8))
"""All of China keeps it."""


class Scenario(StrEnum):
    """What the simulation can begin with."""

    XINGTONGJI = "xingtongji"


def simulate(
    speed: Annotated[float, typer.Option(min=0.01, max=100_000, help="How many times as fast as real time.")] = 1,
    url: Annotated[str, typer.Option(help="Where the installation answers.")] = "http://127.0.0.1:8000",
    supervised: Supervised = False,
    scenario: Annotated[
        Scenario | None, typer.Option(help="xingtongji: the evening on which crowds walk over the bridges.")
    ] = None,
) -> None:
    """Reports what happens in the demo city from now on, over HTTP, until Ctrl-C; each bears the real time."""

    async def what(context: Context) -> tuple[demo.Demo, str]:
        found = await demo.in_place(context)
        if found is None or not await demo.is_loaded(context):
            raise NotFound("simulate.no_demo")
        return found, demo.password(context, DISPATCHER)

    Ending()
    found, password = in_context(what)
    if supervised:
        end_with_input()
    asyncio.run(_simulate(found, password, url, speed, scenario, quiet=supervised))


async def _simulate(
    found: demo.Demo, password: str, url: str, speed: float, scenario: Scenario | None, *, quiet: bool
) -> None:
    total = 0

    def told(when: datetime, what: simulation.Told) -> None:
        nonlocal total
        total += what.accepted
        if not quiet:
            say("simulate.told", time=_city_time(when), number=what.accepted, total=total)
        if what.rejected:
            say("simulate.rejected", number=what.rejected)

    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as client:
        dispatcher = simulation.Dispatcher(client, DISPATCHER, password)
        await dispatcher.sign_in()
        categories = await dispatcher.categories()
        city = await asyncio.to_thread(make_city, found.city, found.seed)
        begin = simulation.begin_of(city, scenario, datetime.now(UTC))
        if not quiet:
            say("simulate.begins", begin=_city_time(begin), speed=speed)
        reports = simulation.coming(city, categories, begin, f"sim-{uuid4().hex[:8]}")
        try:
            await simulation.live(dispatcher, reports, begin, speed, told)
        finally:
            if not quiet:
                say("simulate.ended", total=total)


def _city_time(moment: datetime) -> str:
    return f"{moment.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
