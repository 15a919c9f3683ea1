"""Leaves of the packed cells: the few edges that touch a cell, as words (their form: see `packing`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.locate.compiled import compiled
from layers.locate.edges import Ids
from layers.locate.lattice import Lattice
from layers.locate.sides import cross

Words = NDArray[np.int32]

NO_ROOM = -1
"""Stands for the number of words used where there are too few of them."""

ID_BITS = 24
MOST_IDS = 1 << ID_BITS
"""Of regions and no region: what stands above an id in its word must fit into the 31 bits of a positive one."""

_MOST_COMPARED = 48


@compiled
def leaf(
    scratch: Ids, record: int, covering: int, listed: int, x: int, y: int, west: int, south: int, ends: Lattice,
    sides: Ids, rank: Ids, words: Words, used: int,
) -> int:  # fmt: skip
    """Writes a leaf: the words used then. Edges of different regions are told apart by side where that is safe."""
    if _is_sided(scratch, record, covering, listed, ends, sides):
        return _sided_leaf(scratch, record, covering, listed, west, south, ends, sides, words, used)
    return _leaf_by_region(scratch, record, covering, listed, west, south, ends, sides, rank, words, used)


@compiled
def _is_sided(scratch: Ids, record: int, covering: int, listed: int, ends: Lattice, sides: Ids) -> bool:
    """Whether exactly one region, or none, covers each place of the cell, and every edge separates two of them.

    So it is if there is one region only; or if each edge lies between two, no two edges meet but at their ends, and
    one region covers the corner: then each crossing leaves one region and enters another.
    """
    if covering > 1 or listed > _MOST_COMPARED:
        return False
    first = record + 2 + covering
    only = scratch[record + 2] if covering else 0
    is_one, is_shared = True, covering == 1
    for place in range(first, first + listed):
        for side in range(2):
            region = sides[scratch[place], side]
            if region == 0:
                is_shared = False
            elif only == 0:
                only = region
            elif region != only:
                is_one = False
    if is_one or not is_shared:
        return is_one
    for i in range(first, first + listed):
        for j in range(i + 1, first + listed):
            if _meet(ends, scratch[i], scratch[j]):
                return False
    return True


@compiled
def _meet(ends: Lattice, one: int, other: int) -> bool:
    """Whether two edges have more in common than an end of both."""
    ax, ay, bx, by = ends[one, 0], ends[one, 1], ends[one, 2], ends[one, 3]
    cx, cy, dx, dy = ends[other, 0], ends[other, 1], ends[other, 2], ends[other, 3]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    if ax == dx and ay == dy:
        return cross(ax, ay, bx, by, cx, cy) == 0 and (bx - ax) * (cx - ax) + (by - ay) * (cy - ay) > 0
    if bx == cx and by == cy:
        return cross(bx, by, ax, ay, dx, dy) == 0 and (ax - bx) * (dx - bx) + (ay - by) * (dy - by) > 0
    if ax == cx and ay == cy:
        return cross(ax, ay, bx, by, dx, dy) == 0 and (bx - ax) * (dx - ax) + (by - ay) * (dy - ay) > 0
    if bx == dx and by == dy:
        return cross(bx, by, ax, ay, cx, cy) == 0 and (ax - bx) * (cx - bx) + (ay - by) * (cy - by) > 0
    c, d = cross(ax, ay, bx, by, cx, cy), cross(ax, ay, bx, by, dx, dy)
    a, b = cross(cx, cy, dx, dy, ax, ay), cross(cx, cy, dx, dy, bx, by)
    return not ((c > 0 and d > 0) or (c < 0 and d < 0) or (a > 0 and b > 0) or (a < 0 and b < 0))


@compiled
def _sided_leaf(
    scratch: Ids, record: int, covering: int, listed: int, west: int, south: int, ends: Lattice, sides: Ids,
    words: Words, used: int,
) -> int:  # fmt: skip
    if used + 1 + 6 * listed > len(words):
        return NO_ROOM
    chains, head, before = 0, 0, -1
    now = used + 1
    for place in range(record + 2 + covering, record + 2 + covering + listed):
        edge = scratch[place]
        goes_on = (
            before >= 0
            and ends[before, 2] == ends[edge, 0]
            and ends[before, 3] == ends[edge, 1]
            and sides[before, 0] == sides[edge, 0]
            and sides[before, 1] == sides[edge, 1]
        )
        if not goes_on:
            head = now
            chains += 1
            words[head], words[head + 1] = MOST_IDS + sides[edge, 0], sides[edge, 1]
            words[head + 2], words[head + 3] = ends[edge, 0] - west, ends[edge, 1] - south
            now += 4
        words[head] += MOST_IDS
        words[now], words[now + 1] = ends[edge, 2] - west, ends[edge, 3] - south
        now += 2
        before = edge
    words[used] = (scratch[record + 2] if covering else 0) + MOST_IDS * chains
    return now


@compiled
def _leaf_by_region(
    scratch: Ids, record: int, covering: int, listed: int, west: int, south: int, ends: Lattice, sides: Ids, rank: Ids,
    words: Words, used: int,
) -> int:  # fmt: skip
    first = record + 2 + covering
    regions = np.empty(covering + 2 * listed, dtype=np.int32)
    count = 0
    for place in range(covering + 2 * listed):
        if place < covering:
            region = scratch[record + 2 + place]
        else:
            region = sides[scratch[first + (place - covering) // 2], (place - covering) % 2]
        at = 0
        while at < count and regions[at] != region:
            at += 1
        if region == 0 or at < count:
            continue
        while at > 0 and rank[regions[at - 1] - 1] > rank[region - 1]:
            regions[at] = regions[at - 1]
            at -= 1
        regions[at] = region
        count += 1
    if used + 1 + 2 * count + 8 * listed > len(words):
        return NO_ROOM
    words[used] = -1 - count
    now = used + 1
    for region in regions[:count]:
        head = now
        words[head] = region
        covers = 0
        for place in range(record + 2, first):
            if scratch[place] == region:
                covers = 1
        now += 2
        for place in range(first, first + listed):
            edge = scratch[place]
            if sides[edge, 0] == region or sides[edge, 1] == region:
                words[now], words[now + 1] = ends[edge, 0] - west, ends[edge, 1] - south
                words[now + 2], words[now + 3] = ends[edge, 2] - west, ends[edge, 3] - south
                now += 4
        words[head + 1] = (now - head - 2) // 4 * 2 + covers
    return now
