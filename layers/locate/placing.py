"""Point → region, exactly, with one rule for points on shared borders; and the nearest region for points in none."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import BadInput
from layers.crs import Floats, Geometries, Mask, check_lonlat
from layers.geometry import BBox
from layers.locate.cells import Raster, cells_of
from layers.locate.edges import Ids, edges_of
from layers.locate.lattice import UNITS_PER_DEGREE, Lattice, Rings
from layers.locate.leaves import Words
from layers.locate.nearest import SAME_DISTANCE_M, Sieve, nearest_edges
from layers.locate.packing import MOST_WORDS, packed
from layers.locate.search import find, find_many, near_border

Columns = Mapping[str, NDArray[Any]]

BORDER_TOLERANCE_DEG = 2e-8
"""How near to a border, in degrees, a place is called "on the border": about 2 mm.

A double holds a longitude near 113° to 1.4e-14°, so a point meant to lie on an oblique edge lies beside it, on the side
that rounding chose. Points geocoded to a street centre line come with 7 to 8 decimals, which puts them up to 1e-8° off
the border that is that line. In this band the side is an accident of notation, though the answer is always the same.
"""

EDGES_PER_CELL = 48
"""Of the raster, about: few enough cells to be at hand in the processor's cache, each divided as its edges need."""

MOST_PATCHED_SHARE = 0.25
"""Of the raster's cells: where an edit touches more, the index is built from the beginning."""

_MOST_CELLS = 1 << 22
_MOST_PATCHES = 2000
_MOST_THREADS = 4
_POINTS_AT_ONCE = 1 << 16
_MOST_EDGES_AT_ONCE = 1 << 18


