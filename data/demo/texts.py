"""What the demo city's incidents say: titles, descriptions, places, as those who report would write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.city import DemoCity
from data.demo.division import Ints
from data.demo.rhythms import invented
from data.demo.spots import NEAR, Spots

MOST_COUNTED = 9
"""Bags, cars, metres: the number that a text names."""


def places(city: DemoCity, spots: Spots) -> tuple[list[str], list[str]]:
    """The name of the road, and the whole place: 路名 + 号."""
    found = []
    roads = [city.ways.names[name] for name in spots.name.tolist()]
    columns = zip(
        roads,
        spots.number.tolist(),
        spots.suffix.tolist(),
        spots.near.tolist(),
        spots.is_express.tolist(),
        strict=True,
    )
    for road, number, suffix, near, is_express in columns:
        if number < 0:
            found.append(f"{road}跨河桥")
        elif is_express:
            found.append(f"{road}K{number // 1000}+{number % 1000:03d}处")
        else:
            found.append(f"{road}{number}号{f'之{suffix}' if suffix else ''}{NEAR[near]}")
    return roads, found


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that an incident can be about: its category, in a few words for the title, and what is the matter."""

    taxonomy: str
    code: str
    label: str
    what: str

    @classmethod
    def of(cls, taxonomy: str, code: str, name: str, written: str) -> Subject:
        """As `history.toml` writes it: `label|what`, or only what, and then the category's name is the label."""
        label, _, what = written.rpartition("|")
        return cls(taxonomy, code, label.replace("{name}", name) or name, what.replace("{name}", name))


def texts(
    subjects: list[Subject],
    effects: list[list[str]],
    source: Ints,
    where: tuple[list[str], list[str]],
    random: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Titles and descriptions; `where` are roads and places, of the `effects` each has one is told."""
    frames = [frame["describe"] for frame in invented()["frames"]]
    dice = random.integers(1 << 20, size=(len(subjects), 4)).tolist()
    titles, descriptions = [], []
    rows = zip(subjects, effects, source.tolist(), *where, dice, strict=True)
    for subject, effect, by, road, place, (a, b, c, d) in rows:
        count = 2 + a % (MOST_COUNTED - 1)
        titles.append((road if b % 3 else place) + subject.label)
        descriptions.append(
            frames[by][c % len(frames[by])].format(
                place=place,
                what=subject.what.format(n=count),
                effect=effect[d % len(effect)].format(n=count),
                name=subject.label,
                n=count,
                confidence=80 + d % 19,
                level=1 + d % 3,
            )
        )
    return titles, descriptions
