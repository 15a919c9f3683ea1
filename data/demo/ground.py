"""A nested partition for the demo: cells with winding shared edges, grouped into grids, communities, subdistricts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

CENTRE = (113.105, 23.02)
"""Longitude, latitude: where Chancheng lies."""

HALF_WIDTH_DEG = (0.068, 0.056)
CELLS = 640
GRIDS = 128
COMMUNITIES = 24
RELAXATIONS = 3
WINDING = 0.09
"""How far a shared edge swings from the straight line, as a part of its length; more could make edges cross."""

STEP_DEG = 1e-7
"""Every vertex lies on this lattice, so that neighbours share it to the last bit."""

DISTRICT = ("4406", "佛山市", "440604", "禅城区")
SUBDISTRICTS = (
    ("440604010", "石湾镇街道", -0.2, -0.5),
    ("440604011", "张槎街道", -0.1, 0.55),
    ("440604012", "祖庙街道", 0.75, 0.25),
    ("440604100", "南庄镇", -0.85, -0.25),
)
"""Code, name, and where it lies in the district (−1 … 1 each way)."""

_SYLLABLES = "文永福同安兴和丰华景德仁康宁泰平昌明新春荷莲桂榕江湖塘涌溪桥"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DemoRegion:
    """One region of the demo, in EPSG:4326."""

    code: str
    name: str
    tier: str
    parent: str | None
    geom: Any


def demo_regions(seed: int = 1) -> list[DemoRegion]:
    """The whole demo tree, parents first; an exact nested partition. The same seed gives the same regions."""
    random = np.random.default_rng(seed)
    outline = _outline(random)
    cells = _cells(outline, random)
    centres = shapely.get_coordinates(shapely.centroid(cells))
    towns = np.array([[x, y] for _, _, x, y in SUBDISTRICTS]) * HALF_WIDTH_DEG + CENTRE
    grid_of = _group(centres, _scatter(outline, GRIDS, random))
    grid_centres = _centres(centres, grid_of)
    community_of = _group(grid_centres, _scatter(outline, COMMUNITIES, random))
    town_of = _group(_centres(grid_centres, community_of), towns)
    return _tree(cells, grid_of, community_of, town_of, random)


def _outline(random: np.random.Generator) -> Any:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = [0.09 / k * np.sin(k * angle + random.uniform(0, 2 * np.pi)) for k in range(2, 7)]
    radius = 1 + np.sum(waves, axis=0)
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] * HALF_WIDTH_DEG + CENTRE
    return shapely.polygons(points)


def _scatter(outline: Any, count: int, random: np.random.Generator) -> Floats:
    """Points spread over the outline, moved apart a few times (Lloyd)."""
    west, south, east, north = outline.bounds
    points = random.uniform((west, south), (east, north), (count * 3, 2))
    points = points[shapely.contains_xy(outline, points[:, 0], points[:, 1])][:count]
    for _ in range(RELAXATIONS):
        points = shapely.get_coordinates(shapely.centroid(_voronoi(points, outline)))
    return points


def _voronoi(points: Floats, outline: Any) -> NDArray[np.object_]:
    whole = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline.buffer(0.05), ordered=True)
    return np.asarray(shapely.intersection(shapely.get_parts(whole), outline))


def _cells(outline: Any, random: np.random.Generator) -> NDArray[np.object_]:
    """Voronoi cells whose edges wind: each edge is bent once, and both its cells take the same line."""
    straight = _voronoi(_scatter(outline, CELLS, random), outline)
    bent: dict[tuple[tuple[int, int], tuple[int, int]], list[tuple[int, int]]] = {}
    return np.array([_bend(cell, bent, random) for cell in straight], dtype=object)


def _bend(cell: Any, bent: dict[Any, list[tuple[int, int]]], random: np.random.Generator) -> Any:
    ring = [(int(x), int(y)) for x, y in np.rint(shapely.get_coordinates(cell.exterior) / STEP_DEG)]
    line: list[tuple[int, int]] = []
    for start, end in pairwise(ring):
        if start == end:
            continue
        edge = (min(start, end), max(start, end))
        if edge not in bent:
            bent[edge] = _winding(edge, random)
        line += [start, *(bent[edge] if edge[0] == start else reversed(bent[edge]))]
    return shapely.polygons(np.array(line) * STEP_DEG)


def _winding(edge: tuple[tuple[int, int], tuple[int, int]], random: np.random.Generator) -> list[tuple[int, int]]:
    """Points between the ends of an edge."""
    start, end = np.array(edge, dtype=float)
    along = end - start
    across = np.array([-along[1], along[0]])
    parts = [0.25, 0.5, 0.75]
    swings = random.uniform(-WINDING, WINDING, len(parts))
    points = [start + along * part + across * swing for part, swing in zip(parts, swings, strict=True)]
    return [(int(x), int(y)) for x, y in np.rint(points)]


def _group(points: Floats, seeds: Floats) -> NDArray[np.intp]:
    """For each point its nearest seed; seeds without any are left out and the rest renumbered."""
    nearest = ((points[:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    return np.asarray(np.unique(nearest, return_inverse=True)[1], dtype=np.intp)


def _centres(points: Floats, group_of: NDArray[np.intp]) -> Floats:
    return np.array([points[group_of == group].mean(axis=0) for group in range(group_of.max() + 1)])


def _tree(
    cells: NDArray[np.object_],
    grid_of: NDArray[np.intp],
    community_of: NDArray[np.intp],
    town_of: NDArray[np.intp],
    random: np.random.Generator,
) -> list[DemoRegion]:
    grids = _merge(cells, grid_of)
    communities = _merge(grids, community_of)
    towns = _merge(communities, town_of)
    district = shapely.coverage_union_all(towns)
    city_code, city_name, district_code, district_name = DISTRICT
    names = _names(len(communities), random)
    regions = [
        DemoRegion(city_code, city_name, "city", None, district),
        DemoRegion(district_code, district_name, "district", city_code, district),
    ]
    for town, (code, name, _, _) in enumerate(SUBDISTRICTS):
        regions.append(DemoRegion(code, name, "subdistrict", district_code, towns[town]))
        for community_code, community in _numbered(code, communities, np.flatnonzero(town_of == town)):
            label = names[community] + ("社区" if code != "440604100" else "村")
            regions.append(DemoRegion(community_code, label, "community", code, communities[community]))
            for grid_code, grid in _numbered(community_code, grids, np.flatnonzero(community_of == community)):
                title = f"{names[community]}第{int(grid_code[-3:])}网格"
                regions.append(DemoRegion(grid_code, title, "grid", community_code, grids[grid]))
                for cell_code, cell in _numbered(grid_code, cells, np.flatnonzero(grid_of == grid)):
                    title = f"{names[community]}{int(grid_code[-3:])}-{int(cell_code[-3:])}微网格"
                    regions.append(DemoRegion(cell_code, title, "micro_grid", grid_code, cells[cell]))
    return regions


def _merge(shapes: NDArray[np.object_], group_of: NDArray[np.intp]) -> NDArray[np.object_]:
    return np.array(
        [shapely.coverage_union_all(shapes[group_of == group]) for group in range(group_of.max() + 1)], dtype=object
    )


def _numbered(parent: str, shapes: NDArray[np.object_], here: NDArray[np.intp]) -> list[tuple[str, int]]:
    """Codes below a parent: serials run west to east, then north to south, in bands of a kilometre (CJ/T 213)."""
    centres = shapely.get_coordinates(shapely.centroid(shapes[here]))
    order: Sequence[int] = np.lexsort((centres[:, 0], -np.floor(centres[:, 1] / 0.01))).tolist()
    return [(f"{parent}{serial:03d}", int(here[place])) for serial, place in enumerate(order, 1)]


def _names(count: int, random: np.random.Generator) -> list[str]:
    pairs = [first + second for first in _SYLLABLES for second in _SYLLABLES if first != second]
    return [str(pairs[place]) for place in random.choice(len(pairs), count, replace=False)]
