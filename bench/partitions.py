"""Partitions to place points in: an invented city at any size, and real output areas. Made once and kept."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from bench.form import CACHE
from layers.crs import Floats, Geometries
from layers.geometry import repair_polygons

EXTENT = (103.0, 30.1, 104.9, 31.7)
"""West, south, east, north of the invented city: as large as Chengdu."""

REAL_REGIONS = 181_408
_SEED = 20_260_701
_CELLS_PER_GRID = 9.7
_GRIDS_PER_COMMUNITY = 4.3
_WIGGLE = 0.6
_STEEPEST = 0.18
_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Partition:
    """Regions that do not overlap. `codes` ascend in byte order, so the lowest index is the lowest code; EPSG:4326."""

    name: str
    codes: list[str]
    geoms: Geometries


def invented(regions: int) -> Partition:
    """So many micro-grids, small in the core and in twenty towns, large outside; about 41 vertices a ring.

    Neighbours share their vertices to the last bit, there are no gaps inside, and coordinates have eight decimals, as
    in files. The codes nest: 8 characters name the community, 11 the grid, 14 the micro-grid.
    """
    return _kept(f"invented_{regions}", lambda: _invent(regions))


def real() -> Partition | None:
    """The 181,408 output areas of England and Wales; None where CITYBRAIN_REAL_DATA does not name their folder."""
    folder = os.environ.get("CITYBRAIN_REAL_DATA")
    if not folder:
        return None
    source = Path(folder) / "uk" / "oa_2011_england_wales.geojsonl.gz"
    return _kept(f"real_{REAL_REGIONS}", lambda: _read(source))


def file_of(partition: Partition) -> Path:
    """Where the partition is kept, for another process."""
    return CACHE / f"{partition.name}.parquet"


def load(file: Path) -> Partition:
    """What another process keeps."""
    frame = gpd.read_parquet(file)
    return Partition(file.stem, frame["code"].tolist(), np.asarray(frame.geometry.array, dtype=np.object_))


def keep(partition: Partition) -> None:
    """Writes the partition to its file: whole or not at all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    file = file_of(partition)
    unfinished = file.with_suffix(f".{os.getpid()}")
    frame = gpd.GeoDataFrame({"code": partition.codes}, geometry=partition.geoms, crs="EPSG:4326")
    frame.to_parquet(unfinished)
    unfinished.rename(file)


def _kept(name: str, make: Callable[[], tuple[list[str], Geometries]]) -> Partition:
    file = CACHE / f"{name}.parquet"
    if not file.exists():
        codes, geoms = make()
        keep(Partition(name, codes, geoms))
    return load(file)


def _read(source: Path) -> tuple[list[str], Geometries]:
    with gzip.open(source, "rt") as lines:
        features = [json.loads(line) for line in lines]
    features.sort(key=lambda feature: feature["properties"]["oa11cd"].encode())
    geoms = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    return [feature["properties"]["oa11cd"] for feature in features], repair_polygons(geoms)[0]


def _invent(regions: int) -> tuple[list[str], Geometries]:
    random = np.random.default_rng(_SEED)
    seeds, inside = _seeds(random, regions)
    rings = _voronoi_rings(seeds)
    corners, start = np.concatenate(rings), np.cumsum([0, *map(len, rings)])
    lengths = np.diff(start)

    # Every side of a cell, from corner to corner; a side and its neighbour's carry the same two corners.
    nodes, node = np.unique(corners, axis=0, return_inverse=True)
    node = node.reshape(-1)
    following = np.arange(len(corners)) + 1
    following[start[1:] - 1] = start[:-1]
    cell = np.repeat(np.arange(len(rings)), lengths)
    ends = np.column_stack((node, node[following]))
    edges, edge, seen = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True, return_counts=True)
    edge = edge.reshape(-1)
    first, last = np.full(len(edges), -1), np.full(len(edges), -1)
    first[edge[::-1]] = cell[::-1]
    last[edge] = cell

    lines, pieces = _wiggled(random, nodes[edges[:, 0]], nodes[edges[:, 1]], seeds[first], seeds[last], seen == 2)

    of_city = np.flatnonzero(inside[cell])
    turned = ends[of_city, 0] != edges[edge[of_city], 0]
    rows = lines[edge[of_city]]
    count = pieces[edge[of_city]]
    step = np.arange(8)[None, :] * (8 // count)[:, None]
    wanted = np.arange(8)[None, :] < count[:, None]
    places = np.where(turned[:, None], 8 - step, step)
    vertices = np.take_along_axis(rows, np.clip(places, 0, 8)[:, :, None], axis=1)[wanted]
    ring = np.repeat(cell[of_city], count)
    distinct, ring = np.unique(ring, return_inverse=True)
    polygons = shapely.polygons(shapely.linearrings(vertices.round(_DECIMALS), indices=ring))
    codes = _nested_codes(random, seeds[distinct])
    order = np.argsort(codes)
    return codes[order].tolist(), polygons[order]


def _seeds(random: np.random.Generator, regions: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Seeds of the cells, evened out once, and which of them are the city's: the nearest ones to its middle.

    The rest fill a margin around it, so that no cell of the city is one that the drawing's frame cut.
    """
    west, south, east, north = EXTENT
    middle, half = (
        np.array([(west + east) / 2, (south + north) / 2]),
        np.array([(east - west) / 2, (north - south) / 2]),
    )
    towns = middle + random.uniform(-0.75, 0.75, (20, 2)) * half
    centre = np.array([104.07, 30.66])
    drawn = np.concatenate(
        (
            random.normal(centre, 0.10, (int(regions * 0.55), 2)),
            (towns[:, None] + random.normal(0.0, 0.025, (20, int(regions * 0.0125), 2))).reshape(-1, 2),
            middle + random.uniform(-1.25, 1.25, (int(regions * 0.40), 2)) * half,
        )
    )
    cells = shapely.voronoi_polygons(shapely.multipoints(drawn), ordered=True)
    evened = shapely.get_coordinates(shapely.centroid(shapely.get_parts(cells)))
    from_middle = ((np.abs(evened - middle) / half) ** 4).sum(axis=1)
    inside = np.zeros(len(evened), dtype=np.bool_)
    inside[np.argsort(from_middle)[:regions]] = True
    return evened, inside


def _voronoi_rings(seeds: Floats) -> list[Floats]:
    """The corners of each seed's cell, without the closing one."""
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), ordered=True))
    corners, ring = shapely.get_coordinates(shapely.get_exterior_ring(cells), return_index=True)
    return [ring[:-1] for ring in np.split(corners, np.flatnonzero(np.diff(ring)) + 1)]


