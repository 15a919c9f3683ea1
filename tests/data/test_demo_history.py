"""The demo city's invented past: it has the rhythms that it should have, and every incident walked by the table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.demo import history as demo_history
from data.demo.city import DemoCity, make_city
from data.demo.history import TAXONOMIES, History, Part
from data.demo.rhythms import (
    DAY_S,
    OPENS_S,
    SHUTS_S,
    ZONE_S,
    WorkingTime,
    invented,
    local_day,
    make_calendar,
    next_day_of,
)
from data.demo.walks import routes
from data.dictionaries.transitions import state_after, states

END = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KINDS = [kind["name"] for kind in invented()["kind"]]


def known_categories() -> list[tuple[str, str, str]]:
    """Taxonomy, code and name of everything that the product ships."""
    shipped = {("gbt47678_5_2026.tsv", "管理事项"): "matters", ("gbt47678_5_2026.tsv", "管理部件"): "components"}
    shipped["local_social.tsv", "管理事项"] = "social"
    found = []
    for file, kind in shipped:
        text = resources.files("data.dictionaries").joinpath(file).read_text("utf-8")
        rows = csv.DictReader(text.splitlines(), delimiter="\t")
        taxonomy = TAXONOMIES[shipped[file, kind]]
        found += [(taxonomy, row["code5"], row["name"]) for row in rows if row["kind"] == kind]
    return found


@pytest.fixture(scope="module")
def chancheng() -> DemoCity:
    """The city that the demo shows first."""
    return make_city("chancheng", 1)


@pytest.fixture(scope="module")
def year(chancheng: DemoCity) -> History:
    """Its last year."""
    return History(chancheng, known_categories(), END, 365, 1)


@pytest.fixture(scope="module")
def parts(year: History) -> list[Part]:
    """All of it."""
    return [year.part(number) for number in range(len(year))]


def of_kind(parts: list[Part], *names: str) -> Any:
    """When incidents of these kinds were reported, in local seconds of Unix time."""
    kinds = [KINDS.index(name) for name in names]
    return np.concatenate([part.reported_at[np.isin(part.kind, kinds)] for part in parts]) + ZONE_S


def share_in(hours: Collection[int], moments: Any) -> float:
    """How many of these moments lie in these hours of the day."""
    return float(np.isin(moments // 3600 % 24, list(hours)).mean())


def logs(part: Part) -> Iterator[tuple[int, list[str]]]:
    """Each incident with its actions, oldest first."""
    pairs = zip(part.walks.incident.tolist(), part.actions, strict=True)
    for incident, deeds in groupby(pairs, key=lambda pair: pair[0]):
        yield incident, [action for _, action in deeds]


def test_a_year_has_the_incidents_of_a_city_of_that_size(year: History, parts: list[Part]) -> None:
    """As many by household as Chengdu's 1.977 million."""
    count = sum(map(len, parts))
    assert count == pytest.approx(480_000 / 9_899_900 * 1_977_000, rel=0.02)
    assert year.about == pytest.approx(count, rel=0.01)
    moments = np.concatenate([part.reported_at for part in parts])
    assert (np.diff(moments) >= 0).all()
    assert (moments.min() > year.start, moments.max() <= year.end) == (True, True)


def test_every_log_is_a_legal_walk_to_the_state_that_the_incident_is_in(year: History, parts: list[Part]) -> None:
    """In order of time, from the report on, not beyond the history's end; closed exactly where the state is a closed one."""
    for part in parts:
        seen = 0
        for incident, deeds in logs(part):
            assert incident == seen
            seen += 1
            assert state_after(deeds) == part.state[incident]
        assert seen == len(part)
        walks = part.walks
        first = np.concatenate([[True], walks.incident[1:] != walks.incident[:-1]])
        assert (walks.at[first] == part.reported_at).all()
        assert (np.diff(walks.at)[~first[1:]] > 0).all()
        assert walks.at.max() <= year.end
        assert ((part.closed_at >= 0) == [states()[state].is_closed for state in part.state]).all()
        assert (part.closed_at[part.closed_at >= 0] > part.reported_at[part.closed_at >= 0]).all()
        assert (part.occurred_at <= part.reported_at).all()


