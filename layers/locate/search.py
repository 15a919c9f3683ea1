"""Searching packed cells: the region of a point, and whether a border is near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.locate.compiled import compiled
from layers.locate.edges import Ids
from layers.locate.lattice import UNITS_PER_DEGREE
from layers.locate.leaves import ID_BITS, MOST_IDS, Words
from layers.locate.packing import FAN, FAN_SHIFT
from layers.locate.sides import is_crossed

Box = tuple[int, int, int, int, int]
"""A raster's west, south, shift, columns, rows."""

NEAR = 3.5
"""In units: what lies within BORDER_TOLERANCE_DEG of a border before rounding lies within this after it."""

_BLOCK = 1024
_OFFSET = (1 << 30) - 1
_IS_LEAF = 1 << 30
_ID = MOST_IDS - 1


@compiled
def find(words: Words, rank: Ids, box: Box, lon: float, lat: float) -> int:
    """The slot of the region that a point in degrees lies in, −1 for none. The point must be finite."""
    west, south, shift, columns, rows = box
    x = np.int64(np.rint(lon * UNITS_PER_DEGREE)) - west
    y = np.int64(np.rint(lat * UNITS_PER_DEGREE)) - south
    column, row = x >> shift, y >> shift
    if column < 0 or row < 0 or column >= columns or row >= rows:
        return -1
    mask = (1 << shift) - 1
    grid, part, left, bottom, shift = _part(words, row * columns + column, shift, x & mask, y & mask)
    entry = np.int64(words[part])
    if entry >= 0:
        return entry - 1
    return _within(words, rank, entry, grid, left, bottom, shift, x & mask, y & mask)


@compiled
def _part(words: Words, cell: int, shift: int, x: int, y: int) -> tuple[int, int, int, int, int]:
    """The part of a cell that a point (x, y) of the cell lies in; the cell itself if it is whole.

    The grid in which its entry stands, the entry's place, and the part's west, south and shift.
    """
    entry, fan_shift = np.int64(words[2 * cell]), np.int64(words[2 * cell + 1])
    if entry >= 0 or entry & _IS_LEAF:
        return np.int64(0), np.int64(2 * cell), np.int64(0), np.int64(0), np.int64(shift)
    small = np.int64(shift) - fan_shift
    grid, column, row = entry & _OFFSET, x >> small, y >> small
    return grid, grid + (row << fan_shift) + column, column << small, row << small, small


@compiled
def find_many(
    words: Words, rank: Ids, box: Box, lon: NDArray[np.float64], lat: NDArray[np.float64], found: Ids
) -> None:
    """Writes into `found` what `find` says of each point. The points must be finite.

    Points go block by block through the same few steps, so that the processor waits for many of them at once.
    """
    west, south, shift, columns, rows = box
    mask = (1 << shift) - 1
    x, y = np.empty(_BLOCK, dtype=np.int64), np.empty(_BLOCK, dtype=np.int64)
    cell, part = np.empty(_BLOCK, dtype=np.int64), np.empty(_BLOCK, dtype=np.int64)
    entry = np.empty(_BLOCK, dtype=np.int32)
    waiting = np.empty(_BLOCK, dtype=np.int64)
    for first in range(0, len(lon), _BLOCK):
        length = min(_BLOCK, len(lon) - first)
        for i in range(length):
            x[i] = np.int64(np.rint(lon[first + i] * UNITS_PER_DEGREE)) - west
            y[i] = np.int64(np.rint(lat[first + i] * UNITS_PER_DEGREE)) - south
        for i in range(length):
            column, row = x[i] >> shift, y[i] >> shift
            is_here = column >= 0 and row >= 0 and column < columns and row < rows
            cell[i] = row * columns + column if is_here else -1
        for i in range(length):
            part[i] = _part(words, cell[i], shift, x[i] & mask, y[i] & mask)[1] if cell[i] >= 0 else -1
        for i in range(length):
            entry[i] = words[part[i]] if part[i] >= 0 else 0
        count = 0
        for i in range(length):
            found[first + i] = entry[i] - 1
            waiting[count] = i
            count += entry[i] < 0
        for place in range(count):
            i = waiting[place]
            grid, _, left, bottom, small = _part(words, cell[i], shift, x[i] & mask, y[i] & mask)
            found[first + i] = _within(
                words, rank, np.int64(entry[i]), grid, left, bottom, small, x[i] & mask, y[i] & mask
            )


