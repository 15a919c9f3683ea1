"""Who lives in the demo city, counted by building: sex, age, and whether they came from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.buildings import Buildings
from data.demo.division import Floats, Ints
from data.demo.uses import Use
from data.demo.words import words

BANDS = 18
"""Five-year bands of age: 0–4 … 80–84, 85 and over."""

SIZE = {Use.ESTATE: 2.9, Use.OLD_TOWN: 2.5, Use.VILLAGE: 2.6, Use.INDUSTRY: 2.2, Use.FARMLAND: 3.0}
"""Persons a household."""

FLOATING = {Use.ESTATE: 0.22, Use.OLD_TOWN: 0.28, Use.VILLAGE: 0.62, Use.INDUSTRY: 0.88, Use.FARMLAND: 0.3}
"""The share of those who are registered elsewhere (流动人口)."""


@dataclass(frozen=True, slots=True)
class People:
    """One row a building that has households; `by_age` (n, 36): men's 18 bands, then women's."""

    building: Ints
    households: Ints
    persons: Ints
    floating: Ints
    by_age: Ints
    by_origin: Ints
    """(n, origins): where those who are registered elsewhere came from, in the order of words.toml."""


def make_people(buildings: Buildings, seed: int) -> People:
    """The same seed gives the same people."""
    random = np.random.default_rng([seed, 6])
    building = np.flatnonzero(buildings.households)
    households, use = buildings.households[building], buildings.use[building]
    size, share = np.full(len(use), 2.7), np.full(len(use), 0.25)
    for kind in SIZE:
        size[use == kind], share[use == kind] = SIZE[kind], FLOATING[kind]
    persons = households + random.poisson(households * (size - 1))
    floating = random.binomial(persons, np.clip(share + random.normal(0, 0.08, len(share)), 0.02, 0.97))
    pyramid = words()["pyramid"]
    settled = random.multinomial(persons - floating, _shares(pyramid["settled_men"], pyramid["settled_women"]))
    others = random.multinomial(floating, _shares(pyramid["floating_men"], pyramid["floating_women"]))
    origin = np.array([origin["share"] for origin in words()["origin"]], dtype=np.float64)
    by_origin = random.multinomial(floating, origin / origin.sum())
    return People(building, households, persons, floating, settled + others, by_origin)


def _shares(men: list[int], women: list[int]) -> Floats:
    both = np.array(men + women, dtype=np.float64)
    return np.asarray(both / both.sum())
