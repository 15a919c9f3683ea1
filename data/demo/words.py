"""What the demo city is invented from, read from `words.toml`; names of people and firms."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

COUNTED_ON = date(2026, 9, 1)
"""Ages of people and firms are counted on this day."""


@cache
def words() -> dict[str, Any]:
    """The file's tables."""
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def people_names(count: int, random: np.random.Generator) -> list[str]:
    """Invented names of two or three syllables; frequent surnames are frequent."""
    surnames = list(words()["people"]["surnames"])
    given = list(words()["people"]["given"])
    weight = 1 / (np.arange(len(surnames)) + 4)
    family = random.choice(len(surnames), count, p=weight / weight.sum()).tolist()
    first = random.integers(len(given), size=count).tolist()
    second = random.integers(-len(given) // 3, len(given), size=count).tolist()
    return [
        surnames[a] + given[b] + (given[c] if c >= 0 and c != b else "")
        for a, b, c in zip(family, first, second, strict=True)
    ]


def masked_phones(count: int, random: np.random.Generator) -> list[str]:
    """Of no network: mobile numbers begin with 13 to 19, these with 12."""
    return [f"12{a}****{b:04d}" for a, b in zip(*random.integers(0, (10, 10_000), (count, 2)).T.tolist(), strict=True)]