def test_some_are_late_reworked_suspended_returned_or_handled_on_the_spot(year: History, parts: list[Part]) -> None:
    """About as many as in a real city; some are open at the end, and more of the last days than of the rest."""
    count = sum(map(len, parts))
    done = Counter(action for part in parts for action in part.actions)
    about = {"fail_check": 0.04, "suspend": 0.02, "request_return": 0.03, "self_handle": 0.12}
    for action, share in about.items():
        assert done[action] / count == pytest.approx(share, rel=0.3), action
    ended = Counter(state for part in parts for state in part.state)
    out = sum(ended[state] for state in ("verify_failed", "rejected", "merged", "not_registered", "void"))
    assert out / count == pytest.approx(0.05, rel=0.3)
    assert late(year, parts) == pytest.approx(0.1, abs=0.03)
    is_open = np.concatenate([part.closed_at < 0 for part in parts])
    moments = np.concatenate([part.reported_at for part in parts])
    recent = moments > year.end - DAY_S
    assert is_open[recent].mean() > 0.2 > 0.01 > is_open[~recent].mean() > 0


def late(year: History, parts: list[Part]) -> float:
    """Of those that were handled, the share whose limit had passed since they were dispatched."""
    deeds = np.array([deed.action for deed in routes().deeds])
    limit = np.array([kind["limit_h"] * 3600 for kind in year.kinds])
    urgent = np.array([kind.get("urgent", False) for kind in year.kinds])
    found = []
    for part in parts:
        walks = part.walks
        begun, done = (np.full(len(part), -1) for _ in range(2))
        for action, times in (("dispatch", begun), ("finish", done)):
            rows = np.flatnonzero(deeds[walks.deed] == action)[::-1]  # of several the first
            times[walks.incident[rows]] = walks.at[rows]
        handled = done >= 0
        begun, done, kind = begun[handled], done[handled], part.kind[handled]
        took = np.where(urgent[kind], done - begun, year.working.between(begun, done))
        found.append(took > limit[kind])
    return float(np.concatenate(found).mean())


def test_each_hour_has_its_own(parts: list[Part]) -> None:
    """Noise at night, garbage in the morning, parking at the rush hours."""
    night, morning, rush = [*range(20, 24), 0, 1, 2], range(6, 11), [7, 8, 17, 18]
    noise, garbage, parking = (of_kind(parts, name) for name in ("noise", "garbage", "parking"))
    assert share_in(night, noise) > 2 * share_in(night, garbage)
    assert share_in(morning, garbage) > 2 * share_in(morning, noise)
    assert share_in(rush, parking) > 1.25 * share_in(rush, garbage)


