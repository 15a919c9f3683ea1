"""The inhabitants of the demo city one by one, as many in each building as are counted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.demo.city import DemoCity
from data.demo.division import Ints
from data.demo.people import BANDS
from data.demo.words import COUNTED_ON, masked_phones, people_names, words

BUILDINGS_AT_ONCE = 5_000
CHILDREN_BELOW_BAND = 4
"""Bands of people below twenty: none of them is a household's first person."""

OF_AGE_FOR_PHONE = 2
LAST_BAND_YEARS = 12
NO_PROVINCE = "00"
"""No code of GB/T 2260 begins so."""


@dataclass(frozen=True, slots=True)
class Residents:
    """The households and persons of some buildings. Household `n` of `building` (a place in the city's people)."""

    building: Ints
    rooms: list[str]
    household: Ints
    """For each person a place among the households here."""

    names: list[str]
    is_woman: Ints
    born_on: list[date]
    origins: list[str | None]
    phones: list[str | None]
    identities: list[str]


def residents(city: DemoCity) -> Iterator[Residents]:
    """All of them, some thousand buildings at a time; the same seed gives the same ones."""
    for start in range(0, len(city.people.building), BUILDINGS_AT_ONCE):
        yield _some(city, slice(start, start + BUILDINGS_AT_ONCE), np.random.default_rng([city.seed, 15, start]))


def _some(city: DemoCity, here: slice, random: np.random.Generator) -> Residents:
    people = city.people
    households, persons = people.households[here], people.persons[here]
    building = np.repeat(np.arange(len(persons)), persons)
    kind = np.repeat(np.tile(np.arange(2 * BANDS), len(persons)), people.by_age[here].ravel())
    band, is_woman = kind % BANDS, kind // BANDS
    order = np.lexsort((random.random(len(building)), band < CHILDREN_BELOW_BAND, building))
    band, is_woman = band[order], is_woman[order]
    place = np.arange(len(building)) - np.repeat(persons.cumsum() - persons, persons)
    of = np.where(place < households[building], place, random.integers(0, households[building]))
    household = of + (households.cumsum() - households)[building]
    years = 5 * band + random.integers(0, np.where(band == BANDS - 1, LAST_BAND_YEARS, 5))
    days = random.integers(1, 365, len(years))
    born = [COUNTED_ON - timedelta(days=age) for age in (years * 365.25 + days).astype(np.int64).tolist()]
    return Residents(
        np.repeat(np.arange(len(persons)) + here.start, households),
        _rooms(city, here),
        household,
        people_names(len(years), random),
        is_woman,
        born,
        _origins(city, here, building, random),
        [
            phone if age >= OF_AGE_FOR_PHONE else None
            for phone, age in zip(masked_phones(len(years), random), band.tolist(), strict=True)
        ],
        [f"{code}********{number:04d}" for code, number in _identities(city, len(years), random)],
    )


def _rooms(city: DemoCity, here: slice) -> list[str]:
    """Staircase, floor and door, from the ground floor up."""
    people, own = city.people, city.buildings
    building = people.building[here]
    households = people.households[here]
    number = np.arange(households.sum()) - np.repeat(households.cumsum() - households, households)
    staircases = np.repeat(own.staircases[building], households)
    a_floor = np.repeat(-(-households // np.maximum(own.floors[building], 1)), households)
    floor, door = number // a_floor, number % a_floor
    return [
        f"{staircase + 1}单元{level + 1}{door + 1:02d}"
        for staircase, level, door in zip((door % staircases).tolist(), floor.tolist(), door.tolist(), strict=True)
    ]


def _origins(city: DemoCity, here: slice, building: Ints, random: np.random.Generator) -> list[str | None]:
    """Where each came from; as many of each building as are counted, whoever they be."""
    names: list[str | None] = [origin["name"] for origin in words()["origin"]]
    counts = np.column_stack([city.people.by_origin[here], city.people.persons[here] - city.people.floating[here]])
    origin = np.repeat(np.tile(np.arange(len(names) + 1), len(counts)), counts.ravel())
    origin = origin[np.lexsort((random.random(len(building)), building))]
    names.append(None)
    return [names[place] for place in origin.tolist()]


def _identities(city: DemoCity, count: int, random: np.random.Generator) -> Iterator[tuple[str, int]]:
    """What is left of an identity number when it is masked, four last digits behind a county that there is not.

    The masked digits are a day of birth, which stands beside it: with a real county it could be somebody's.
    """
    place = city.plan.place
    county = (place.district or (place.seats[0].code,))[0]
    return ((NO_PROVINCE + county[2:], number) for number in random.integers(0, 10_000, count).tolist())
