"""The living city: what happens from now on in a demo city, told to its installation over HTTP as its clients would."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from data.demo.city import DemoCity
from data.demo.history import TAXONOMIES, History
from data.demo.rhythms import DAY_S, ZONE_S, local_day, next_day_of
from data.errors import NotFound, Unauthenticated, Unready

TICK_S = 1.0
"""What is due within this time is sent together."""

MOST_AT_ONCE = 5_000

WINDOW_DAYS = 30
"""The city's future is made by so many days at a time."""

RETRY_S = 5.0
"""Between two attempts to reach an installation that answered before."""

JSON_LINES = {"content-type": "application/x-ndjson"}

EVENING_S = 18 * 3600


@dataclass(frozen=True, slots=True)
class Report:
    """One incident to be told: when, in seconds of the city's Unix time, and the body of its request."""

    at: int
    body: dict[str, Any]


def coming(city: DemoCity, categories: Sequence[tuple[str, str, str]], begin: datetime, mark: str) -> Iterator[Report]:
    """What happens after `begin`, in the order of time, without end; `mark` tells its source ids from all others.

    The same city as in its past: hot spots and weather go on.
    """
    for window in count():
        start = begin + timedelta(days=window * WINDOW_DAYS)
        history = History(city, categories, start + timedelta(days=WINDOW_DAYS), WINDOW_DAYS, city.seed)
        for number in range(len(history)):
            part = history.part(number)
            for row in range(len(part)):
                body = {
                    "source": part.source[row],
                    "source_id": f"{mark}-{window}-{part.source_id[row]}",
                    "taxonomy": part.taxonomy[row],
                    "category": part.category[row],
                    "title": part.title[row],
                    "description": part.description[row],
                    "place": part.place[row],
                    "x": part.points[row, 0].item(),
                    "y": part.points[row, 1].item(),
                }
                yield Report(int(part.reported_at[row]), body)


def begin_of(city: DemoCity, scenario: str | None, now: datetime) -> datetime:
    """When the city's time begins: now, or on the next evening of a feast. Raises NotFound where there is none."""
    if scenario is None:
        return now
    day = next_day_of(scenario, city.plan.place.city[0][:2], local_day(int(now.timestamp())))
    if day is None:
        raise NotFound("simulate.no_scenario", scenario=scenario)
    return datetime.fromtimestamp(day * DAY_S - ZONE_S + EVENING_S, UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What an installation made of some reports."""

    accepted: int
    known: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """A client of an installation, with the account that it signs in with."""

    client: httpx.AsyncClient
    login: str
    password: str

    async def sign_in(self) -> None:
        """Opens a session. Raises Unready where nobody answers, Unauthenticated where the account is refused."""
        try:
            answer = await self.client.post("/api/session", json={"login": self.login, "password": self.password})
        except httpx.TransportError as fault:
            raise Unready("simulate.unreachable", url=str(self.client.base_url), reason=str(fault)) from fault
        if answer.status_code != httpx.codes.OK:
            raise Unauthenticated("account.sign_in_failed")

    async def categories(self) -> list[tuple[str, str, str]]:
        """Taxonomy, code and name of what can be reported."""
        found = []
        for taxonomy in TAXONOMIES.values():
            answer = (await self.client.get("/api/categories", params={"taxonomy": taxonomy})).raise_for_status()
            found += [(taxonomy, row["code"], row["name"]) for row in answer.json()]
        return found

    async def tell(self, reports: Sequence[Report]) -> Told:
        """Sends reports, again and again while the installation is away, with a new session where the old one ended.

        Raises Unready where it does not take them.
        """
        body = "\n".join(json.dumps(report.body, ensure_ascii=False) for report in reports).encode()
        while True:
            try:
                answer = await self.client.post("/api/incidents/batch", content=body, headers=JSON_LINES)
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    await self.sign_in()
                    continue
            except (httpx.TransportError, Unready):
                await asyncio.sleep(RETRY_S)
                continue
            if answer.is_server_error:
                await asyncio.sleep(RETRY_S)
                continue
            if answer.is_error:
                raise Unready("simulate.refused", status=answer.status_code, reason=answer.text)
            found = answer.json()
            return Told(found["accepted"], found["known"], found["rejected"])


async def live(
    dispatcher: Dispatcher,
    reports: Iterator[Report],
    begin: datetime,
    speed: float,
    told: Callable[[datetime, Told], None],
) -> None:
    """Sends each report at its time, the city's clock running `speed` times as fast as ours; until cancelled.

    `told` is given what was made of what was due each time, and the city's time of the last of it.
    """
    async for due in _due(reports, begin.timestamp(), speed):
        told(datetime.fromtimestamp(due[-1].at, UTC), await dispatcher.tell(due))


async def _due(reports: Iterator[Report], begin: float, speed: float) -> AsyncIterator[list[Report]]:
    """What is due at each tick, where something is."""
    started = time.monotonic()
    following = await asyncio.to_thread(next, reports)
    while True:
        await asyncio.sleep(max(TICK_S, (following.at - begin) / speed - (time.monotonic() - started)))
        now = begin + (time.monotonic() - started) * speed
        due: list[Report] = []
        while following.at <= now and len(due) < MOST_AT_ONCE:
            due.append(following)
            following = await asyncio.to_thread(next, reports)
        if due:
            yield due
