"""Keys: a subtree is one interval, siblings never meet, what was given stays; heirs of an area."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.errors import Conflict
from layers.regions import assign_keys, heirs

ROOM = (0, 2**48 - 1)


@st.composite
def _growing_trees(draw: st.DrawFn) -> list[list[tuple[str, str | None]]]:
    """A tree in several publishes: each adds regions below those there are."""
    codes: list[str] = []
    publishes = []
    for _ in range(draw(st.integers(1, 4))):
        added: list[tuple[str, str | None]] = []
        for _ in range(draw(st.integers(1, 25))):
            parent = draw(st.sampled_from([None, *codes[-8:]]))
            code = f"{parent or ''}{draw(st.integers(0, 9))}-{len(codes)}"
            codes.append(code)
            added.append((code, parent))
        publishes.append(added)
    return publishes


@given(_growing_trees())
def test_a_subtree_is_one_interval_for_ever(publishes: list[list[tuple[str, str | None]]]) -> None:
    """Children lie inside their parent, siblings apart, and no publish moves a key given before."""
    taken: dict[str, tuple[int, int]] = {}
    parents: dict[str, str | None] = {}
    for added in publishes:
        new = assign_keys([code for code, _ in added], [parent for _, parent in added], ROOM, taken)
        assert set(new) == {code for code, _ in added}
        taken |= new
        parents |= dict(added)
    for code, (lo, hi) in taken.items():
        assert lo < hi
        outer = taken[parents[code]] if parents[code] is not None else (ROOM[0] - 1, ROOM[1])  # type: ignore[index]
        assert outer[0] < lo
        assert hi <= outer[1]
        for other, (other_lo, other_hi) in taken.items():
            if other != code and parents[other] == parents[code]:
                assert hi < other_lo or other_hi < lo


def test_siblings_follow_their_codes_and_leave_gaps() -> None:
    """Depth-first order by code; half of the room stays free for those to come."""
    keys = assign_keys(["b", "a", "c"], [None, None, None], ROOM, {})
    assert sorted(keys, key=lambda code: keys[code]) == ["a", "b", "c"]
    used = sum(hi - lo + 1 for lo, hi in keys.values())
    assert used == pytest.approx(2**47, rel=0.01)


def test_exhausted_keys_are_said() -> None:
    """A parent without room is named; nothing is squeezed in."""
    with pytest.raises(Conflict) as refused:
        assign_keys(list("abcdef"), ["p"] * 6, ROOM, {"p": (10, 20)})
    assert (refused.value.key, refused.value.values) == ("region.keys_exhausted", {"parent": "p", "count": 6})


def test_chengdu_fits() -> None:
    """126,000 micro-grids in six tiers have keys to spare at every level."""
    codes, parents, level = ["0"], [None], ["0"]
    for fanout in (23, 12, 12, 5, 10):
        level_next = []
        for parent in level:
            for child in range(fanout if len(codes) < 180_000 else 0):
                code = f"{parent}.{child:02d}"
                codes.append(code)
                parents.append(parent)  # type: ignore[arg-type]
                level_next.append(code)
        level = level_next
    keys = assign_keys(codes, parents, ROOM, {})
    assert len(level) > 100_000
    assert min(hi - lo for lo, hi in keys.values()) > 1000


@given(st.integers(2, 12), st.integers(0, 10))
def test_heirs_share_the_whole_area(parts: int, shift: int) -> None:
    """A strip cut anew: every old part's shares add up to one; touching along an edge is no inheritance."""
    old = np.array([shapely.box(i, 0, i + 1, 1) for i in range(parts)], dtype=object)
    cuts = np.linspace(0, parts, parts + 1 + shift)
    new = np.array([shapely.box(a, 0, b, 1) for a, b in pairwise(cuts)], dtype=object)
    found = heirs(old, new)
    for place in range(parts):
        assert sum(heir.share for heir in found if heir.old == place) == pytest.approx(1)
    if shift == 0:
        assert [(heir.old, heir.new) for heir in found] == [(i, i) for i in range(parts)]