def _wiggled(
    random: np.random.Generator, a: Floats, b: Floats, left: Floats, right: Floats, shared: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.intp]]:
    """Each edge as nine points, bent by halving it three times; and in how many pieces it is to be drawn (8 or 4).

    An edge and the seeds beside it span two triangles, and no two triangles of a partition meet in their insides. A
    line that stays in its own two, and goes ever onward from a to b, crosses neither another line nor itself.
    """
    along = b - a
    length = np.maximum(np.hypot(*along.T), 1e-300)
    offset = np.zeros((len(a), 9))
    for level in (4, 2, 1):
        for at in range(level, 8, 2 * level):
            between = (offset[:, at - level] + offset[:, at + level]) / 2
            offset[:, at] = between + random.uniform(-0.5, 0.5, len(a)) * level / 4
    share = np.arange(9) / 8
    normal = np.column_stack((-along[:, 1], along[:, 0])) / length[:, None]
    room = np.full((len(a), 9), np.inf)
    for seed in (left, right):
        foot = ((seed - a) * along).sum(axis=1) / length**2
        height = np.abs(((seed - a) * normal).sum(axis=1))
        rising = share / np.maximum(foot, 1e-9)[:, None]
        falling = (1 - share) / np.maximum(1 - foot, 1e-9)[:, None]
        room = np.minimum(room, height[:, None] * np.minimum(rising, falling))
    bend = offset * np.minimum(_WIGGLE * room, _STEEPEST * length[:, None]) * shared[:, None]
    points = a[:, None] + share[None, :, None] * along[:, None] + bend[:, :, None] * normal[:, None]
    points[:, 0], points[:, 8] = a, b
    return points, np.where(length >= np.quantile(length, 0.265), 8, 4)


def _nested_codes(random: np.random.Generator, seeds: Floats) -> NDArray[np.str_]:
    """Micro-grids go to the nearest of a draw of grids, grids to the nearest of a draw of communities."""
    grids = random.choice(seeds, max(1, int(len(seeds) / _CELLS_PER_GRID)), replace=False)
    communities = random.choice(grids, max(1, int(len(grids) / _GRIDS_PER_COMMUNITY)), replace=False)
    grid = _nearest(grids, seeds)
    community = _nearest(communities, grids)
    grid_number, cell_number = _numbers(community), _numbers(grid)
    return np.array(
        [
            f"5101{community[at]:04d}{grid_number[at]:03d}{cell:03d}"
            for at, cell in zip(grid.tolist(), cell_number.tolist(), strict=True)
        ]
    )


def _nearest(of: Floats, to: Floats) -> NDArray[np.intp]:
    found: NDArray[np.intp] = shapely.STRtree(shapely.points(of)).nearest(shapely.points(to))
    return found


def _numbers(group: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many of the same group stand before each."""
    order = np.argsort(group, kind="stable")
    begins = np.concatenate(([0], np.cumsum(np.bincount(group))[:-1]))
    number = np.empty(len(group), dtype=np.intp)
    number[order] = np.arange(len(group)) - begins[group[order]]
    return number
