"""The demo city's past: every incident of up to a year, where and when it happened, in whose words, and its whole log.

It comes in parts of some days, each made by itself from the seed, so that any part can be made again, and the largest
city's year needs no more memory than one part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from data.demo.city import DemoCity
from data.demo.division import Floats, Ints
from data.demo.rhythms import (
    DAY_S,
    YEAR_DAYS,
    ZONE_S,
    WorkingTime,
    expected,
    hours_of,
    invented,
    local_day,
    make_calendar,
)
from data.demo.spots import HOT_SPOTS, Ground, Spots
from data.demo.texts import Subject, places, texts
from data.demo.walks import Walks, choose_routes, routes, walk
from data.demo.words import words

A_DAY_A_HOUSEHOLD = 5400 / 9_899_900
"""Chengdu's incidents a day by its households."""

PART_ROWS = 20_000
"""About so many incidents in a part."""

AFTER_DAYS = 400
"""How far the calendar reaches beyond the end: what is not done by then takes no longer."""

AGAIN_SHARE = 0.08
"""Of incidents, at the place of one of the same kind some days before."""

OUTSIDE_SHARE = 0.001
TAXONOMIES = {
    "matters": "gbt47678.5-2026-matters",
    "components": "gbt47678.5-2026-components",
    "social": "local-social",
}
"""What `history.toml` calls them."""

PATROL, HOTLINE, CITIZEN, CAMERA, SENSOR = range(5)
"""Sources, in the order of `history.toml`."""

SEEN_BEFORE_S = (240, 1500, 900, 20, 5)
"""By source: about how long after it happened it is told."""

TELLERS = ("system", "12345热线", "市民", "视频智能识别", "物联感知")
"""Who reports, by source; the first place is the system's, a grid worker has a name."""


@dataclass(frozen=True, slots=True)
class Part:
    """The incidents of some days, by the time of their report, in columns; moments are seconds of Unix time.

    `points` is EPSG:4326. `closed_at` is −1 where the incident is open. Of each event `walks` says which incident and
    when; `actions`, `actors` and `reasons` (None for most) have one entry an event.
    """

    source: list[str]
    source_id: list[str]
    taxonomy: list[str]
    category: list[str]
    title: list[str]
    description: list[str]
    place: list[str]
    state: list[str]
    occurred_at: Ints
    reported_at: Ints
    closed_at: Ints
    points: Floats
    kind: Ints
    """Which of `History.kinds`."""

    walks: Walks
    actions: list[str]
    actors: list[str]
    reasons: list[str | None]

    def __len__(self) -> int:
        return len(self.source)


