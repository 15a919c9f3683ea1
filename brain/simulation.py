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

WINDOW_DAYS = 30
"""The city's future is made by so many days at a time."""

EVENING_S = 18 * 3600


@dataclass(frozen=True, slots=True)
class Report:
    """One incident to be told: when, in seconds of the city's Unix time, and the body of its request."""

    at: int
    body: dict[str, Any]


def coming(city: DemoCity, categories: Sequence[tuple[str, str, str]], begin: datetime, mark: str) -> Iterator[Report]:
    """What happens after `begin`, in the order of time, without end. `mark` begins its source ids."""
    for window in count():
        start = begin + timedelta(days=window * WINDOW_DAYS)
        history = History(city, categories, start + timedelta(days=WINDOW_DAYS), WINDOW_DAYS, city.seed + 1 + window)
        for number in range(len(history)):
            part = history.part(number)
            for row in range(len(part)):
                body = {
                    "source": part.source[row],
                    "source_id": f"{mark}-{part.source_id[row]}",
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


async def signed_in(client: httpx.AsyncClient, login: str, password: str) -> None:
    """Opens a session. Raises Unready where nobody answers, Unauthenticated where the account is refused."""
    try:
        answer = await client.post("/api/session", json={"login": login, "password": password})
    except httpx.TransportError as fault:
        raise Unready("simulate.unreachable", url=str(client.base_url), reason=str(fault)) from fault
    if answer.status_code != httpx.codes.OK:
        raise Unauthenticated("account.sign_in_failed")


async def categories_of(client: httpx.AsyncClient) -> list[tuple[str, str, str]]:
    """Taxonomy, code and name of what can be reported."""
    found = []
    for taxonomy in TAXONOMIES.values():
        answer = (await client.get("/api/categories", params={"taxonomy": taxonomy})).raise_for_status()
        found += [(taxonomy, row["code"], row["name"]) for row in answer.json()]
    return found


async def tell(
    client: httpx.AsyncClient, reports: Iterator[Report], begin: datetime, speed: float, told: Callable[[int], None]
) -> None:
    """Sends each report at its time, the city's clock running `speed` times as fast as ours; until cancelled.

    `told` is given the number of incidents that were taken in each time.
    """
    async for due in _due(reports, begin.timestamp(), speed):
        lines = "\n".join(json.dumps(report.body, ensure_ascii=False) for report in due)
        try:
            answer = await client.post(
                "/api/incidents/batch", content=lines.encode(), headers={"content-type": "application/x-ndjson"}
            )
        except httpx.TransportError as fault:
            raise Unready("simulate.unreachable", url=str(client.base_url), reason=str(fault)) from fault
        told(answer.raise_for_status().json()["accepted"])


async def _due(reports: Iterator[Report], begin: float, speed: float) -> AsyncIterator[list[Report]]:
    """What is due at each tick, where something is."""
    started = time.monotonic()
    following = await asyncio.to_thread(next, reports)
    while True:
        await asyncio.sleep(max(TICK_S, (following.at - begin) / speed - (time.monotonic() - started)))
        now = begin + (time.monotonic() - started) * speed
        due = []
        while following.at <= now:
            due.append(following)
            following = await asyncio.to_thread(next, reports)
        if due:
            yield due
