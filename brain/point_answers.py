"""Chunks of points and what is said of them: one definition, whatever their file and wherever it is worked out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import BadInput, CityError, Where
from layers.crs import Crs, Floats, Mask, check_lonlat, to_wgs84
from layers.locate import Placing

SHOWN = 12
"""Faults that are kept to be shown; beyond that rows are counted only."""

_NOT_A_NUMBER = "coordinate.not_a_number"
_OUT_OF_RANGE = "coordinate.out_of_range"
_NONE = np.array(None, dtype=np.object_)

Texts = NDArray[np.object_]

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do in all, 0 where that is not known."""


@dataclass(slots=True)
class Placed:
    """How many points lie in a region, outside of all, on a border where the tie rule decided; how many are refused."""

    placed: int = 0
    outside: int = 0
    on_border: int = 0
    rejected: int = 0
    faults: list[CityError] = field(default_factory=list)

    def count(self, answers: Answers) -> None:
        """Adds a chunk: the points that were not refused."""
        good = ~answers.refused
        inside = good & answers.inside
        self.placed += int(inside.sum())
        self.outside += int((good & ~answers.inside).sum())
        self.on_border += int((answers.on_border & inside).sum())

    def reject(self, fault: CityError) -> None:
        """Counts a refused row; keeps its fault while there is room."""
        self.rejected += 1
        if len(self.faults) < SHOWN:
            self.faults.append(fault)

    def add(self, other: Placed) -> None:
        """Adds the figures of another part."""
        self.placed += other.placed
        self.outside += other.outside
        self.on_border += other.on_border
        self.rejected += other.rejected


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said of n points: `columns` of text (None where outside), `faults` the key of each fault or None."""

    columns: dict[str, Texts]
    faults: Texts
    refused: Mask
    inside: Mask
    on_border: Mask


@dataclass(frozen=True, slots=True)
class PointQuestion:
    """Regions to find points in, with the columns to answer with; and how the points write their coordinates."""

    placing: Placing
    crs: Crs
    lon: str
    lat: str

    def answer(self, x: Floats, y: Floats) -> Answers:
        """Places points given in `crs`, shape (n,); NaN where there is no number. Never raises for a point."""
        is_number = np.isfinite(x) & np.isfinite(y)
        lon, lat = to_wgs84(x[is_number], y[is_number], self.crs)
        finite, in_range = check_lonlat(lon, lat)
        on_earth = finite & in_range
        good = np.flatnonzero(is_number)[on_earth]
        slots = np.full(len(x), -1, dtype=np.int32)
        slots[good] = self.placing.place(lon[on_earth], lat[on_earth])
        on_border = np.zeros(len(x), dtype=np.bool_)
        on_border[good] = self.placing.on_border(lon[on_earth], lat[on_earth])
        faults = np.full(len(x), None, dtype=np.object_)
        faults[~is_number] = _NOT_A_NUMBER
        faults[np.flatnonzero(is_number)[~on_earth]] = _OUT_OF_RANGE
        refused = np.ones(len(x), dtype=np.bool_)
        refused[good] = False
        inside = slots >= 0
        columns = {name: np.where(inside, values[slots], _NONE) for name, values in self.placing.columns.items()}
        return Answers(columns, faults, refused, inside, on_border)

    def fault(self, key: str, where: Where, lon: Any, lat: Any) -> BadInput:
        """The fault of a point whose coordinates stand like this in its file."""
        if key == _OUT_OF_RANGE:
            return BadInput(key, where=replace(where, field=self.lon), x=lon, y=lat)
        name, given = (self.lat, lat) if _is_number(lon) else (self.lon, lon)
        return BadInput(key, where=replace(where, field=name), given="" if given is None else given)


def _is_number(given: Any) -> bool:
    try:
        return math.isfinite(float(given))
    except (TypeError, ValueError):
        return False
