"""Region files read into one nested set: codes, names, tiers, parents and shapes, whatever each file calls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from data.errors import BadInput, CityError, Where
from data.files import Features, read_features
from layers.coverage import RegionLayer, parents_by_geometry
from layers.crs import Geometries, geometries_to_wgs84, parse_crs
from layers.geometry import Repair, Unusable, repair_polygons

MOST_NAMED = 20
"""Faults of one kind that are named one by one."""


@dataclass(frozen=True, slots=True)
class RegionSource:
    """One file and the fields that say what its features are.

    `tier` is that of the whole file, or `tier_field` names the column; without `parent` the parent is found by shape.
    `crs` overrides what the file says of itself.
    """

    path: Path
    code: str
    tier: str | None = None
    tier_field: str | None = None
    name: str | None = None
    parent: str | None = None
    crs: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RegionSet:
    """A whole scheme's regions, tier by tier from coarse to fine; `names` and `parents` (codes) go with `layers`."""

    layers: list[RegionLayer]
    names: list[list[str]]
    parents: list[list[str | None]]
    repairs: list[list[Repair]]

    def __len__(self) -> int:
        return sum(len(layer.codes) for layer in self.layers)


@dataclass(slots=True)
class _Rows:
    codes: list[str]
    names: list[str]
    parents: list[str | None]
    by_shape: list[bool]
    places: list[Where]
    geoms: Geometries


def read_region_set(
    sources: Sequence[RegionSource], depths: dict[str, int], progress: Callable[[int], None]
) -> RegionSet:
    """All files as one set. `depths` are the installation's tiers; `progress` is told the number of files read.

    Raises BadInput for whatever blocks an import: unreadable files and geometries, missing fields and codes, unknown
    tiers, repeated codes, parents that are missing or not of a coarser tier.
    """
    rows: dict[str, _Rows] = {}
    for count, source in enumerate(sources, 1):
        features = read_features(source.path, encoding=source.encoding)
        for tier, part in _by_tier(source, features, depths).items():
            _extend(rows, tier, part)
        progress(count)
    tiers = sorted(rows, key=lambda tier: depths[tier])
    _refuse_repeated([rows[tier] for tier in tiers])
    return _nest(tiers, rows)


def _by_tier(source: RegionSource, features: Features, depths: dict[str, int]) -> dict[str, _Rows]:
    count = len(features.geoms)
    where = features.places
    if source.tier_field is not None:
        tiers = [tier or "" for tier in features.column(source.tier_field)]
    else:
        tiers = [source.tier or ""] * count
    for tier, place in zip(tiers, where, strict=True):
        if tier not in depths:
            raise BadInput("tier.unknown", where=place, tier=tier, tiers=", ".join(depths))
    codes = features.column(source.code)
    _refuse([BadInput("region.no_code", where=place) for code, place in zip(codes, where, strict=True) if not code])
    geoms = _geometries(source, features, where)
    names = features.column(source.name) if source.name else codes
    parents = features.column(source.parent) if source.parent else [None] * count
    parts: dict[str, _Rows] = {}
    for tier in dict.fromkeys(tiers):
        here = [place for place, of in enumerate(tiers) if of == tier]
        parts[tier] = _Rows(
            [str(codes[i]) for i in here],
            [names[i] or str(codes[i]) for i in here],
            [parents[i] for i in here],
            [source.parent is None] * len(here),
            [where[i] for i in here],
            geoms[here],
        )
    return parts


def _geometries(source: RegionSource, features: Features, where: Sequence[Where]) -> Geometries:
    crs = source.crs or features.crs
    if crs is None:
        raise BadInput("file.no_crs", where=Where(features.file))
    try:
        geoms = geometries_to_wgs84(features.geoms, parse_crs(crs))
    except CityError as fault:
        raise fault.at(Where(features.file)) from None
    bounds = shapely.bounds(geoms)
    outside = np.flatnonzero(
        (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    )
    _refuse([BadInput("geometry.out_of_range", where=where[i], crs=crs) for i in outside.tolist()])
    return geoms


def _placed(fault: CityError, file: str, where: Sequence[Where]) -> CityError:
    """A fault that numbers geometries, with the lines of the file they stand on."""
    causes = tuple(
        cause.at(where[int(str(cause.values["number"])) - 1]) for cause in fault.causes if "number" in cause.values
    )
    return type(fault)(fault.key, where=Where(file), causes=causes[:MOST_NAMED], **fault.values)


def _extend(rows: dict[str, _Rows], tier: str, part: _Rows) -> None:
    if tier not in rows:
        rows[tier] = part
        return
    old = rows[tier]
    rows[tier] = _Rows(
        old.codes + part.codes,
        old.names + part.names,
        old.parents + part.parents,
        old.by_shape + part.by_shape,
        old.places + part.places,
        np.concatenate([old.geoms, part.geoms]),
    )


def _refuse_repeated(all_rows: Sequence[_Rows]) -> None:
    count = Counter(code for rows in all_rows for code in rows.codes)
    _refuse(
        [
            BadInput("region.repeated_code", where=place, code=code)
            for rows in all_rows
            for code, place in zip(rows.codes, rows.places, strict=True)
            if count[code] > 1
        ]
    )


def _nest(tiers: Sequence[str], rows: dict[str, _Rows]) -> RegionSet:
    found = RegionSet([], [], [], [])
    place_of: dict[str, tuple[int, int]] = {}
    for depth, tier in enumerate(tiers):
        here = rows[tier]
        try:
            geoms, repairs = repair_polygons(here.geoms)
        except Unusable as fault:
            raise _placed(fault, here.places[0].file or "", here.places) from None
        parents = np.full(len(here.codes), -1, dtype=np.intp)
        codes = list(here.parents)
        if depth > 0:
            by_shape = np.flatnonzero(np.array(here.by_shape))
            upper = found.layers[depth - 1]
            parents[by_shape] = parents_by_geometry(geoms[by_shape], upper.geoms)
            for i in by_shape.tolist():
                codes[i] = upper.codes[parents[i]] if parents[i] >= 0 else None
        faults: list[CityError] = []
        for i, parent in enumerate(codes):
            if depth > 0 and not parent:
                faults.append(BadInput("region.no_parent", where=here.places[i], code=here.codes[i]))
            elif parent and parent not in place_of:
                faults.append(
                    BadInput("region.parent_missing", where=here.places[i], code=here.codes[i], parent=parent)
                )
            elif parent:
                parent_depth, parents[i] = place_of[parent]
                if parent_depth != depth - 1:
                    parents[i] = -1
        _refuse(faults)
        found.layers.append(RegionLayer(tier, here.codes, parents, geoms))
        found.names.append(here.names)
        found.parents.append([parent or None for parent in codes])
        found.repairs.append(repairs)
        place_of |= {code: (depth, i) for i, code in enumerate(here.codes)}
    return found


def _refuse(faults: Sequence[CityError]) -> None:
    if faults:
        raise BadInput("region.faults", causes=tuple(faults[:MOST_NAMED]), count=len(faults), first=faults[0])
