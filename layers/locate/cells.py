"""A raster of cells over a partition: which edges touch each cell, and which regions cover its corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.locate.compiled import compiled
from layers.locate.edges import Ids
from layers.locate.lattice import Lattice
from layers.locate.sides import is_left

MARGIN = 4
"""In units: how far outside a cell an edge may pass and still be listed in it."""

MANY = -1
"""Stands for "several regions" where a single id is kept."""


@dataclass(frozen=True, slots=True)
class Raster:
    """Square cells of 2^shift units from (west, south) on, row by row from the south."""

    west: int
    south: int
    shift: int
    columns: int
    rows: int

    @classmethod
    def over(cls, west: int, south: int, east: int, north: int, most_cells: int) -> Raster:
        """The finest raster over a box that has no more than `most_cells`, two units of room around it."""
        west, south = west - 2, south - 2
        shift = 6
        while ((east + 2 - west >> shift) + 1) * ((north + 2 - south >> shift) + 1) > most_cells:
            shift += 1
        return cls(west, south, shift, (east + 2 - west >> shift) + 1, (north + 2 - south >> shift) + 1)

    def window(self, west: int, south: int, east: int, north: int) -> Window:
        """The cells that a box touches, with the margin. The box must lie in the raster."""
        first_column = max((west - self.west - MARGIN) >> self.shift, 0)
        first_row = max((south - self.south - MARGIN) >> self.shift, 0)
        last_column = min((east - self.west + MARGIN) >> self.shift, self.columns - 1)
        last_row = min((north - self.south + MARGIN) >> self.shift, self.rows - 1)
        size = 1 << self.shift
        return Window(
            self.west + first_column * size,
            self.south + first_row * size,
            self.shift,
            last_column - first_column + 1,
            last_row - first_row + 1,
            first_row * self.columns + first_column,
        )


@dataclass(frozen=True, slots=True)
class Window(Raster):
    """Some columns of some rows of a raster, a raster itself; `first` is the number of its first cell in the whole."""

    first: int

    def box(self) -> tuple[int, int, int, int]:
        """West, south, east, north of what may touch the cells, with the margin."""
        east, north = self.west + (self.columns << self.shift), self.south + (self.rows << self.shift)
        return self.west - MARGIN, self.south - MARGIN, east + MARGIN, north + MARGIN


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What touches each cell of a raster of n cells.

    Edges `edges[start[cell] : start[cell + 1]]`; `corner[cell]` is the id of the one region that covers the place
    at its south-west corner, 0 for none, MANY for several: those are `ids[ids_start[i] : ids_start[i + 1]]`
    for the i-th such cell, whose number is `many[i]`.
    """

    start: Lattice
    edges: Ids
    corner: Ids
    many: Lattice
    ids_start: Lattice
    ids: Ids


def cells_of(raster: Raster, ends: Lattice, sides: Ids) -> Cells:
    """The cells of a raster, from edges as `edges_of` gives them; every region that touches it must be among them."""
    box = (raster.west, raster.south, raster.shift, raster.columns, raster.rows)
    count = raster.columns * raster.rows
    every = np.arange(len(ends), dtype=np.int32)
    start, edges = touching(every, ends, *box)
    state = np.zeros(count, dtype=np.uint64)
    sweep(every, ends, sides, *box, 0, state)
    corner = np.empty(count, dtype=np.int32)
    _singled_out(state, corner)
    many = np.flatnonzero(corner == MANY)
    ids_start, ids = np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32)
    if len(many):
        ids_start, ids = _sets(ends, sides, raster, corner, many)
    return Cells(start, edges, corner, many, ids_start, ids)


