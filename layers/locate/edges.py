"""Edges of a partition: each border once, with the region on either side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.locate.compiled import compiled
from layers.locate.lattice import Lattice, Rings

Ids = NDArray[np.int32]


def edges_of(rings: Rings) -> tuple[Lattice, Ids]:
    """Edges on the lattice, shape (n, 4): x1, y1, x2, y2; and the ids on their left and right, shape (n, 2).

    An id is a slot + 1; 0 stands for no region. Two rings that run along the same edge in opposite directions share it;
    an edge without such a twin has 0 on its right, also where another region's border lies on it in other pieces.
    """
    ends, sides, count = _paired(rings.xy, rings.start, rings.slot, *rings.origin)
    return ends[:count], sides[:count]


@compiled
def _paired(xy: Lattice, start: Lattice, slot: Ids, west: int, south: int) -> tuple[Lattice, Ids, int]:
    most = len(xy)
    ends = np.empty((most, 4), dtype=np.int64)
    sides = np.zeros((most, 2), dtype=np.int32)
    capacity = 1
    while capacity < 2 * most + 1:
        capacity *= 2
    table = np.full(capacity, -1, dtype=np.int32)
    count = 0
    for ring in range(len(slot)):
        for place in range(start[ring], start[ring + 1] - 1):
            x1, y1 = xy[place, 0] + west, xy[place, 1] + south
            x2, y2 = xy[place + 1, 0] + west, xy[place + 1, 1] + south
            if x1 == x2 and y1 == y2:
                continue
            is_low = x1 < x2 or (x1 == x2 and y1 < y2)
            a, b, c, d = (x1, y1, x2, y2) if is_low else (x2, y2, x1, y1)
            mixed = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(c)
            mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x94D049BB133111EB) + np.uint64(d)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
            cell = np.int64(mixed >> np.uint64(20)) & (capacity - 1)
            shared = False
            while table[cell] >= 0:
                edge = table[cell]
                if (
                    sides[edge, 1] == 0
                    and ends[edge, 0] == x2
                    and ends[edge, 1] == y2
                    and ends[edge, 2] == x1
                    and ends[edge, 3] == y1
                    and sides[edge, 0] != slot[ring] + 1
                ):
                    sides[edge, 1] = slot[ring] + 1
                    shared = True
                    break
                cell = (cell + 1) & (capacity - 1)
            if not shared:
                table[cell] = count
                ends[count, 0], ends[count, 1], ends[count, 2], ends[count, 3] = x1, y1, x2, y2
                sides[count, 0] = slot[ring] + 1
                count += 1
    return ends, sides, count