@compiled
def _within(words: Words, rank: Ids, entry: int, grid: int, left: int, bottom: int, shift: int, x: int, y: int) -> int:
    """The slot for a point (x, y) of a cell of the raster, from a negative entry as `_part` finds it."""
    while not entry & _IS_LEAF:
        grid += entry & _OFFSET
        shift -= FAN_SHIFT
        column, row = (x - left) >> shift, (y - bottom) >> shift
        entry = np.int64(words[grid + row * FAN + column])
        if entry >= 0:
            return entry - 1
        left += column << shift
        bottom += row << shift
    place = grid + (entry & _OFFSET)
    head = words[place]
    if head < 0:
        return _by_region(words, place + 1, -1 - head, left, bottom, x, y)
    owner, chains, lowest = head & _ID, head >> ID_BITS, np.int32(0)
    place += 1
    for _ in range(chains):
        vertices, on_left, on_right = words[place] >> ID_BITS, words[place] & _ID, words[place + 1]
        x1, y1 = np.int64(words[place + 2]), np.int64(words[place + 3])
        place += 4
        odd = False
        for _ in range(vertices - 1):
            x2, y2 = np.int64(words[place]), np.int64(words[place + 1])
            place += 2
            area = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            if area == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                if lowest == 0 or rank[on_left - 1] < rank[lowest - 1]:
                    lowest = on_left
                if on_right and rank[on_right - 1] < rank[lowest - 1]:
                    lowest = on_right
            odd ^= is_crossed(x1, y1, x2, y2, left, bottom, x, y, area > 0)
            x1, y1 = x2, y2
        if odd:
            owner ^= on_left ^ on_right
    return (lowest or owner) - 1


@compiled
def _by_region(words: Words, place: int, regions: int, left: int, bottom: int, x: int, y: int) -> int:
    for _ in range(regions):
        region, edges, covers = words[place], words[place + 1] >> 1, words[place + 1] & 1 != 0
        place += 2
        for edge in range(place, place + 4 * edges, 4):
            x1, y1 = np.int64(words[edge]), np.int64(words[edge + 1])
            x2, y2 = np.int64(words[edge + 2]), np.int64(words[edge + 3])
            area = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            if area == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                return region - 1
            covers ^= is_crossed(x1, y1, x2, y2, left, bottom, x, y, area > 0)
        if covers:
            return region - 1
        place += 4 * edges
    return -1


@compiled
def near_border(
    words: Words, rank: Ids, box: Box, lon: NDArray[np.float64], lat: NDArray[np.float64], found: NDArray[np.bool_]
) -> None:
    """Writes into `found` whether each (finite) point lies within NEAR of a border, or in several regions."""
    west, south, shift, columns, rows = box
    for i in range(len(lon)):
        x = np.int64(np.rint(lon[i] * UNITS_PER_DEGREE)) - west
        y = np.int64(np.rint(lat[i] * UNITS_PER_DEGREE)) - south
        column, row = x >> shift, y >> shift
        found[i] = False
        if column >= 0 and row >= 0 and column < columns and row < rows:
            found[i] = _is_near(words, row * columns + column, shift, x & ((1 << shift) - 1), y & ((1 << shift) - 1))


@compiled
def _is_near(words: Words, cell: int, shift: int, x: int, y: int) -> bool:
    grid, part, left, bottom, shift = _part(words, cell, shift, x, y)
    entry = np.int64(words[part])
    if entry >= 0:
        return False
    while not entry & _IS_LEAF:
        grid += entry & _OFFSET
        shift -= FAN_SHIFT
        column, row = (x - left) >> shift, (y - bottom) >> shift
        entry = np.int64(words[grid + row * FAN + column])
        if entry >= 0:
            return False
        left += column << shift
        bottom += row << shift
    place = grid + (entry & _OFFSET)
    if words[place] < 0:
        return _is_near_by_region(words, place, left, bottom, x, y)
    chains = words[place] >> ID_BITS
    place += 1
    for _ in range(chains):
        vertices = words[place] >> ID_BITS
        place += 4
        for _ in range(vertices - 1):
            if _is_close(words[place - 2], words[place - 1], words[place], words[place + 1], x, y):
                return True
            place += 2
    return False


@compiled
def _is_near_by_region(words: Words, place: int, left: int, bottom: int, x: int, y: int) -> bool:
    regions, covering = -1 - words[place], 0
    place += 1
    for _ in range(regions):
        edges, covers = words[place + 1] >> 1, words[place + 1] & 1 != 0
        place += 2
        for edge in range(place, place + 4 * edges, 4):
            x1, y1 = np.int64(words[edge]), np.int64(words[edge + 1])
            x2, y2 = np.int64(words[edge + 2]), np.int64(words[edge + 3])
            if _is_close(x1, y1, x2, y2, x, y):
                return True
            area = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            covers ^= is_crossed(x1, y1, x2, y2, left, bottom, x, y, area > 0)
        covering += covers
        place += 4 * edges
    return covering > 1


@compiled
def _is_close(x1: int, y1: int, x2: int, y2: int, x: int, y: int) -> bool:
    east, north = float(x2 - x1), float(y2 - y1)
    to_x, to_y = float(x - x1), float(y - y1)
    length = east * east + north * north
    share = min(max((to_x * east + to_y * north) / length, 0.0), 1.0)
    off_x, off_y = to_x - share * east, to_y - share * north
    return off_x * off_x + off_y * off_y <= NEAR * NEAR
