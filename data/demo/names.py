"""Invented names: of communities, roads, estates, firms and people. None is meant to be anybody's."""

from __future__ import annotations

import numpy as np

from data.demo.division import Ints

SYLLABLES = "文永福同安兴和丰华景德仁康宁泰平昌明新春荷莲桂榕江湖塘涌溪桥金玉龙凤云翠绿锦星海天星"
_PAIRS = sorted({first + second for first in SYLLABLES for second in SYLLABLES if first != second})
_ENDINGS = {0: ("快速路",), 1: ("大道",), 2: ("路",), 3: ("街", "路", "一路", "二路", "横路")}
_SIDES = ("", "东", "西", "南", "北", "中")
_NUMERALS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """A number below 100 in Chinese."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else _NUMERALS[tens] + "十")
    return head + (_NUMERALS[ones] if ones or not tens else "")


def pairs(count: int, random: np.random.Generator) -> list[str]:
    """Names of two syllables, different ones as long as there are; then with a third."""
    found = [_PAIRS[place] for place in random.permutation(len(_PAIRS))]
    thirds = list(SYLLABLES)
    while len(found) < count:
        third = thirds.pop(0)
        found += [third + _PAIRS[place] for place in random.permutation(len(_PAIRS)) if third not in _PAIRS[place]]
    return found[:count]


def way_names(kinds: Ints, random: np.random.Generator) -> list[str]:
    """A name for each way of a kind (`data.demo.ways.Kind`), different as long as there are any."""
    found = np.empty(len(kinds), dtype=object)
    for kind in np.unique(kinds).tolist():
        own = np.flatnonzero(kinds == kind)
        sides = _SIDES if kind else ("",)
        all_names = [pair + side + ending for side in sides for ending in _ENDINGS[kind] for pair in _PAIRS]
        order = random.permutation(len(all_names))
        found[own] = [all_names[order[place % len(order)]] for place in range(len(own))]
    return list(found)


def lane_names(communities: Ints, community_names: list[str]) -> list[str]:
    """Lanes are numbered within their community."""
    met: dict[int, int] = {}
    found = []
    for community in communities.tolist():
        met[community] = met.get(community, 0) + 1
        number = met[community]
        label = numeral(number) if number < 100 else str(number)
        found.append(f"{community_names[community]}{label}巷")
    return found