class History:
    """The last `days` (at most YEAR_DAYS) before `end`; the same city, categories, end and seed give the same ones.

    `categories` are taxonomy, code and name, of the taxonomies of TAXONOMIES. Raises ValueError on more days.
    """

    def __init__(
        self, city: DemoCity, categories: Sequence[tuple[str, str, str]], end: datetime, days: int, seed: int
    ) -> None:
        if not 0 <= days <= YEAR_DAYS:
            raise ValueError(f"a history has 0 to {YEAR_DAYS} days, not {days}")
        self._city, self._seed = city, seed
        self.end = int(end.timestamp())
        self.start = self.end - days * DAY_S
        self.kinds: list[dict[str, Any]] = invented()["kind"]
        self._subjects = _subjects(self.kinds, categories)
        province = city.plan.place.city[0][:2]
        first = local_day(self.end - YEAR_DAYS * DAY_S)
        self.calendar = make_calendar(first, YEAR_DAYS + 1 + AFTER_DAYS, province, seed)
        self.working = WorkingTime(self.calendar)
        a_day = city.plan.place.households * A_DAY_A_HOUSEHOLD
        self._counts = np.random.default_rng([seed, 33]).poisson(
            a_day * expected(self.kinds, self.calendar, YEAR_DAYS + 1)
        )
        self._ground = Ground(city, seed, max(8, round(HOT_SPOTS * a_day / 100)))
        actors, self._first_actor = _actors(city)
        self._actors = np.array(actors, dtype=object)
        step = max(1, round(PART_ROWS / a_day))
        earliest = local_day(self.start)
        self._parts = [
            (day, min(day + step, first + YEAR_DAYS + 1)) for day in range(earliest, first + YEAR_DAYS + 1, step)
        ]

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._parts)

    @property
    def about(self) -> int:
        """How many incidents there are, within a day's."""
        return int(self._counts[:, self._parts[0][0] - self.calendar.first :].sum())

    def first_source_id(self, number: int) -> str:
        """The source id of a part's first incident: whether it is there says whether the part is."""
        return self._source_id(number, 0)

    def part(self, number: int) -> Part:
        """One of the parts. It may be empty."""
        random = np.random.default_rng([self._seed, 34, self._parts[number][0]])
        kind, reported_at = self._when(*self._parts[number], random)
        source = self._sources(kind, random)
        spots = self._where(kind, reported_at, self._parts[number], random)
        urgent = np.array([one.get("urgent", False) for one in self.kinds])[kind]
        limit_s = np.array([one["limit_h"] * 3600.0 for one in self.kinds])[kind]
        route = choose_routes(source == PATROL, urgent, random)
        walks = walk(route, reported_at, limit_s, urgent, self.working, self.end, random)
        which = random.integers(1 << 30, size=len(kind)).tolist()
        chosen = [
            one[dice % len(one)] for one, dice in zip((self._subjects[k] for k in kind.tolist()), which, strict=True)
        ]
        effects = [self.kinds[k]["effect"] for k in kind.tolist()]
        where = places(self._city, spots)
        titles, descriptions = texts(chosen, effects, source, where, random)
        deeds = routes().deeds
        before = random.exponential(np.array(SEEN_BEFORE_S)[source]).astype(np.int64)
        return Part(
            [invented()["sources"]["names"][by] for by in source.tolist()],
            [self._source_id(number, row) for row in range(len(kind))],
            [subject.taxonomy for subject in chosen],
            [subject.code for subject in chosen],
            titles,
            descriptions,
            where[1],
            [deeds[last].to_state for last in walks.last.tolist()],
            reported_at - before,
            reported_at,
            walks.closed_at,
            self._city.terrain.lonlat(spots.points),
            kind,
            walks,
            [deeds[deed].action for deed in walks.deed.tolist()],
            self._who(walks, kind, source, spots.cell),
            _reasons(walks, random),
        )

    def _source_id(self, number: int, row: int) -> str:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=self._parts[number][0])
        return f"demo-{day:%Y%m%d}-{row + 1:05d}"

    def _when(self, first: int, after: int, random: np.random.Generator) -> tuple[Ints, Ints]:
        """Kinds and times of the days from `first` on, in the order of time, within the history's bounds."""
        low = first - self.calendar.first
        counts = self._counts[:, low : low + after - first]
        kind, day = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
        hours = hours_of(self.kinds, kind, self.calendar.storm_hour[low + day], random)
        moment = (first + day) * DAY_S - ZONE_S + (hours * 3600).astype(np.int64)
        order = np.argsort(moment, kind="stable")
        order = order[(moment[order] > self.start) & (moment[order] <= self.end)]
        return kind[order], moment[order]

    def _sources(self, kind: Ints, random: np.random.Generator) -> Ints:
        tables = invented()["sources"]
        chances = np.array([tables[one["sources"]] for one in self.kinds], dtype=np.float64)
        upto = chances.cumsum(axis=1) / chances.sum(axis=1, keepdims=True)
        return np.asarray((random.random(len(kind))[:, None] >= upto[kind]).sum(axis=1))

    def _where(self, kind: Ints, reported_at: Ints, days: tuple[int, int], random: np.random.Generator) -> Spots:
        """A place for each; some are those of an incident of the same kind shortly before."""
        order = np.argsort(kind, kind="stable")
        bounds = np.searchsorted(kind[order], np.arange(len(self.kinds) + 1))
        drawn = [
            self._ground.draw(one["place"], number, int(bounds[number + 1] - bounds[number]), random)
            for number, one in enumerate(self.kinds)
        ]
        spots = Spots.joined(drawn)
        a_day = np.diff(bounds) / (days[1] - days[0])
        place = np.arange(len(order))
        back = 1 + (random.random(len(order)) * 3 * a_day[kind[order]]).astype(np.int64)
        again = (random.random(len(order)) < AGAIN_SHARE) & (place - back >= bounds[kind[order]])
        spots.put(np.flatnonzero(again), spots.take((place - back)[again]))
        found = spots.take(np.argsort(order, kind="stable"))
        beyond = np.flatnonzero(random.random(len(kind)) < OUTSIDE_SHARE)
        found.put(beyond, self._ground.outside(len(beyond), random))
        return found

    def _who(self, walks: Walks, kind: Ints, source: Ints, cell: Ints) -> list[str]:
        """The name of who did each deed."""
        plan = self._city.plan
        grid = plan.micro_grids.parent[cell]
        community = plan.grids.parent[grid]
        first = self._first_actor
        worker = first["grid_worker"] + grid
        lines = [line["code"] for line in words()["line"]]
        bureau = np.array([lines.index(one["line"]) for one in self.kinds])[kind]
        by_role = {
            "system": np.zeros(len(kind), dtype=np.int64),
            "reporter": np.where(source == PATROL, worker, source),
            "grid_worker": worker,
            "dispatcher": first["dispatcher"] + plan.communities.parent[community],
            "handler": first["handler"] + bureau,
        }
        roles = list(by_role)
        of_role = np.stack(list(by_role.values()))
        role = np.array([roles.index(deed.who) for deed in routes().deeds])[walks.deed]
        return list(self._actors[of_role[role, walks.incident]])