@compiled
def _span(
    x1: int, y1: int, x2: int, y2: int, south: int, north: int, west: int, shift: int, columns: int
) -> tuple[int, int]:
    """First and last column that an edge touches between two heights, with the margin; last < first for none."""
    low, high = min(x1, x2), max(x1, x2)
    if y1 != y2:
        slope = (x2 - x1) / (y2 - y1)
        at_south = x1 + slope * (min(max(south, min(y1, y2)), max(y1, y2)) - y1)
        at_north = x1 + slope * (max(min(north, max(y1, y2)), min(y1, y2)) - y1)
        low = max(low, np.int64(np.floor(min(at_south, at_north))))
        high = min(high, np.int64(np.ceil(max(at_south, at_north))))
    first = max((low - MARGIN - west) >> shift, 0)
    last = min((high + MARGIN - west) >> shift, columns - 1)
    return first, last


@compiled
def touching(
    chosen: Ids, ends: Lattice, west: int, south: int, shift: int, columns: int, rows: int
) -> tuple[Lattice, Ids]:
    """Those of the chosen edges that touch each cell of a raster: of cell i `edges[start[i] : start[i + 1]]`."""
    start = np.zeros(columns * rows + 2, dtype=np.int64)
    edges = np.empty(0, dtype=np.int32)
    for is_counting in (True, False):
        for edge in chosen:
            x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
            first_row = max((min(y1, y2) - MARGIN - south) >> shift, 0)
            last_row = min((max(y1, y2) + MARGIN - south) >> shift, rows - 1)
            for row in range(first_row, last_row + 1):
                low = south + (row << shift) - MARGIN
                high = low + (1 << shift) + 2 * MARGIN
                first, last = _span(x1, y1, x2, y2, low, high, west, shift, columns)
                for cell in range(row * columns + first, row * columns + last + 1):
                    if is_counting:
                        start[cell + 2] += 1
                    else:
                        edges[start[cell + 1]] = edge
                        start[cell + 1] += 1
        if is_counting:
            for cell in range(columns * rows):
                start[cell + 2] += start[cell + 1]
            edges = np.empty(start[columns * rows + 1], dtype=np.int32)
    return start, edges


@compiled
def _column_after(x1: int, y1: int, x2: int, y2: int, y: int, west: int, shift: int, columns: int) -> int:
    """The first column whose corner at the height y lies to the right of an edge that crosses this height."""
    upward = y2 > y1
    column = np.int64(np.floor((x1 + (y - y1) * ((x2 - x1) / (y2 - y1)) - west) / (1 << shift))) + 1
    column = min(max(column, 0), columns)
    while column > 0 and is_left(x1, y1, x2, y2, west + ((column - 1) << shift), y) != upward:
        column -= 1
    while column < columns and is_left(x1, y1, x2, y2, west + (column << shift), y) == upward:
        column += 1
    return column


@compiled
def marked(region: int) -> int:
    """An id, and a hash of it in the upper half: several of them, joined by exclusive or, never look like one."""
    mixed = np.uint64(region) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed & np.uint64(0xFFFFFFFF00000000)) | np.uint64(region)


@compiled
def sweep(
    chosen: Ids,
    ends: Lattice,
    sides: Ids,
    west: int,
    south: int,
    shift: int,
    columns: int,
    rows: int,
    first_column: int,
    state: NDArray[np.uint64],
) -> None:
    """Makes of `state` what covers each cell's corner: the marks of the regions, joined by exclusive or.

    At the beginning it holds that of the first column, or nothing: then edges are counted from column 0 on.
    """
    for edge in chosen:
        x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
        # Rows whose corners lie at a height y with min <= y < max of the edge's ends.
        first_row = max((min(y1, y2) - south + (1 << shift) - 1) >> shift, 0)
        last_row = min((max(y1, y2) - 1 - south) >> shift, rows - 1)
        if first_row > last_row:
            continue
        both = marks(sides, edge)
        for row in range(first_row, last_row + 1):
            column = _column_after(x1, y1, x2, y2, south + (row << shift), west, shift, columns)
            if first_column <= column < columns:
                state[row * columns + column] ^= both
    for row in range(rows):
        for cell in range(row * columns + 1, (row + 1) * columns):
            state[cell] ^= state[cell - 1]


