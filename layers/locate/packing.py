"""Cells as words of 32 bits, the form in which they are searched.

A word that stands for a cell, an *entry*, is

- the id of the region that covers the whole cell, 0 for none (never negative);
- offset − 2^30: a leaf at this offset;
- offset − 2^31: the cell is divided; there stand the entries of its parts, row by row from the south.

Each cell of the raster has two words: its entry, and f where it is divided into 2^f × 2^f parts, more of them where
more edges touch it. A part with many edges is divided again, into FAN × FAN. Offsets count from the grid that the entry
stands in; those of the raster from the first word. A leaf is

- sided: the id covering the corner with the number of chains; of each chain the id on its left with the number of its
  vertices, the id on its right, and its vertices. A number stands with an id in one word, ID_BITS higher. On the way
  from the corner to a point, each edge crossed exchanges left and right;
- or by region: −1 − the number of regions; of each region, in the order of rank, its id, twice the number of its
  edges (plus one if it covers the corner), and the edges' ends.

Vertices stand in units from the south-west corner of the cell of the raster.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from layers.locate.cells import MANY, MARGIN, Cells, Raster, marked, marks, single, sweep, touching
from layers.locate.compiled import compiled
from layers.locate.edges import Ids
from layers.locate.lattice import Lattice
from layers.locate.leaves import MOST_IDS, NO_ROOM, Words, leaf
from layers.locate.sides import cross, is_crossed, is_left

FAN_SHIFT = 2
FAN = 1 << FAN_SHIFT
LEAF = 1 << 30
DIVIDED = 1 << 31
MOST_WORDS = 1 << 30
BANDS = 2
"""Packed at the same time: as many as a small machine has processors."""

PARTS_PER_EDGE = 4
"""At least so many parts has a cell of the raster; more are faster to search and take more memory."""

_MOST_FAN_SHIFT = 8
_MOST_EDGES = 6
_FEWEST_UNITS_SHIFT = 8


def packed(raster: Raster, cells: Cells, ends: Lattice, sides: Ids, rank: Ids) -> tuple[Words, Words]:
    """The two words of each cell of a raster, shape (n, 2), and those behind, from the first of which offsets count.

    `rank[slot]` orders regions by code. Raises MemoryError beyond 2^30 words, or 2^24 regions.
    """
    if len(rank) >= MOST_IDS:
        raise MemoryError("a placing index of more than 2^24 regions")
    bounds = np.linspace(0, raster.rows, BANDS + 1).astype(int) * raster.columns
    table = np.zeros((raster.rows * raster.columns, 2), dtype=np.int32)

    def band(number: int) -> Words:
        return _band(raster, cells, ends, sides, rank, table, int(bounds[number]), int(bounds[number + 1]))

    with ThreadPoolExecutor(BANDS) as threads:
        parts = list(threads.map(band, range(BANDS)))
    before = 0
    for number, part in enumerate(parts):
        mine = table[bounds[number] : bounds[number + 1], 0]
        mine[mine < 0] += before
        before += len(part)
    if before + table.size >= MOST_WORDS:
        raise MemoryError("a placing index of more than 2^30 words")
    return table, np.concatenate(parts)


def _band(
    raster: Raster, cells: Cells, ends: Lattice, sides: Ids, rank: Ids, table: Words, first: int, last: int
) -> Words:
    words = np.empty(max(4096, 8 * int(cells.start[last] - cells.start[first])), dtype=np.int32)
    cell, used = first, 0
    while True:
        cell, used = _pack(
            cells.start, cells.edges, cells.corner, cells.many, cells.ids_start, cells.ids, ends, sides, rank,
            raster.west, raster.south, raster.shift, raster.columns, cell, last, table, words, used,
        )  # fmt: skip
        if cell == last:
            return words[:used]
        words = np.concatenate((words, np.empty(len(words), dtype=np.int32)))


@compiled
def _pack(
    start: Lattice, edges: Ids, corner: Ids, many: Lattice, ids_start: Lattice, ids: Ids, ends: Lattice, sides: Ids,
    rank: Ids, west: int, south: int, shift: int, columns: int, first: int, last: int, table: Words, words: Words,
    used: int,
) -> tuple[int, int]:  # fmt: skip
    """Packs cells from `first` on until `last` or until the words are full: the next cell, and the words used."""
    scratch = np.empty(4096, dtype=np.int32)
    stack = np.empty((1024, 6), dtype=np.int64)
    one = np.empty(1, dtype=np.int32)
    for cell in range(first, last):
        chosen = edges[start[cell] : start[cell + 1]]
        if corner[cell] == MANY:
            several = np.searchsorted(many, cell)
            covering = ids[ids_start[several] : ids_start[several + 1]]
        else:
            one[0] = corner[cell]
            covering = one[: 1 if corner[cell] else 0]
        if len(chosen) == 0 and len(covering) <= 1:
            table[cell, 0] = corner[cell]
            continue
        x, y = west + ((cell % columns) << shift), south + ((cell // columns) << shift)
        fan_shift = 0
        while fan_shift < _MOST_FAN_SHIFT and 1 << (2 * fan_shift) < PARTS_PER_EDGE * len(chosen):
            fan_shift += 1
        fan_shift = min(fan_shift, shift - _FEWEST_UNITS_SHIFT)
        if fan_shift > 0:
            now, scratch, stack = _pack_parts(
                chosen, covering, x, y, shift, fan_shift, ends, sides, rank, words, used, scratch, stack
            )
            entry = used - DIVIDED
        else:
            scratch = _recorded(scratch, covering, chosen)
            entry, now, scratch, stack = _pack_cell(x, y, shift, x, y, ends, sides, rank, words, used, scratch, stack)
        if now == NO_ROOM:
            return cell, used
        table[cell, 0], table[cell, 1] = entry, fan_shift
        used = now
    return last, used


@compiled
def _recorded(scratch: Ids, covering: Ids, edges: Ids) -> Ids:
    """The scratch with a record of a cell at its beginning (see `_pack_cell`), larger if it must be."""
    need = 64 * (len(covering) + len(edges) + 2)
    if len(scratch) < need:
        scratch = np.empty(2 * need, dtype=np.int32)
    scratch[0], scratch[1] = len(covering), len(edges)
    scratch[2 : 2 + len(covering)] = covering
    scratch[2 + len(covering) : 2 + len(covering) + len(edges)] = edges
    return scratch


@compiled
def _pack_parts(
    chosen: Ids, covering: Ids, x: int, y: int, shift: int, fan_shift: int, ends: Lattice, sides: Ids, rank: Ids,
    words: Words, used: int, scratch: Ids, stack: Lattice,
) -> tuple[int, Ids, Lattice]:  # fmt: skip
    """Packs a cell divided into 2^fan_shift × 2^fan_shift parts, whose grid begins at `used`: the words used then."""
    fan, small, grid = 1 << fan_shift, shift - fan_shift, used
    used += fan * fan
    if used > len(words):
        return NO_ROOM, scratch, stack
    start, edges = touching(chosen, ends, x, y, small, fan, fan)
    state = np.zeros(fan * fan, dtype=np.uint64)
    for region in covering:
        state[0] ^= marked(region)
    for edge in chosen:
        x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
        if (x1 < x) == (x2 < x):
            continue
        at_corner = is_left(x1, y1, x2, y2, x, y)
        for row in range(1, fan):
            if is_left(x1, y1, x2, y2, x, y + (row << small)) != at_corner:
                state[row * fan] ^= marks(sides, edge)
                break
    for row in range(1, fan):
        state[row * fan] ^= state[(row - 1) * fan]
    sweep(chosen, ends, sides, x, y, small, fan, fan, 1, state)
    one = np.empty(1, dtype=np.int32)
    for part in range(fan * fan):
        listed, only = start[part + 1] - start[part], single(state[part])
        if listed == 0 and only != MANY:
            words[grid + part] = only
            continue
        is_like_before = listed == 0 and part % fan and state[part - 1] == state[part]
        if is_like_before and start[part] == start[part - 1]:
            words[grid + part] = words[grid + part - 1]
            continue
        part_x, part_y = x + ((part % fan) << small), y + ((part // fan) << small)
        if only == MANY:
            inside = _covering(covering, chosen, x, y, part_x, part_y, ends, sides)
        else:
            one[0] = only
            inside = one[: 1 if only else 0]
        scratch = _recorded(scratch, inside, edges[start[part] : start[part + 1]])
        entry, used, scratch, stack = _pack_cell(
            part_x, part_y, small, x, y, ends, sides, rank, words, used, scratch, stack
        )
        if used == NO_ROOM:
            return NO_ROOM, scratch, stack
        words[grid + part] = entry - grid
    return used, scratch, stack


@compiled
def _covering(covering: Ids, chosen: Ids, x: int, y: int, to_x: int, to_y: int, ends: Lattice, sides: Ids) -> Ids:
    """The regions that cover a place of a cell, from those that cover its corner."""
    inside = np.empty(len(covering) + 2 * len(chosen), dtype=np.int32)
    inside[: len(covering)] = covering
    count = len(covering)
    for edge in chosen:
        x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
        if is_crossed(x1, y1, x2, y2, x, y, to_x, to_y, is_left(x1, y1, x2, y2, to_x, to_y)):
            count = _toggled(inside, 0, count, sides[edge, 0])
            count = _toggled(inside, 0, count, sides[edge, 1])
    return inside[:count]


@compiled
def _toggled(ids: Ids, first: int, count: int, region: int) -> int:
    """Takes a region out of a set of ids, or puts it in: how many they are then. 0 is no region."""
    if region == 0:
        return count
    for at in range(first, first + count):
        if ids[at] == region:
            ids[at] = ids[first + count - 1]
            return count - 1
    ids[first + count] = region
    return count + 1


@compiled
def _pack_cell(
    first_x: int, first_y: int, first_shift: int, west: int, south: int, ends: Lattice, sides: Ids, rank: Ids,
    words: Words, used: int, scratch: Ids, stack: Lattice,
) -> tuple[int, int, Ids, Lattice]:  # fmt: skip
    """Packs the part of the cell at (west, south) whose record begins `scratch`: its entry, and the words used then.

    A record: number of regions covering the corner, number of edges, those ids, those edges. On the stack: x, y, shift,
    the record's place, the place of the entry (−1: the answer), the grid's place.
    """
    answer = np.int64(0)
    depth = 1
    stack[0, 0], stack[0, 1], stack[0, 2] = first_x, first_y, first_shift
    stack[0, 3], stack[0, 4], stack[0, 5] = 0, -1, 0
    while depth > 0:
        depth -= 1
        x, y, shift, record, target, grid = (
            stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3], stack[depth, 4], stack[depth, 5],
        )  # fmt: skip
        covering, listed = np.int64(scratch[record]), np.int64(scratch[record + 1])
        top = record + 2 + covering + listed
        is_divided = listed > _MOST_EDGES and shift >= _FEWEST_UNITS_SHIFT + FAN_SHIFT
        if is_divided and target >= 0:
            # The number that its parent had stands just before the first child's record.
            is_divided = 4 * listed <= 3 * words[target]
        if not is_divided:
            entry = used - grid - LEAF
            used = leaf(scratch, record, covering, listed, x, y, west, south, ends, sides, rank, words, used)
            if used == NO_ROOM:
                return 0, NO_ROOM, scratch, stack
        else:
            if used + FAN * FAN > len(words):
                return 0, NO_ROOM, scratch, stack
            entry = used - grid - DIVIDED
            base = used
            used += FAN * FAN
            need = top + FAN * FAN * (2 + covering + 3 * listed)
            if need > len(scratch):
                larger = np.empty(2 * need, dtype=np.int32)
                larger[:top] = scratch[:top]
                scratch = larger
            if depth + FAN * FAN > len(stack):
                higher = np.empty((2 * len(stack), 6), dtype=np.int64)
                higher[:depth] = stack[:depth]
                stack = higher
            for child in range(FAN * FAN):
                small = shift - FAN_SHIFT
                child_x, child_y = x + ((child % FAN) << small), y + ((child // FAN) << small)
                inside, here = _child(
                    scratch, record, covering, listed, x, y, child_x, child_y, small, ends, sides, top
                )
                if here == 0 and inside <= 1:
                    words[base + child] = scratch[top + 2] if inside else 0
                    continue
                words[base + child] = listed
                stack[depth, 0], stack[depth, 1], stack[depth, 2] = child_x, child_y, small
                stack[depth, 3], stack[depth, 4], stack[depth, 5] = top, base + child, base
                depth += 1
                top += 2 + inside + here
        if target < 0:
            answer = entry
        else:
            words[target] = entry
    return answer, used, scratch, stack


@compiled
def _child(
    scratch: Ids, record: int, covering: int, listed: int, x: int, y: int, child_x: int, child_y: int, shift: int,
    ends: Lattice, sides: Ids, top: int,
) -> tuple[int, int]:  # fmt: skip
    """Writes the record of a part of a cell at `top`: how many regions cover its corner, how many edges touch it."""
    inside = covering
    scratch[top + 2 : top + 2 + covering] = scratch[record + 2 : record + 2 + covering]
    for place in range(record + 2 + covering, record + 2 + covering + listed):
        edge = scratch[place]
        x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
        if is_crossed(x1, y1, x2, y2, x, y, child_x, child_y, is_left(x1, y1, x2, y2, child_x, child_y)):
            inside = _toggled(scratch, top + 2, inside, sides[edge, 0])
            inside = _toggled(scratch, top + 2, inside, sides[edge, 1])
    here = 0
    for place in range(record + 2 + covering, record + 2 + covering + listed):
        edge = scratch[place]
        if _touches(ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3], child_x, child_y, 1 << shift):
            scratch[top + 2 + inside + here] = edge
            here += 1
    scratch[top], scratch[top + 1] = inside, here
    return inside, here


@compiled
def _touches(x1: int, y1: int, x2: int, y2: int, x: int, y: int, size: int) -> bool:
    """Whether an edge touches a square, with the margin."""
    west, south, east, north = x - MARGIN, y - MARGIN, x + size + MARGIN, y + size + MARGIN
    if max(x1, x2) < west or min(x1, x2) > east or max(y1, y2) < south or min(y1, y2) > north:
        return False
    a, b = cross(x1, y1, x2, y2, west, south), cross(x1, y1, x2, y2, east, south)
    c, d = cross(x1, y1, x2, y2, east, north), cross(x1, y1, x2, y2, west, north)
    return not ((a > 0 and b > 0 and c > 0 and d > 0) or (a < 0 and b < 0 and c < 0 and d < 0))
