"""The region tree: who lies below whom, and the integer keys that make a subtree one interval.

A region's key opens an interval that holds the keys of everything below it: `key <= descendant <= key_hi`. Keys run
depth-first with gaps, so that regions added later find room without moving the others; a key is never given again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from data.errors import Conflict
from layers.crs import Geometries

Interval = tuple[int, int]
Keys = NDArray[np.int64]

LEAST_SHARE = 1e-6
"""A smaller share of a region's area is numeric dust along an edge, not a part that went elsewhere."""


@dataclass(frozen=True, slots=True)
class Heir:
    """`share` of the area of the region at index `old` went to the one at index `new`."""

    old: int
    new: int
    share: float


def assign_keys(
    codes: Sequence[str], parents: Sequence[str | None], room: Interval, taken: Mapping[str, Interval]
) -> dict[str, Interval]:
    """Intervals for regions that have none yet, each within its parent's; `taken` are those given before, for good.

    `codes` and `parents` (None: a root, lying in `room`) are of the new regions, parents before children or among
    `taken`. Siblings follow the order of their codes in the largest gap their parent has left.
    Raises Conflict("region.keys_exhausted") when a parent has no room left.
    """
    given: dict[str, Interval] = dict(taken)
    siblings: dict[str | None, list[str]] = {}
    for code, parent in zip(codes, parents, strict=True):
        siblings.setdefault(parent, []).append(code)
    used = sorted(taken.values())
    for parent, new in siblings.items():
        lo, hi = room if parent is None else given[parent]
        first = lo if parent is None else lo + 1
        inside = used[bisect_left(used, (first, 0)) : bisect_right(used, (hi, hi))]
        gap_lo, gap_hi = _largest_gap(first, hi, inside)
        step = (gap_hi - gap_lo + 1) // len(new)
        if step < 2:
            raise Conflict("region.keys_exhausted", parent=parent or "-", count=len(new))
        for place, code in enumerate(sorted(new)):
            start = gap_lo + place * step
            given[code] = (start, start + max(step // 2, 2) - 1)
    return {code: given[code] for code in codes}


def ancestors(keys: Keys, upper: Keys, upper_hi: Keys) -> Keys:
    """Of each region the one it lies in or is, among regions of one tier; their intervals do not overlap.

    All of shape (n,) or (m,); −1 where there is none.
    """
    if not len(upper):
        return np.full(len(keys), -1, dtype=np.int64)
    order = np.argsort(upper)
    place = order[np.maximum(np.searchsorted(upper[order], keys, side="right") - 1, 0)]
    is_inside = (upper[place] <= keys) & (keys <= upper_hi[place])
    return np.where(is_inside, upper[place], np.int64(-1))


def _largest_gap(lo: int, hi: int, inside: Sequence[Interval]) -> Interval:
    best, start = (lo, lo - 1), lo
    for used_lo, used_hi in [*inside, (hi + 1, hi + 1)]:
        if used_lo - start > best[1] - best[0] + 1:
            best = (start, used_lo - 1)
        start = max(start, used_hi + 1)
    return best


def heirs(old: Geometries, new: Geometries) -> list[Heir]:
    """Where the area of regions that ended went. Shares are of square degrees: neighbours lie on one latitude."""
    before, after = STRtree(new).query(old, predicate="intersects")
    shared = shapely.area(shapely.intersection(old[before], new[after]))
    shares: NDArray[np.float64] = shared / shapely.area(old[before])
    kept = np.flatnonzero(shares > LEAST_SHARE)
    return [Heir(int(before[i]), int(after[i]), float(min(shares[i], 1.0))) for i in kept]
