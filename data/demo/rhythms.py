"""When things happen in the demo city: hours, weekdays, seasons, feasts of the lunar calendar, rain; and working time.

Days are numbered from 1970-01-01, all in China's one time, UTC+8; moments are seconds of Unix time.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.demo.division import Floats, Ints

DAY_S = 86_400
ZONE_S = 8 * 3600
YEAR_DAYS = 365
THURSDAY = 3
"""The weekday of day 0, Monday being 0."""

SATURDAY = 5
WEATHER_FROM = 19_000
"""The day, in January 2022, from which on there is weather: so a day has the same one in every calendar."""

OPENS_S, SHUTS_S = 8 * 3600 + 1800, 17 * 3600 + 1800
"""Working hours of a working day."""

WORKING_S = SHUTS_S - OPENS_S
HOLIDAYS = ("spring", "qingming", "dragon_boat", "mid_autumn", "national")
WET_AFTER_WET, WET_AFTER_DRY = 1.5, 0.7
"""Rainy days come together: by how much yesterday's weather changes today's chance."""

STORM_HOURS = np.array([3, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 5, 7, 9, 11, 12, 12, 11, 9, 7, 6, 5, 4, 3])
"""Chances by hour that a day's rain is heaviest: in the afternoon."""

RAIN_SCALE_MM = 20.0
"""A kind of incident is more frequent by its `rain` times the day's millimetres over these."""


LEAST_IN_RAIN = 0.15
"""Of what happens on a dry day, so much happens in the heaviest rain."""


@cache
def invented() -> dict[str, Any]:
    """The tables of `history.toml`."""
    return tomllib.loads(resources.files(__package__).joinpath("history.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days from `first` on: of each its weekday (Monday 0), month (January 0), feast, and weather."""

    first: int
    weekday: Ints
    month: Ints
    feast: list[str | None]
    rain_mm: Floats
    storm_hour: Ints
    """When it rains most."""

    is_working: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.weekday)


def local_day(moment: int) -> int:
    """The day that a moment falls on."""
    return (moment + ZONE_S) // DAY_S


def make_calendar(first: int, days: int, province: str, seed: int) -> Calendar:
    """So many days; `province` is the first two digits of the city's code. By seed, a day has one weather."""
    before = first - WEATHER_FROM
    number = WEATHER_FROM + np.arange(before + days)
    weekday = (number + THURSDAY) % 7
    month = number.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    feast = _feasts(first, days, province)
    climate = invented()["climate"][province]
    chance, millimetres = np.array(climate["chance"])[month], np.array(climate["millimetres"])[month]
    chances, amounts, hours = (np.random.default_rng([seed, 31, quantity]) for quantity in range(3))
    dice, amount = chances.random(len(number)).tolist(), amounts.exponential(1.0, len(number))
    wet: list[bool] = []
    for day, likely in enumerate(chance.tolist()):
        wet.append(dice[day] < likely * (WET_AFTER_WET if day and wet[day - 1] else WET_AFTER_DRY))
    storm_hour = hours.choice(24, len(number), p=STORM_HOURS / STORM_HOURS.sum())
    rain_mm = np.where(wet, millimetres * amount, 0.0)
    here = slice(before, None)
    is_working = (weekday[here] < SATURDAY) & ~np.array([name in HOLIDAYS for name in feast])
    return Calendar(first, weekday[here], month[here], feast, rain_mm[here], storm_hour[here], is_working)


def _feasts(first: int, days: int, province: str) -> list[str | None]:
    found: list[str | None] = [None] * days
    for name, feast in invented()["festivals"].items():
        if feast.get("only", province) != province:
            continue
        for begins in feast["on"]:
            day = (date.fromisoformat(begins) - date(1970, 1, 1)).days - first
            for place in range(max(0, day), min(days, day + feast["days"])):
                found[place] = name
    return found


def next_day_of(feast: str, province: str, after: int) -> int | None:
    """The next first day of a feast from day `after` on, or None where it is not kept or not known."""
    known = invented()["festivals"][feast]
    if known.get("only", province) != province:
        return None
    days = ((date.fromisoformat(begins) - date(1970, 1, 1)).days for begins in known["on"])
    return next((day for day in days if day >= after), None)


def expected(kinds: list[dict[str, Any]], calendar: Calendar, days: int) -> Floats:
    """How many incidents of each kind on each of the first days (kinds, days), in parts of what an average day has."""
    tables = invented()
    usual = tables["festival_weight"]
    rain = calendar.rain_mm[:days] / RAIN_SCALE_MM
    found = np.empty((len(kinds), days))
    for row, kind in enumerate(kinds):
        weights = usual | kind.get("festival", {})
        found[row] = (
            kind["share"]
            * _even(tables["weeks"][kind["week"]])[calendar.weekday[:days]]
            * _even(tables["seasons"][kind["season"]])[calendar.month[:days]]
            * np.array([weights[feast] if feast else 1.0 for feast in calendar.feast[:days]])
            * np.maximum(LEAST_IN_RAIN, 1 + kind["rain"] * rain)
        )
        if kind["rain"] > 1:  # it hardly happens without rain: its share is that of the year, wet days and dry ones
            found[row] *= kind["share"] * days / found[row].sum()
    return np.asarray(found / (found.sum() / days))


def _even(weights: list[float]) -> Floats:
    """Scaled to a mean of one."""
    return np.asarray(weights, dtype=np.float64) / float(np.mean(weights))


def hours_of(kinds: list[dict[str, Any]], kind: Ints, storm_hour: Ints, random: np.random.Generator) -> Floats:
    """For each incident the hour of its day, with fractions; what rain brings follows the storm of the day."""
    chances = np.array([invented()["hours"].get(one["hours"], [1] * 24) for one in kinds], dtype=np.float64)
    upto = chances.cumsum(axis=1) / chances.sum(axis=1, keepdims=True)
    dice = random.random(len(kind))
    found = (dice[:, None] >= upto[kind]).sum(axis=1) + random.random(len(kind))
    of_rain = np.array([one["hours"] == "rain" for one in kinds])[kind]
    after = np.minimum(storm_hour + random.exponential(2.0, len(kind)), 23.99)
    return np.asarray(np.where(of_rain, after, found))


class WorkingTime:
    """Moments as seconds of working time since the calendar's first day, and back."""

    def __init__(self, calendar: Calendar) -> None:
        self._first = calendar.first
        self._working = np.flatnonzero(calendar.is_working)
        self._before = np.concatenate([[0], np.cumsum(calendar.is_working)])

    def later(self, moments: Ints, seconds: Floats) -> Ints:
        """Each moment so many seconds of working time later; the calendar must reach that far."""
        worked = self._until(moments) + np.maximum(seconds, 1.0).astype(np.int64)
        # A moment that ends a working day is that day's, not the next one's: hence the last second is left out.
        full = (worked - 1) // WORKING_S
        found = (self._first + self._working[full]) * DAY_S + OPENS_S + (worked - full * WORKING_S) - ZONE_S
        return np.asarray(np.maximum(found, moments + 1))

    def between(self, begin: Ints, end: Ints) -> Ints:
        """Seconds of working time from one moment to another."""
        return self._until(end) - self._until(begin)

    def _until(self, moments: Ints) -> Ints:
        local = moments + ZONE_S - self._first * DAY_S
        day, second = local // DAY_S, local % DAY_S
        today = np.clip(second - OPENS_S, 0, WORKING_S) * (self._before[day + 1] - self._before[day])
        return np.asarray(self._before[day] * WORKING_S + today)