def _subjects(kinds: list[dict[str, Any]], categories: Sequence[tuple[str, str, str]]) -> list[list[Subject]]:
    """What each kind can be about. A kind without codes has every category that no other kind has."""
    names = {(taxonomy, code): name for taxonomy, code, name in categories}
    named = {(TAXONOMIES[kind["taxonomy"]], code) for kind in kinds for code in kind["codes"]}
    found = []
    for kind in kinds:
        taxonomy = TAXONOMIES[kind["taxonomy"]]
        rest = [code for known, code in names if known == taxonomy and (known, code) not in named]
        texts_of = kind["codes"] or dict.fromkeys(rest, kind.get("what", ()))
        found.append(
            [
                Subject.of(taxonomy, code, names[taxonomy, code], text)
                for code, many in texts_of.items()
                for text in many
            ]
        )
    return found


def _actors(city: DemoCity) -> tuple[list[str], dict[str, int]]:
    """Everybody who does something, and where those of each role begin: workers by grid, centres by subdistrict."""
    _, title = city.plan.place.district or city.plan.place.city
    units, grids = city.units, len(city.plan.grids)
    workers = [""] * grids
    for grid, name in zip(units.grid.tolist(), units.names, strict=True):
        if grid >= 0:
            workers[grid] = f"网格员{name}"
    groups = {
        "": list(TELLERS),
        "handler": [f"{title}{line['bureau']}" for line in words()["line"]],
        "dispatcher": [f"{name}综合治理中心" for name in city.codes.subdistrict_names],
        "grid_worker": workers,
    }
    found: list[str] = []
    first = {}
    for role, names in groups.items():
        first[role] = len(found)
        found += names
    return found, first


def _reasons(walks: Walks, random: np.random.Generator) -> list[str | None]:
    known = invented()["reasons"]
    of_deed = [known.get(deed.action) for deed in routes().deeds]
    dice = random.integers(1 << 20, size=len(walks.deed)).tolist()
    reasons = ((of_deed[deed], place) for deed, place in zip(walks.deed.tolist(), dice, strict=True))
    return [choice[place % len(choice)] if choice else None for choice, place in reasons]
