"""What `citybrain place` is given: a file of points, and a file of regions to find them in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from brain.point_answers import PointQuestion, Texts
from data.errors import BadInput, CityError, Where
from data.files import read_features
from layers.crs import geometries_to_wgs84, parse_crs
from layers.geometry import repair_polygons
from layers.locate import Placing

REGION_ID = "region_id"


@dataclass(frozen=True, slots=True)
class PointFile:
    """A file of points, Parquet by its ending, else CSV; which columns hold their coordinates, in which system."""

    path: Path
    lon: str
    lat: str
    crs: str
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RegionFile:
    """A file of polygons: the field that names each, further fields to answer with, its CRS where it does not say."""

    path: Path
    region_id: str
    further: tuple[str, ...] = ()
    crs: str | None = None

    def answer_columns(self, taken: Iterable[str], file: Path, *more: str) -> list[str]:
        """What the columns of the answer will be called, and `more`. Raises BadInput for a name that is taken."""
        seen = set(taken)
        names = [REGION_ID, *self.further, *more]
        for name in names:
            if name in seen:
                raise BadInput("place.column_taken", where=Where(str(file)), field=name)
            seen.add(name)
        return names

    def question(self, points: PointFile) -> PointQuestion:
        """Its regions, ready to be asked for these points. Raises BadInput naming file, place and field."""
        point_crs = parse_crs(points.crs)
        features = read_features(self.path)
        given = self.crs or features.crs
        if given is None:
            raise BadInput("file.no_crs", where=Where(str(self.path)))
        codes = features.column(self.region_id)
        further = {name: _texts(features.column(name)) for name in self.further}
        if not codes:
            raise BadInput("file.empty", where=Where(str(self.path)))
        _check_codes(codes, [replace(place, field=self.region_id) for place in features.places])
        try:
            geoms, _ = repair_polygons(geometries_to_wgs84(features.geoms, parse_crs(given)))
        except CityError as fault:
            raise fault.at(Where(str(self.path))) from None
        placing = Placing.build([str(code) for code in codes], geoms, {REGION_ID: _texts(codes), **further})
        return PointQuestion(placing, point_crs, points.lon, points.lat)


def is_parquet(path: Path) -> bool:
    """Whether a name says that the file is Parquet."""
    return path.suffix.lower() == ".parquet"


def _check_codes(codes: list[str | None], places: list[Where]) -> None:
    seen = set()
    for code, place in zip(codes, places, strict=True):
        if not code:
            raise BadInput("region.no_code", where=place)
        if code in seen:
            raise BadInput("region.repeated_code", where=place, code=code)
        seen.add(code)


def _texts(values: list[Any]) -> Texts:
    return np.array(values, dtype=np.object_)
