"""The plan of a city: rectangles in a plane of metres, divided again and again by balanced cuts.

The plan is flat and straight; `data.demo.terrain` bends it to the land. Every cut is a way later on, so borders follow
streets, and each rectangle lies inside that of the tier above: the partition is exact by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BISECTIONS = 16
LEAST_PART = 0.28
"""No cut takes less than this part of a side."""

SNAP = 0.14
"""A cut moves to a line of the lattice that is nearer than this part of the side: streets go on across borders."""


@dataclass(frozen=True, slots=True)
class Field:
    """How many households live where: constant in square cells of `step` metres from `west`, `south` on."""

    west: int
    south: int
    step: int
    sums: Floats
    """Households south-west of each corner of the cells, (rows + 1, columns + 1)."""

    @classmethod
    def of(cls, west: int, south: int, step: int, households: Floats) -> Field:
        """The field of so many households a cell, (rows, columns), southernmost row first."""
        sums = np.zeros((households.shape[0] + 1, households.shape[1] + 1))
        sums[1:, 1:] = households.cumsum(axis=0).cumsum(axis=1)
        return cls(west, south, step, sums)

    def within(self, rects: Ints) -> Floats:
        """The households of each rectangle (n, 4: west, south, east, north)."""
        west, south, east, north = rects.T
        upper = self._below(east, north) - self._below(west, north)
        lower = self._below(east, south) - self._below(west, south)
        return np.asarray(upper - lower)

    def _below(self, x: Ints, y: Ints) -> Floats:
        rows, columns = self.sums.shape
        column = np.clip((x - self.west) / self.step, 0, columns - 1)
        row = np.clip((y - self.south) / self.step, 0, rows - 1)
        left = np.minimum(column.astype(np.int64), columns - 2)
        low = np.minimum(row.astype(np.int64), rows - 2)
        right, up = column - left, row - low
        sums = self.sums
        return np.asarray(
            sums[low, left] * (1 - right) * (1 - up)
            + sums[low, left + 1] * right * (1 - up)
            + sums[low + 1, left] * (1 - right) * up
            + sums[low + 1, left + 1] * right * up
        )


def shares(weights: Floats, totals: Ints, group: Ints) -> Ints:
    """Each group's things, `totals`, shared out to its members by weight (largest remainders), at least one each.

    Raises ValueError where there are fewer things than members.
    """
    members = np.bincount(group, minlength=len(totals))
    if (totals < members).any():
        raise ValueError("fewer things than members")
    weight = np.bincount(group, weights, minlength=len(totals))
    exact = weights / np.maximum(weight, 1e-9)[group] * totals[group]
    counts = np.maximum(1, np.floor(exact)).astype(np.int64)
    while True:
        short = totals - np.bincount(group, counts, minlength=len(totals)).astype(np.int64)
        if not short.any():
            return counts
        # One step up or down in each group that is not right yet, where the exact share is missed by most.
        lack = (exact - counts) * np.sign(short[group])
        lack[(short[group] < 0) & (counts == 1)] = -np.inf
        order = np.lexsort((-lack, group))
        first = np.searchsorted(group[order], np.arange(len(totals)))
        chosen = order[np.minimum(first, len(order) - 1)]
        needed = (short != 0) & (members > 0)
        counts[chosen[needed]] += np.sign(short[needed])


def divide(
    rects: Ints, parts: Ints, field: Field, lines: tuple[Ints, Ints], random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Each rectangle in so many parts of like weight: the parts, and from which rectangle each comes.

    A cut goes across the longer side. `lines` are the lattice's x and y, ascending.
    """
    owner = np.arange(len(rects), dtype=np.int64)
    done: list[tuple[Ints, Ints]] = [(rects[:0], owner[:0])]
    while len(rects):
        whole = parts == 1
        done.append((rects[whole], owner[whole]))
        rects, parts, owner = rects[~whole], parts[~whole], owner[~whole]
        first = parts // 2
        first = np.where((parts % 2 == 1) & (random.random(len(parts)) < 0.5), parts - first, first)
        low, high = _cut(rects, first / parts, field, lines, random)
        rects = np.concatenate([low, high])
        parts = np.concatenate([first, parts - first])
        owner = np.concatenate([owner, owner])
    found = np.concatenate([rects for rects, _ in done])
    owners = np.concatenate([owner for _, owner in done])
    order = np.lexsort((found[:, 0], found[:, 1], owners))
    return found[order], owners[order]


