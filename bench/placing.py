"""Placing points in a partition: ours and its peers in turn, on the same points, and every answer compared."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bench.engines import Answers, DuckDB, GeoPandas, Ours, Runner, SedonaDB, Shapely, ShapelyThreads, World
from bench.form import CACHE, RUNS, RUNS_QUICK, Result, in_turn, seconds
from bench.partitions import REAL_REGIONS, Partition, file_of, invented, real
from bench.points import AWKWARD, points_for
from bench.postgis import PostGIS, postgis_is_here
from layers.crs import Floats, Geometries
from layers.locate import BORDER_TOLERANCE_DEG, Placing

SIZES = (7_600, 126_000)
SIZES_QUICK = (126_000,)
POINTS = 2_000_000
POINTS_QUICK = 100_000
ASKED_ALONE = 5_000


@dataclass(frozen=True, slots=True)
class Peer:
    """What we compare with, under the name it has in the results."""

    name: str
    engine: Callable[..., Any]
    is_here: Callable[[], bool]
    in_process: bool = True
    """Whether its memory is that of the process that asks."""
    asks_alone: bool = False
    """Whether it is asked for one point at a time as well."""


def installed(*packages: str) -> Callable[[], bool]:
    """Whether all of the packages can be imported."""
    return lambda: all(find_spec(package) is not None for package in packages)


PEERS = (
    Peer("sedonadb", SedonaDB, installed("sedonadb")),
    Peer("duckdb", DuckDB, installed("duckdb", "duckdb_extension_spatial")),
    Peer("geopandas", GeoPandas, installed("geopandas")),
    Peer("shapely", Shapely, installed("shapely"), asks_alone=True),
    Peer("shapely, 2 threads", ShapelyThreads, installed("shapely")),
    Peer("postgis", PostGIS, postgis_is_here, in_process=False, asks_alone=True),
)


def placing(quick: bool) -> list[Result]:
    """Every figure at every size; quick: 126,000 regions only, with a twentieth of the points and fewer runs."""
    runs, points = (RUNS_QUICK, POINTS_QUICK) if quick else (RUNS, POINTS)
    return [result for partition in _partitions(quick) for result in measure(partition, points, PEERS, runs)]


def measure(partition: Partition, points: int, peers: Iterable[Peer], runs: int) -> list[Result]:
    """The results of one kept partition with so many points."""
    with TemporaryDirectory(dir=CACHE) as folder:
        world = World(file_of(partition), Path(folder) / "points.npy", Path(folder) / "index")
        places = points_for(partition.geoms, points, awkward=min(AWKWARD, points // 20))
        np.save(world.points, places)
        border = near_border(partition.geoms, places)
        with Runner(Ours, world) as ours:
            answers, peak = ours.ask("answers"), ours.peak_mb()  # before the edits, which hold a second index
            results = _alone(ours, world, places, runs)
            for peer in peers:
                print(f"{partition.name}: {peer.name}", file=sys.stderr)
                if not peer.is_here():
                    print(f"{peer.name} is not installed: make bench-peers", file=sys.stderr)
                    rate = points / statistics.median(seconds(lambda: ours.ask("count")) for _ in range(runs))
                    results.append(Result("placing.bulk", rate, "points/s", peer=peer.name, runs=runs))
                    continue
                with Runner(peer.engine, world) as theirs:
                    results += _against(ours, theirs, peer, places, runs)
                    if peer.in_process:
                        results.append(_peaks(peak, theirs.peak_mb(), peer.name))
                    results += compare(answers, theirs.ask("answers"), border, peer.name)
    return [
        replace(result, regions=len(partition.codes), points=points if result.points is None else result.points)
        for result in results
    ]


def near_border(geoms: Geometries, points: Floats) -> NDArray[np.bool_]:
    """Which points lie within BORDER_TOLERANCE_DEG of any region's border, by shapely."""
    pairs = shapely.STRtree(shapely.points(points)).query(
        shapely.boundary(geoms), predicate="dwithin", distance=BORDER_TOLERANCE_DEG
    )
    near = np.zeros(len(points), dtype=np.bool_)
    near[pairs[1]] = True
    return near


def compare(ours: Answers, theirs: Answers, border: NDArray[np.bool_], peer: str) -> list[Result]:
    """How many answers differ: away from borders, where none may, and at them."""
    differ = ours != theirs
    return [
        Result("placing.mismatches", int((differ & ~border).sum()), "points", peer=peer),
        Result("placing.ties", int(border.sum()), "points", peer=peer),
        Result("placing.ties_differing", int((differ & border).sum()), "points", peer=peer),
    ]


def _alone(ours: Runner, world: World, places: Floats, runs: int) -> list[Result]:
    """What is measured of ours only."""
    size = sum(file.stat().st_size for file in world.saved.rglob("*") if file.is_file()) / 1e6
    attached = statistics.median(_attach_s(world.saved, places[0].tolist()) for _ in range(runs))
    return [
        Result("placing.build_s", ours.ask("build_s"), "s"),
        Result("placing.index_mb", size, "MB"),
        Result("placing.update_s", ours.ask("update_s", runs), "s", points=0, runs=runs),
        Result("placing.attach_s", attached, "s", runs=runs),
    ]


def _against(ours: Runner, theirs: Runner, peer: Peer, places: Floats, runs: int) -> list[Result]:
    """Ours and one peer in turn."""
    mine, its = in_turn(lambda: ours.ask("count"), lambda: theirs.ask("count"), runs)
    rates = len(places) / mine, len(places) / its
    results = [Result("placing.bulk", rates[0], "points/s", None, None, peer.name, rates[1], its / mine, runs)]
    if peer.asks_alone:
        few = places[:ASKED_ALONE]
        mine_us, its_us = [], []
        for _ in range(runs):
            mine_us.append(ours.ask("each_us", few))
            its_us.append(theirs.ask("each_us", few))
        for name, share in (("placing.point", 50), ("placing.point_p99_us", 99)):
            one, other = (statistics.median(np.percentile(us, share) for us in taken) for taken in (mine_us, its_us))
            results.append(Result(name, one, "µs", None, len(few), peer.name, other, other / one, runs))
    return results


def _peaks(mine: float, its: float, peer: str) -> Result:
    return Result("placing.peak_mb", mine, "MB", peer=peer, peer_value=its, ratio=its / mine)


def _attach_s(folder: Path, place: list[float]) -> float:
    """Seconds from nothing but imports to the first answer, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_attach, folder, *place).result()


def _attach(folder: Path, lon: float, lat: float) -> float:
    return seconds(lambda: Placing.open(folder).place_one(lon, lat))


def _partitions(quick: bool) -> Iterable[Partition]:
    yield from map(invented, SIZES_QUICK if quick else SIZES)
    if quick:
        return
    areas = real()
    if areas is None:
        print(f"CITYBRAIN_REAL_DATA names no folder: no {REAL_REGIONS:,} real regions", file=sys.stderr)
    else:
        yield areas
