"""What the demo city's incidents say: titles, descriptions, places, as those who report would write them."""

from __future__ import annotations

from typing import Any

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


def texts(
    kinds: list[dict[str, Any]],
    kind: Ints,
    names: list[str],
    source: Ints,
    where: tuple[list[str], list[str]],
    random: np.random.Generator,
) -> tuple[list[str], list[str]]:
    """Titles and descriptions; `names` are those of the categories, `where` the roads and places."""
    frames = [frame["describe"] for frame in invented()["frames"]]
    dice = random.integers(1 << 20, size=(len(kind), 5)).tolist()
    titles, descriptions = [], []
    rows = zip(kind.tolist(), names, source.tolist(), *where, dice, strict=True)
    for number, name, by, road, place, (a, b, c, d, e) in rows:
        own = kinds[number]
        count = 2 + e % (MOST_COUNTED - 1)
        labels = own.get("label")
        label = labels[a % len(labels)].format(name=name) if labels else name
        titles.append((road if d % 3 else place) + label)
        what = own["what"][b % len(own["what"])].format(n=count, name=name)
        effect = own["effect"][c % len(own["effect"])].format(n=count)
        descriptions.append(
            frames[by][d % len(frames[by])].format(
                place=place, what=what, effect=effect, name=label, n=count, confidence=80 + e % 19, level=1 + e % 3
            )
        )
    return titles, descriptions