def _cut(
    rects: Ints, part: Floats, field: Field, lines: tuple[Ints, Ints], random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Cuts each rectangle in two so that the lower one has that part of the weight, within bounds of shape."""
    size = rects[:, 2:] - rects[:, :2]
    turned = size[:, 1] > size[:, 0] * random.uniform(0.8, 1.25, len(rects))
    axis = turned.astype(np.int64)
    rows = np.arange(len(rects))
    start, length = rects[rows, axis], size[rows, axis]

    def lower(place: Ints) -> Ints:
        cut = rects.copy()
        cut[rows, axis + 2] = place
        return cut

    total = field.within(rects)
    wanted = np.where(total > 0, total * part, 0)
    least = np.minimum(LEAST_PART, np.minimum(part, 1 - part) * 0.72)
    low = start + np.ceil(least * length).astype(np.int64)
    high = start + length - np.ceil(least * length).astype(np.int64)
    bound_low, bound_high = low.copy(), high.copy()
    for _ in range(BISECTIONS):
        middle = (low + high) // 2
        less = field.within(lower(middle)) < wanted
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    place = np.where(total > 0, high, start + np.rint(part * length).astype(np.int64))
    for number, along in enumerate(lines):
        near = _nearest(along, place)
        snaps = (axis == number) & (np.abs(near - place) < SNAP * np.minimum(part, 1 - part) * length)
        place = np.where(snaps & (near > bound_low) & (near < bound_high), near, place)
    upper = rects.copy()
    upper[rows, axis] = place
    return lower(place), upper


def _nearest(lines: Ints, places: Ints) -> Ints:
    after = np.clip(np.searchsorted(lines, places), 1, len(lines) - 1)
    before = after - 1
    return np.where(places - lines[before] < lines[after] - places, lines[before], lines[after])


def group(rects: Ints, parts: int, weights: Floats) -> Ints:
    """Rectangles in `parts` groups of like weight that hang together: each one's group. Needs parts ≤ rectangles."""
    found = np.zeros(len(rects), dtype=np.int64)
    _bisect(np.arange(len(rects)), parts, 0, (rects[:, :2] + rects[:, 2:]) / 2, weights, found)
    return contiguous(rects, found)


def _bisect(here: NDArray[np.intp], parts: int, label: int, centres: Floats, weights: Floats, found: Ints) -> None:
    found[here] = label
    if parts == 1:
        return
    spread = np.ptp(centres[here], axis=0)
    along = 0 if spread[0] >= spread[1] else 1
    here = here[np.lexsort((centres[here, 1 - along], centres[here, along]))]
    first = parts // 2
    sums = weights[here].cumsum()
    place = int(np.searchsorted(sums, sums[-1] * first / parts)) + 1
    place = min(max(place, first), len(here) - (parts - first))
    _bisect(here[:place], first, label, centres, weights, found)
    _bisect(here[place:], parts - first, label + first, centres, weights, found)


def contiguous(rects: Ints, owner: Ints) -> Ints:
    """Owners so that each one's rectangles hang together: a part cut off goes to the owner most around it."""
    owner = owner.copy()
    beside = _neighbours(rects)
    while True:
        parts = _parts(owner, beside)
        largest = {int(owner[part[0]]): part for part in sorted(parts, key=len)}
        stray = [part for part in parts if part is not largest[int(owner[part[0]])]]
        moved = False
        for part in stray:
            around = [int(owner[other]) for cell in part for other in beside[cell] if owner[other] != owner[cell]]
            if around:
                owner[part] = max(sorted(set(around)), key=around.count)
                moved = True
                break
        if not moved:
            return owner


def hanging_together(rects: Ints) -> Ints:
    """The most rectangles that hang together, by their places, ascending."""
    parts = _parts(np.zeros(len(rects), dtype=np.int64), _neighbours(rects))
    return np.sort(max(parts, key=len))


def _neighbours(rects: Ints) -> list[list[int]]:
    """For each rectangle those that share a piece of border with it."""
    west, south, east, north = rects.T
    beside = []
    for x0, y0, x1, y1 in rects.tolist():
        across = ((east == x0) | (west == x1)) & (np.minimum(north, y1) > np.maximum(south, y0))
        above = ((north == y0) | (south == y1)) & (np.minimum(east, x1) > np.maximum(west, x0))
        beside.append(np.flatnonzero(across | above).tolist())
    return beside


def _parts(owner: Ints, beside: list[list[int]]) -> list[list[int]]:
    seen = np.zeros(len(owner), dtype=np.bool_)
    parts = []
    for start in range(len(owner)):
        if seen[start]:
            continue
        part, front = [start], [start]
        seen[start] = True
        while front:
            for other in beside[front.pop()]:
                if not seen[other] and owner[other] == owner[start]:
                    seen[other] = True
                    part.append(other)
                    front.append(other)
        parts.append(part)
    return parts
