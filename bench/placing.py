"""Placing points in a synthetic partition: ours against GeoPandas' spatial join, on the same points in the same run."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from bench.form import CACHE, RUNS, RUNS_QUICK, Result, in_turn
from layers.locate import Placing

REGIONS = 7_600
POINTS = 200_000
SEED = 20_260_701


def placing(quick: bool) -> list[Result]:
    """`placing.bulk` in points a second, and `placing.mismatches`: points that the peer places elsewhere."""
    runs = RUNS_QUICK if quick else RUNS
    codes, geoms, lon, lat = _input()
    index = Placing.build(codes, geoms)
    regions = gpd.GeoDataFrame({"place": np.arange(len(geoms))}, geometry=geoms, crs="EPSG:4326")
    points = gpd.GeoDataFrame(geometry=shapely.points(lon, lat), crs="EPSG:4326")

    def joined() -> gpd.GeoDataFrame:
        return gpd.sjoin(points, regions, predicate="intersects", how="left")

    ours, peer = in_turn(lambda: index.place(lon, lat), joined, runs)
    lowest = joined().groupby(level=0)["place"].min().fillna(-1).to_numpy()
    mismatches = int((lowest != index.place(lon, lat)).sum())
    size = {"regions": len(geoms), "points": len(lon), "peer": "geopandas.sjoin", "runs": runs}
    return [
        Result("placing.bulk", len(lon) / ours, "points/s", peer_value=len(lon) / peer, ratio=peer / ours, **size),
        Result("placing.mismatches", mismatches, "points", peer_value=0, **size),
    ]


def _input() -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Voronoi regions over a city's extent, and points in random order; made once."""
    file = CACHE / f"placing_{REGIONS}.npz"
    if not file.exists():
        random = np.random.default_rng(SEED)
        seeds = random.uniform((103.8, 30.4), (104.4, 31.0), (REGIONS, 2))
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
        points = random.uniform((103.8, 30.4), (104.4, 31.0), (POINTS, 2))
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(file, wkb=shapely.to_wkb(cells), points=points)
    loaded = np.load(file, allow_pickle=True)  # our own file, made above
    geoms = shapely.from_wkb(loaded["wkb"])
    lon, lat = loaded["points"].T
    return [f"{place:06d}" for place in range(len(geoms))], geoms, lon, lat