@dataclass(frozen=True, eq=False)
class Placing:
    """One edition of one scheme's regions, ready to place points. Immutable; may be used from several threads.

    Answers are slots: positions in `codes` and in each of `columns`. Borders and points are rounded to a lattice of
    1e-8°, and on it every answer is exact: the region that covers the point, borders included; where several do, the
    lowest code, in the byte order of UTF-8 (collation "C"). Only within BORDER_TOLERANCE_DEG of a border may that
    differ from what doubles say.
    """

    codes: NDArray[np.str_]
    columns: Columns
    bbox: BBox
    """West, south, east, north of all regions in degrees; (0, 0, 0, 0) if there are none."""

    _raster: Raster
    _words: Words
    _dead: int
    _rank: Ids
    _rings: Rings

    @classmethod
    def build(cls, codes: Sequence[str], geoms: Geometries, columns: Columns | None = None) -> Placing:
        """Regions by code, with valid polygonal geometries in EPSG:4326 and columns of the same length.

        Their slots are in this order.

        Raises BadInput("region.edge_too_long").
        """
        slots = np.arange(len(codes), dtype=np.int32)
        rings = Rings.of(np.asarray(geoms, dtype=np.object_), slots)
        return cls._over(np.array(codes, dtype=np.str_), dict(columns or {}), rings)

    @classmethod
    def _over(cls, codes: NDArray[np.str_], columns: Columns, rings: Rings) -> Placing:
        ends, sides = edges_of(rings)
        most = min(max(len(ends) // EDGES_PER_CELL, 1024), _MOST_CELLS)
        raster = Raster.over(*rings.extent(), most)
        rank = _ranks(codes)
        table, words = packed(raster, cells_of(raster, ends, sides), ends, sides, rank)
        table[table[:, 0] < 0, 0] += table.size
        words = _frozen(np.concatenate((table.reshape(-1), words)))
        return cls(codes, columns, _bbox(rings), raster, words, 0, rank, rings)

    def updated(
        self, ended: Sequence[str], codes: Sequence[str], geoms: Geometries, columns: Columns | None = None
    ) -> Placing:
        """The next edition: without the regions `ended`, with those of `codes`, which replace those of the same code.

        `geoms` and each of `columns` have the length of `codes`; the columns are those of this index. Other regions
        keep their slots. Only the cells around what changes are made anew. Raises BadInput("region.edge_too_long"),
        KeyError for a code in `ended` that is not there.
        """
        slot_of = {code: slot for slot, code in enumerate(self.codes.tolist()) if code}
        leaving = [slot_of[code] for code in ended]
        free = sorted({*np.flatnonzero(self.codes == "").tolist(), *leaving}, reverse=True)
        end = len(self.codes)
        taken = []
        for code in codes:
            if code in slot_of and slot_of[code] not in leaving:
                taken.append(slot_of[code])
            elif free:
                taken.append(free.pop())
            else:
                taken.append(end)
                end += 1
        touched = np.zeros(end, dtype=np.bool_)
        touched[leaving] = touched[taken] = True
        order = np.argsort(taken)
        coming = Rings.of(np.asarray(geoms, dtype=np.object_)[order], np.array(taken, dtype=np.int32)[order])
        rings = self._rings.of_slots(~touched).and_more(coming)
        named = _written(self.codes, end, leaving, "", taken, list(codes))
        given = columns or {}
        next_columns = {
            name: _written(values, end, leaving, 0, taken, given[name] if taken else values[:0])
            for name, values in self.columns.items()
        }
        before, after = (some.bounds(end)[touched] for some in (self._rings.of_slots(touched), coming))
        boxes = np.concatenate((before, after))
        boxes = boxes[boxes[:, 0] <= boxes[:, 2]]
        if not self._can_patch(boxes):
            return Placing._over(named, next_columns, rings)
        return self._patched(named, next_columns, rings, boxes)

    def _can_patch(self, boxes: Lattice) -> bool:
        raster = self._raster
        if not len(boxes):
            return True
        size = 1 << raster.shift
        west, south = boxes[:, :2].min(axis=0) - (raster.west, raster.south)
        east, north = boxes[:, 2:].max(axis=0) - (raster.west, raster.south)
        inside = west > 0 and south > 0 and east < size * raster.columns and north < size * raster.rows
        spans = ((boxes[:, 2:] - boxes[:, :2]) >> raster.shift) + 2
        cells = raster.columns * raster.rows
        is_small = int(spans.prod(axis=1).sum()) < MOST_PATCHED_SHARE * cells and len(boxes) < _MOST_PATCHES
        return inside and is_small and self._dead < len(self._words) // 2

    def _patched(self, codes: NDArray[np.str_], columns: Columns, rings: Rings, boxes: Lattice) -> Placing:
        """The same index, its cells that touch these boxes packed anew; what they were stays behind, dead."""
        raster, rank = self._raster, _ranks(codes)
        table = self._words[: 2 * raster.columns * raster.rows].reshape(-1, 2).copy()
        parts = [self._words[table.size :]]
        end = len(self._words)
        bounds = rings.bounds(len(codes))
        for west, south, east, north in np.unique(boxes, axis=0).tolist():
            window = raster.window(west, south, east, north)
            reach = window.box()
            near = (bounds[:, 0] <= reach[2]) & (bounds[:, 2] >= reach[0])
            near &= (bounds[:, 1] <= reach[3]) & (bounds[:, 3] >= reach[1])
            ends, sides = edges_of(rings.of_slots(near))
            cells, words = packed(window, cells_of(window, ends, sides), ends, sides, rank)
            cells[cells[:, 0] < 0, 0] += end
            places = window.first + np.arange(window.rows)[:, None] * raster.columns + np.arange(window.columns)
            table[places.reshape(-1)] = cells
            parts.append(words)
            end += len(words)
            if end >= MOST_WORDS:
                return Placing._over(codes, columns, rings)
        dead = self._dead + end - len(self._words)
        packed_anew = _frozen(np.concatenate((table.reshape(-1), *parts)))
        return Placing(codes, columns, _bbox(rings), raster, packed_anew, dead, rank, rings)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for values in (self._words, self._rank):  # pickling forgets that they are read-only
            _frozen(values)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.codes != ""))

    def place(self, lon: ArrayLike, lat: ArrayLike) -> Ids:
        """The slot of the region that each point lies in, −1 for none; degrees, shape (n,).

        Raises BadInput("coordinate.not_finite").
        """
        slots: Ids = place_in_all([self], lon, lat)[0]
        return slots

    def place_one(self, lon: float, lat: float) -> int:
        """`place` for a single point, which must be finite."""
        return int(find(self._words, self._rank, self._box, lon, lat))

    def on_border(self, lon: ArrayLike, lat: ArrayLike) -> Mask:
        """Whether each point lies on a border: then its place is a matter of the rule, not of geography.

        True for every point within BORDER_TOLERANCE_DEG of any region's border, and for none farther than 5e-8°; and
        where several regions cover the point. Raises BadInput("coordinate.not_finite").
        """
        x, y = _points(lon, lat)
        found = np.zeros(len(x), dtype=np.bool_)
        near_border(self._words, self._rank, self._box, x, y, found)
        return found

    def nearest(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Ids, Floats]:
        """The slot of the region nearest to each point, and metres on the WGS 84 ellipsoid (0 inside); shape (n,).

        Borders run straight in longitude and latitude; distances are right to two millimetres. Of regions
        equally far (as at a shared corner) the lowest code is taken. (−1, inf) if there are none.
        Raises BadInput("coordinate.not_finite"), BadInput("coordinate.out_of_range").
        """
        slots = self.place(lon, lat)
        for wrong in np.flatnonzero(~check_lonlat(lon, lat)[1])[:1]:
            raise BadInput("coordinate.out_of_range", x=float(np.ravel(lon)[wrong]), y=float(np.ravel(lat)[wrong]))
        metres = np.where(slots < 0, np.inf, 0.0)
        outside = np.flatnonzero(slots < 0) if len(self) else np.array([], dtype=np.intp)
        if len(outside):
            at = np.column_stack((np.ravel(lon), np.ravel(lat))).astype(np.float64)[outside]
            distinct, again = np.unique(at, axis=0, return_inverse=True)
            nearest, distance = self._nearest_to(distinct)
            slots[outside], metres[outside] = nearest[again.reshape(-1)], distance[again.reshape(-1)]
        return slots, metres

    def _nearest_to(self, places: Floats) -> tuple[Ids, Floats]:
        """`nearest` for places outside, shape (n, 2), n > 0."""
        parts, edges, count = [], [], 0
        for place, (lon, lat) in enumerate(places.tolist(), 1):
            edges.append(self._sieve.likely_edges(lon, lat))
            count += len(edges[-1][2])
            if count > _MOST_EDGES_AT_ONCE or place == len(places):
                parts.append(self._nearest_of(places[place - len(edges) : place], edges))
                edges, count = [], 0
        slots, metres = (np.concatenate(values) for values in zip(*parts, strict=True))
        return slots, metres

    def _nearest_of(self, places: Floats, edges: list[tuple[Floats, Floats, Ids]]) -> tuple[Ids, Floats]:
        """The slot and the distance of each place's nearest edge, of those that are likely."""
        point = np.repeat(np.arange(len(places)), [len(owner) for _, _, owner in edges])
        start, end, whose = (np.concatenate(parts) for parts in zip(*edges, strict=True))
        point, owner, distance = nearest_edges(places[:, 0], places[:, 1], point, start, end, whose)
        first = np.flatnonzero(np.diff(point, prepend=-1))
        least = np.minimum.reduceat(distance, first)
        rank = np.where(distance <= least[point] + SAME_DISTANCE_M, self._rank[owner], len(self.codes))
        return owner[np.lexsort((rank, point))[first]], least

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve.of(self._rings, len(self.codes))

    @cached_property
    def _box(self) -> tuple[int, int, int, int, int]:
        raster = self._raster
        return raster.west, raster.south, raster.shift, raster.columns, raster.rows

    def save(self, folder: Path) -> None:
        """Writes the index as a folder of .npy files and meta.json: whole or not at all, in place of what was there."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, values in self._arrays().items():
                with (beside / f"{name}.npy").open("wb") as file:
                    np.save(file, values, allow_pickle=False)
                    file.flush()
                    os.fsync(file.fileno())  # or a crash could leave a whole folder of empty pages
            meta = {
                "form": FORM,
                "bbox": self.bbox,
                "origin": self._rings.origin,
                "raster": astuple(self._raster),
                "dead": self._dead,
                "columns": [*self.columns],
            }
            (beside / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
            beside.chmod(0o755)  # borders are for all, and a server may run as another user than the one who publishes
            shutil.rmtree(folder, ignore_errors=True)
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        rings = self._rings
        own = {
            "codes": self.codes,
            "words": self._words,
            "rank": self._rank,
            "xy": rings.xy,
            "start": rings.start,
            "slot": rings.slot,
        }
        return own | {f"column_{name}": values for name, values in self.columns.items()}

    @classmethod
    def open(cls, folder: Path) -> Placing:
        """A saved index, memory-mapped: processes that open it share one copy.

        Raises OSError or ValueError for a folder that is not whole.
        """
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["form"] != FORM:
            raise ValueError(f"{folder} is a placing index of another form")

        def mapped(name: str) -> NDArray[Any]:
            return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))

        return cls(
            mapped("codes"),
            {name: mapped(f"column_{name}") for name in meta["columns"]},
            tuple(meta["bbox"]),
            Raster(*meta["raster"]),
            mapped("words"),
            meta["dead"],
            mapped("rank"),
            Rings(mapped("xy"), mapped("start"), mapped("slot"), tuple(meta["origin"])),
        )


FORM = 4
"""Of saved indexes; another number for every change of what the files hold."""


def place_in_all(placings: Sequence[Placing], lon: ArrayLike, lat: ArrayLike) -> Ids:
    """The slot of each point (degrees, shape (n,)) in each of several indexes, in one pass; shape (indexes, n).

    −1 for none. Raises BadInput("coordinate.not_finite").
    """
    x, y = _points(lon, lat)
    found = np.empty((len(placings), len(x)), dtype=np.int32)

    def part(piece: slice) -> None:
        for row, placing in enumerate(placings):
            find_many(placing._words, placing._rank, placing._box, x[piece], y[piece], found[row, piece])

    _in_threads(part, list(_pieces(len(x))))
    return found


def _in_threads(work: Callable[[slice], None], pieces: list[slice]) -> None:
    if len(pieces) < 2:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        list(threads.map(work, pieces))


def _pieces(length: int) -> Iterator[slice]:
    for start in range(0, length, _POINTS_AT_ONCE):
        yield slice(start, min(start + _POINTS_AT_ONCE, length))


def _points(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    x, y = (np.ascontiguousarray(np.ravel(values), dtype=np.float64) for values in (lon, lat))
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        raise BadInput("coordinate.not_finite", x=float(x[wrong[0]]), y=float(y[wrong[0]]))
    return x, y


def _bbox(rings: Rings) -> BBox:
    west, south, east, north = (place / UNITS_PER_DEGREE for place in rings.extent())
    return west, south, east, north


def _ranks(codes: NDArray[np.str_]) -> Ids:
    """Each slot's place in the order of codes: that of code points, which is that of their bytes in UTF-8."""
    rank = np.empty(len(codes), dtype=np.int32)
    rank[np.argsort(codes, kind="stable")] = np.arange(len(codes), dtype=np.int32)
    return _frozen(rank)


def _written(
    values: NDArray[Any], length: int, leaving: list[int], empty: object, taken: list[int], given: ArrayLike
) -> NDArray[Any]:
    """The column one edition later."""
    coming = np.asarray(given)
    column = np.zeros((length, *values.shape[1:]), dtype=np.promote_types(values.dtype, coming.dtype))
    column[: len(values)] = values
    column[leaving] = empty
    column[taken] = coming
    return column


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    """The array, read-only: compiled code has one signature, whether an array is mapped or not."""
    values.flags.writeable = False
    return values