def test_each_season_and_weekday_has_its_own(parts: list[Part]) -> None:
    """Mosquitoes in summer, fire in the dry months, parking on workdays, noise at weekends."""

    def month(moments: Any) -> Any:
        return moments.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12 + 1

    summer, winter = [6, 7, 8, 9], [11, 12, 1, 2]
    dengue, fire = month(of_kind(parts, "dengue")), month(of_kind(parts, "wildfire", "house_fire"))
    assert np.isin(dengue, summer).sum() > 4 * np.isin(dengue, winter).sum()
    assert np.isin(fire, winter).sum() > 2 * np.isin(fire, summer).sum()

    def weekend(moments: Any) -> float:
        return float(np.isin((moments // DAY_S + 3) % 7, [5, 6]).mean())

    assert weekend(of_kind(parts, "noise")) > 2 / 7 > 1.4 * weekend(of_kind(parts, "parking"))


def test_floods_come_after_rain_and_crowds_on_the_day_of_the_procession(year: History, parts: list[Part]) -> None:
    """On dry days hardly any; the sixteenth of the first lunar month is the day of the bridges."""
    calendar = year.calendar
    flood = of_kind(parts, "flood") // DAY_S - calendar.first
    assert calendar.rain_mm[flood].mean() > 2 * calendar.rain_mm[:366].mean()
    assert (calendar.rain_mm[flood] == 0).mean() < 0.1 < (calendar.rain_mm[:366] == 0).mean()
    hour = of_kind(parts, "flood") // 3600 % 24
    assert (hour >= calendar.storm_hour[flood]).all()
    crowd, count = np.unique(of_kind(parts, "crowd") // DAY_S, return_counts=True)
    busiest = np.datetime64("1970-01-01") + crowd[count.argmax()]
    assert busiest == np.datetime64("2026-03-04")
    rainy = calendar.rain_mm[:366] * np.isin(calendar.month[:366], range(4, 9))
    assert rainy.sum() > calendar.rain_mm[:366].sum() / 2


def test_some_places_see_it_again_and_again(parts: list[Part]) -> None:
    """A few places have much; and what was reported is often reported again within days."""
    places = Counter((x, y) for part in parts for x, y in part.points.tolist())
    often = sum(count for _, count in places.most_common(len(places) // 100))
    assert often > 0.15 * sum(places.values())


def test_what_is_told_is_varied_and_of_a_known_category(parts: list[Part]) -> None:
    """Nearly all of the three dictionaries are met; no text is empty or unfilled; source ids are never the same."""
    known = {(taxonomy, code) for taxonomy, code, _ in known_categories()}
    met = {pair for part in parts for pair in zip(part.taxonomy, part.category, strict=True)}
    assert met <= known
    assert len(met) > 0.95 * len(known)
    descriptions = [text for part in parts for text in part.description]
    assert len(set(descriptions)) > 0.9 * len(descriptions)
    everything = descriptions + [text for part in parts for text in part.title + part.place]
    assert all(text and "{" not in text and "|" not in text for text in everything)
    assert len({name for part in parts for name in part.source_id}) == len(descriptions)
    assert {source for part in parts for source in part.source} == set(invented()["sources"]["names"])
    assert all(actor for part in parts for actor in part.actors)


def test_the_same_seed_gives_the_same_past(chancheng: DemoCity, year: History, parts: list[Part]) -> None:
    """Any part by itself, and another day; a shorter history is as dense, another seed another past."""
    again = History(chancheng, known_categories(), END, 365, 1).part(2)
    for field in fields(Part):
        one, other = getattr(again, field.name), getattr(parts[2], field.name)
        if field.name == "walks":
            assert all((getattr(one, name.name) == getattr(other, name.name)).all() for name in fields(one))
        else:
            assert np.array_equal(one, other), field.name
    assert History(chancheng, known_categories(), END, 365, 2).part(2).title != again.title
    assert History(chancheng, known_categories(), END, 30, 1).about < year.about / 8


@pytest.mark.parametrize("days", [-1, 366])
def test_a_history_has_at_most_a_year(chancheng: DemoCity, days: int) -> None:
    """Nothing else is known."""
    with pytest.raises(ValueError, match="365"):
        History(chancheng, [], END, days, 1)


def test_no_days_are_no_incidents(chancheng: DemoCity) -> None:
    """Nor any log."""
    nothing = History(chancheng, known_categories(), END, 0, 1)
    assert [(len(nothing.part(number)), nothing.part(number).actions) for number in range(len(nothing))] == [(0, [])]


def test_parts_are_of_some_days(chancheng: DemoCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller ones hold about as much together; all their ids differ."""
    monkeypatch.setattr(demo_history, "PART_ROWS", 500)
    small = History(chancheng, known_categories(), END, 20, 1)
    found = [small.part(number) for number in range(len(small))]
    assert len(found) > 5
    assert sum(map(len, found)) == pytest.approx(small.about, rel=0.1)
    ids = [name for part in found for name in part.source_id]
    assert len(set(ids)) == len(ids)
    assert [part.source_id[0] for part in found] == [small.first_source_id(number) for number in range(len(found))]


def test_the_next_day_of_a_feast_is_known() -> None:
    """Of the procession over the bridges, in Foshan; not in Chengdu, nor beyond the years that are listed."""
    today = local_day(int(END.timestamp()))
    day = next_day_of("xingtongji", "44", today)
    assert day is not None
    assert date(1970, 1, 1) + timedelta(days=day) == date(2027, 2, 21)
    assert next_day_of("xingtongji", "44", day) == day
    assert next_day_of("xingtongji", "51", today) is None
    assert next_day_of("xingtongji", "44", day + 40_000) is None


@given(st.integers(0, 300 * DAY_S), st.integers(1, 60 * (SHUTS_S - OPENS_S)))
def test_working_time_passes_on_working_days_only(after: int, seconds: int) -> None:
    """Later by so much working time, and there a working hour; the way back says the same."""
    calendar = make_calendar(20_000, 700, "44", 1)
    working = WorkingTime(calendar)
    moment = np.array([20_000 * DAY_S - ZONE_S + after])
    later = working.later(moment, np.array([float(seconds)]))
    assert working.between(moment, later)[0] == seconds
    local = int(later[0]) + ZONE_S
    assert calendar.is_working[local // DAY_S - 20_000]
    assert OPENS_S < local % DAY_S <= SHUTS_S


@given(st.integers(19_400, 21_000), st.integers(0, 300))
def test_a_day_has_one_weather(first: int, later: int) -> None:
    """Whenever the calendar begins that it is looked up in: the past and the simulation agree."""
    one, other = make_calendar(first, 400, "44", 3), make_calendar(first + later, 100, "44", 3)
    assert (one.rain_mm[later : later + 100] == other.rain_mm).all()
    assert (one.storm_hour[later : later + 100] == other.storm_hour).all()
    assert one.feast[later : later + 100] == other.feast
    assert (one.is_working[later : later + 100] == other.is_working).all()
