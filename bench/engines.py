"""What places points: ours and its peers, each in a process of its own, all loaded before the clock runs."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bench.form import peak_mb, seconds
from bench.partitions import Partition, load
from layers.crs import Floats, Geometries
from layers.locate import Placing

THREADS = 2
"""Of every engine, which is held to as many processors."""

Answers = NDArray[np.int32]
"""Of each point the lowest index of the regions that cover it, -1 for none."""


@dataclass(frozen=True, slots=True)
class World:
    """Files of a partition and of the points to place in it (a .npy of shape (n, 2)); `saved` is for our index."""

    partition: Path
    points: Path
    saved: Path


class Engine(Protocol):
    """Its constructor takes the partition, the points and the world; what it can prepare of the regions is prepared."""

    def count(self) -> int:
        """One join of all points with all regions, from start to end: what is timed. The number of pairs or points."""

    def answers(self) -> Answers:
        """The same join, its pairs read out."""


class Ours:
    """The index, built and saved; it takes its threads itself."""

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        Placing.build(partition.codes[:10], partition.geoms[:10]).place(*points[:10].T)  # compiles
        self._partition = partition
        self._lon, self._lat = points.T.copy()
        start = time.perf_counter()
        self._placing = Placing.build(partition.codes, partition.geoms)
        self.build_s = time.perf_counter() - start
        self._placing.save(world.saved)

    def count(self) -> int:
        return int(np.count_nonzero(self._placing.place(self._lon, self._lat) >= 0))

    def answers(self) -> Answers:
        region = np.searchsorted(self._partition.codes, self._placing.codes).astype(np.int32)
        slot = self._placing.place(self._lon, self._lat)
        return np.where(slot < 0, np.int32(-1), region[slot])

    def each_us(self, points: Floats) -> Floats:
        return each_us(self._placing.place_one, points)

    def update_s(self, runs: int) -> float:
        """Median seconds until three neighbours are cut anew: one goes over into the second, the third is sent again.

        The first run, which may compile, does not count. Raises RuntimeError if the next edition places wrongly.
        """
        first, second, third = _neighbours(self._partition.geoms)
        codes, geoms = self._partition.codes, self._partition.geoms
        union = shapely.union(geoms[first], geoms[second])

        def edit() -> Placing:
            new = np.array([union, geoms[third]], dtype=np.object_)
            return self._placing.updated([codes[first]], [codes[second], codes[third]], new)

        inside = geoms[first].representative_point()
        edited = edit()
        if edited.codes[edited.place_one(inside.x, inside.y)] != codes[second]:
            raise RuntimeError("the edited index places in a region that ended")
        return statistics.median(seconds(edit) for _ in range(runs))


def _neighbours(geoms: Geometries) -> tuple[int, int, int]:
    """The region in the middle of the list that has two neighbours along a line, and those."""
    tree = shapely.STRtree(geoms)
    for region in range(len(geoms) // 2, len(geoms)):
        touching = tree.query(geoms[region], predicate="touches")
        along = touching[shapely.length(shapely.intersection(geoms[touching], geoms[region])) > 0]
        if len(along) >= 2:
            return region, int(along[0]), int(along[1])
    raise RuntimeError("no region has two neighbours")


class Shapely:
    """A tree of the points, made in the run because points come anew; each region, prepared, asks it."""

    threads = 1

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        self._points = shapely.points(points)
        self._tree = shapely.STRtree(partition.geoms)
        self._parts = np.array_split(partition.geoms, self.threads)
        self._threads = ThreadPoolExecutor(self.threads)

    def count(self) -> int:
        return sum(pairs.shape[1] for pairs in self._pairs())

    def answers(self) -> Answers:
        pairs = self._pairs()
        starts = np.cumsum([0, *map(len, self._parts)])[:-1]
        region = np.concatenate([part[0] + start for part, start in zip(pairs, starts, strict=True)])
        return lowest(len(self._points), np.concatenate([part[1] for part in pairs]), region)

    def each_us(self, points: Floats) -> Floats:
        """By a tree of the regions."""
        return each_us(lambda lon, lat: self._tree.query(shapely.Point(lon, lat), predicate="intersects"), points)

    def _pairs(self) -> list[NDArray[np.intp]]:
        tree = shapely.STRtree(self._points)
        tree.query(self._parts[0][:1])  # the first question makes the tree, which only one thread may do
        return list(self._threads.map(lambda regions: tree.query(regions, predicate="intersects"), self._parts))


class ShapelyThreads(Shapely):
    """The same in two threads, half of the regions each."""

    threads = THREADS


class GeoPandas:
    """`sjoin` with the regions on the left, the better way round: it keeps its tree of the points only for the run."""

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        self._regions = gpd.GeoDataFrame(geometry=partition.geoms, crs="EPSG:4326")
        self._points = gpd.GeoDataFrame(geometry=shapely.points(points), crs="EPSG:4326")

    def count(self) -> int:
        return len(self._joined())

    def answers(self) -> Answers:
        joined = self._joined()
        return lowest(len(self._points), joined["index_right"].to_numpy(), joined.index.to_numpy())

    def _joined(self) -> gpd.GeoDataFrame:
        return gpd.sjoin(self._regions, self._points.copy(), predicate="intersects")


class SedonaDB:
    """Its spatial join over two frames in memory, two partitions."""

    _JOIN = "from point p join region r on ST_Intersects(r.geometry, p.geometry)"

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        import sedonadb

        self._size = len(points)
        self._session = sedonadb.connect()
        self._session.sql(f"set datafusion.execution.target_partitions = {THREADS}").execute()
        for name, geoms in (("region", partition.geoms), ("point", shapely.points(points))):
            rows = {"id": np.arange(len(geoms), dtype=np.int32)}
            frame = gpd.GeoDataFrame(rows, geometry=geoms, crs="EPSG:4326")
            self._session.create_data_frame(frame).to_view(name)

    def count(self) -> int:
        return int(self._read(f"select count(*) as n {self._JOIN}")["n"][0].as_py())

    def answers(self) -> Answers:
        pairs = self._read(f"select p.id as point, r.id as region {self._JOIN}")
        return lowest(self._size, pairs["point"].to_numpy(), pairs["region"].to_numpy())

    def _read(self, question: str) -> pa.Table:
        return pa.table(self._session.sql(question))


class DuckDB:
    """Its SPATIAL_JOIN over two tables in memory, two threads."""

    _JOIN = "from point p join region r on ST_Intersects(r.geom, p.geom)"

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        import duckdb
        import duckdb_extension_spatial

        self._size = len(points)
        self._session = duckdb.connect()
        self._session.execute(f"set threads = {THREADS}")
        self._session.execute("set enable_progress_bar = false")  # it would be drawn into the results
        (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("*.duckdb_extension")
        self._session.execute(f"load '{extension}'")
        for name, geoms in (("region", partition.geoms), ("point", shapely.points(points))):
            rows = pa.table({"id": np.arange(len(geoms), dtype=np.int32), "wkb": shapely.to_wkb(geoms)})
            self._session.register("given", rows)
            self._session.execute(f"create table {name} as select id, ST_GeomFromWKB(wkb) as geom from given")
            self._session.unregister("given")
        plan = self._session.execute(f"explain select count(*) {self._JOIN}").fetchall()
        if "SPATIAL_JOIN" not in str(plan):
            raise RuntimeError(f"DuckDB does not use its spatial join: {plan}")

    def count(self) -> int:
        return int(self._session.execute(f"select count(*) {self._JOIN}").fetchall()[0][0])

    def answers(self) -> Answers:
        pairs = self._session.execute(f"select p.id as point, r.id as region {self._JOIN}").fetchnumpy()
        return lowest(self._size, pairs["point"], pairs["region"])


def lowest(points: int, point: NDArray[Any], region: NDArray[Any]) -> Answers:
    """Pairs of point and region to one answer a point."""
    found = np.full(points, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(found, point, region.astype(np.int32))
    found[found == np.iinfo(np.int32).max] = -1
    return found


def each_us(ask: Callable[[float, float], object], points: Floats) -> Floats:
    """Microseconds of each question asked alone, after a hundred that are not counted."""
    for lon, lat in points[:100].tolist():
        ask(lon, lat)
    taken = np.empty(len(points))
    for at, (lon, lat) in enumerate(points.tolist()):
        start = time.perf_counter_ns()
        ask(lon, lat)
        taken[at] = time.perf_counter_ns() - start
    return taken / 1e3


class Runner:
    """An engine in a process of its own, so that its threads, its memory and its caches are nobody else's."""

    def __init__(self, engine: Callable[[Partition, Floats, World], Engine], world: World) -> None:
        self._process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self._process.submit(_begin, engine, world).result()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.shutdown()

    def ask(self, name: str, *given: Any) -> Any:
        """The engine's answer to a method, or what it keeps under a name."""
        return self._process.submit(_ask, name, *given).result()

    def peak_mb(self) -> float:
        """The most memory its process ever held, the loaded regions and points included."""
        return self._process.submit(peak_mb).result()


_engine: list[Engine] = []


def _begin(engine: Callable[[Partition, Floats, World], Engine], world: World) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    _engine.append(engine(load(world.partition), np.load(world.points), world))


def _ask(name: str, *given: Any) -> Any:
    kept = getattr(_engine[0], name)
    return kept(*given) if callable(kept) else kept