@compiled
def marks(sides: Ids, edge: int) -> int:
    """What crossing an edge changes in a state."""
    if sides[edge, 1] == 0:
        return marked(sides[edge, 0])
    return marked(sides[edge, 0]) ^ marked(sides[edge, 1])


@compiled
def single(state: int) -> int:
    """The only id in a state, 0 for none, MANY for several."""
    region = np.int64(state & np.uint64(0xFFFFFFFF))
    if state == 0:
        return 0
    return region if state == marked(region) else MANY


@compiled
def _singled_out(state: NDArray[np.uint64], corner: Ids) -> None:
    for cell in range(len(state)):
        corner[cell] = single(state[cell])


def _sets(ends: Lattice, sides: Ids, raster: Raster, corner: Ids, many: Lattice) -> tuple[Lattice, Ids]:
    """The regions that cover the corners marked MANY, as offsets and ids in the order of `many`."""
    in_rows = np.zeros(raster.rows, dtype=np.bool_)
    in_rows[many // raster.columns] = True
    box = (raster.west, raster.south, raster.shift, raster.columns, raster.rows)
    cells, ids = _changes(ends, sides, *box, in_rows)
    order = np.argsort(cells, kind="stable")
    return _covering(cells[order], ids[order], many, raster.columns)


@compiled
def _changes(
    ends: Lattice, sides: Ids, west: int, south: int, shift: int, columns: int, rows: int, in_rows: NDArray[np.bool_]
) -> tuple[Lattice, Ids]:
    """Cells from whose corner on, to the east, a region covers or no longer covers; only in some rows."""
    capacity = 1024
    cells, ids, count = np.empty(capacity, dtype=np.int64), np.empty(capacity, dtype=np.int32), 0
    for edge in range(len(ends)):
        x1, y1, x2, y2 = ends[edge, 0], ends[edge, 1], ends[edge, 2], ends[edge, 3]
        first_row = max((min(y1, y2) - south + (1 << shift) - 1) >> shift, 0)
        last_row = min((max(y1, y2) - 1 - south) >> shift, rows - 1)
        for row in range(first_row, last_row + 1):
            if not in_rows[row]:
                continue
            column = _column_after(x1, y1, x2, y2, south + (row << shift), west, shift, columns)
            if column == columns:
                continue
            if count + 2 > capacity:
                capacity *= 2
                more_cells, more_ids = np.empty(capacity, dtype=np.int64), np.empty(capacity, dtype=np.int32)
                more_cells[:count], more_ids[:count] = cells[:count], ids[:count]
                cells, ids = more_cells, more_ids
            for side in range(2):
                if sides[edge, side] != 0:
                    cells[count], ids[count] = row * columns + column, sides[edge, side]
                    count += 1
    return cells[:count], ids[:count]


@compiled
def _covering(cells: Lattice, ids: Ids, many: Lattice, columns: int) -> tuple[Lattice, Ids]:
    starts = np.zeros(len(many) + 1, dtype=np.int64)
    found = np.empty(1024, dtype=np.int32)
    active = np.empty(len(ids) + 1, dtype=np.int32)
    count, actives, change, row = 0, 0, 0, -1
    for place in range(len(many)):
        if many[place] // columns != row:
            row = many[place] // columns
            actives = 0
            while change < len(cells) and cells[change] < row * columns:
                change += 1
        while change < len(cells) and cells[change] <= many[place]:
            at = 0
            while at < actives and active[at] != ids[change]:
                at += 1
            if at < actives:
                active[at] = active[actives - 1]
                actives -= 1
            else:
                active[actives] = ids[change]
                actives += 1
            change += 1
        while count + actives > len(found):
            more = np.empty(2 * len(found), dtype=np.int32)
            more[:count] = found[:count]
            found = more
        found[count : count + actives] = active[:actives]
        count += actives
        starts[place + 1] = count
    return starts, found[:count]
