"""Whether reports can be taken in: their fields, and where on earth they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from brain.reports import IncidentReport
from data.errors import BadInput, CityError, Where
from layers.crs import axes_look_swapped, check_lonlat, parse_crs, to_wgs84
from layers.geometry import BBox

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""When something may have happened: beyond, it is a slip of the pen, or a date that drivers cannot read back."""

Given = Sequence[tuple[Where, IncidentReport]]
Faults = list[CityError | None]
Floats = NDArray[np.float64]
Categories = Mapping[str, frozenset[str] | None]
"""The codes of each taxonomy there is; None for an open one, which takes any label."""


def check(given: Given, known: Categories, bbox: BBox) -> tuple[Faults, Floats, Floats]:
    """Each report's fault or None, and longitudes and latitudes (EPSG:4326) of those without a fault.

    `bbox` is the city's: coordinates that fall into it only the other way round look swapped.
    """
    faults = [_field_fault(one, where, known) for where, one in given]
    lon, lat = _coordinates(given, faults)
    _find_misplaced(given, faults, lon, lat, bbox)
    return faults, lon, lat


def _at(where: Where, field: str) -> Where:
    return Where(where.file, where.line, field)


def _field_fault(given: IncidentReport, where: Where, known: Categories) -> CityError | None:
    if given.taxonomy not in known:
        return BadInput("taxonomy.unknown", where=_at(where, "taxonomy"), taxonomy=given.taxonomy)
    codes = known[given.taxonomy]
    if codes is not None and given.category not in codes:
        return BadInput(
            "category.unknown", where=_at(where, "category"), category=given.category, taxonomy=given.taxonomy
        )
    for field in ("occurred_at", "reported_at", "closed_at"):
        moment: datetime | None = getattr(given, field)
        if moment is not None and moment.tzinfo is None:
            return BadInput("time.no_zone", where=_at(where, field), given=moment.isoformat())
        if moment is not None and not EARLIEST <= moment <= LATEST:
            return BadInput("time.out_of_range", where=_at(where, field), given=moment.isoformat())
    if not (math.isfinite(given.x) and math.isfinite(given.y)):
        return BadInput("coordinate.not_finite", where=_at(where, "x"), x=given.x, y=given.y)
    return None


def _coordinates(given: Given, faults: Faults) -> tuple[Floats, Floats]:
    """Longitudes and latitudes (EPSG:4326) of the reports without fault, NaN elsewhere; adds faults of the CRS."""
    x = np.array([one.x for _, one in given], dtype=np.float64)
    y = np.array([one.y for _, one in given], dtype=np.float64)
    lon, lat = np.full_like(x, np.nan), np.full_like(y, np.nan)
    by_crs: dict[str, list[int]] = {}
    for position, (_, one) in enumerate(given):
        if faults[position] is None:
            by_crs.setdefault(one.crs, []).append(position)
    for name, here in by_crs.items():
        try:
            lon[here], lat[here] = to_wgs84(x[here], y[here], parse_crs(name))
        except CityError as fault:
            for position in here:
                faults[position] = fault.at(_at(given[position][0], "crs"))
    return lon, lat


def _find_misplaced(given: Given, faults: Faults, lon: Floats, lat: Floats, bbox: BBox) -> None:
    """Adds faults for axes that look swapped, unless confirmed, and for coordinates that are nowhere on earth."""
    swapped = axes_look_swapped(lon, lat, bbox)
    finite, in_range = check_lonlat(lon, lat)
    for position in np.flatnonzero(swapped | ~(finite & in_range)).tolist():
        where, one = given[position]
        if faults[position] is not None:
            continue
        if swapped[position] and not one.axes_confirmed:
            faults[position] = BadInput("coordinate.swapped", where=_at(where, "axes_confirmed"), x=one.x, y=one.y)
        elif not (finite[position] and in_range[position]):
            faults[position] = BadInput("coordinate.out_of_range", where=_at(where, "x"), x=one.x, y=one.y)
