"""PostGIS as a peer: a private cluster for one run, well-built spatial indexes, the better order of the join."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.util import Finalize
from uuid import uuid4

import numpy as np
import psycopg
import shapely

from bench.engines import THREADS, Answers, World, each_us, lowest
from bench.form import CACHE, seconds
from bench.partitions import Partition
from data.cluster import Cluster, find_programs
from data.engine import psycopg_conninfo
from data.errors import CityError
from layers.crs import Floats, Geometries

_PASSWORD = "bench"
_SESSION = ("set jit = off", "set work_mem = '256MB'")
_JOINS = {
    "each region asks an index of the points": "from region_{part} r join point_indexed p on ST_Covers(r.geom, p.geom)",
    "each point asks an index of the regions": "from point_{part} p join region_indexed r on ST_Covers(r.geom, p.geom)",
}
_ONE = """
    select id from region_indexed where ST_Covers(geom, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) order by id limit 1
"""


def postgis_is_here() -> bool:
    """Whether a private cluster with PostGIS can be made."""
    try:
        find_programs()
    except CityError:
        return False
    return True


class PostGIS:
    """`ST_Covers` in two sessions, half of the side that asks each; parallel workers as the planner likes.

    Only one side of a join has an index, which decides its order. Both orders run once, in one session,
    and the faster one is kept. The points' index stands before the clock runs, a favour that no other peer gets.
    """

    def __init__(self, partition: Partition, points: Floats, world: World) -> None:
        self._size = len(points)
        self._cluster = Cluster((CACHE / f"postgis-{uuid4().hex[:8]}").absolute(), _PASSWORD, durable=False)
        Finalize(None, self._remove_cluster, exitpriority=1)  # when this process ends, however it does
        self._cluster.start()
        self._threads = ThreadPoolExecutor(THREADS)
        self._sessions = [self._session() for _ in range(THREADS)]
        first = self._sessions[0]
        first.execute("create extension postgis")
        for name, geoms in (("region", partition.geoms), ("point", shapely.points(points))):
            _fill(first, name, geoms)
        orders = {
            name: seconds(lambda join=join: self._one(0, f"select count(*) {join}")) for name, join in _JOINS.items()
        }
        self.order = min(orders, key=orders.__getitem__)

    def _session(self) -> psycopg.Connection:
        url = self._cluster.url_of("citybrain_owner", _PASSWORD, "postgres")
        session = psycopg.connect(psycopg_conninfo(url), autocommit=True)
        for setting in _SESSION:
            session.execute(setting)
        return session

    def count(self) -> int:
        return sum(rows[0][0] for rows in self._both(f"select count(*) {_JOINS[self.order]}"))

    def answers(self) -> Answers:
        pairs = np.concatenate([np.array(rows) for rows in self._both(f"select p.id, r.id {_JOINS[self.order]}")])
        return lowest(self._size, pairs[:, 0], pairs[:, 1])

    def _both(self, question: str) -> Iterable[list[tuple[int, ...]]]:
        return self._threads.map(lambda part: self._one(part, question), range(THREADS))

    def _one(self, part: int, question: str) -> list[tuple[int, ...]]:
        return self._sessions[part].execute(question.format(part=part), binary=True).fetchall()

    def each_us(self, points: Floats) -> Floats:
        """By a prepared statement, the way there and back through the socket included."""
        session = self._sessions[0]
        return each_us(lambda lon, lat: session.execute(_ONE, (lon, lat), prepare=True, binary=True).fetchone(), points)

    def _remove_cluster(self) -> None:
        self._cluster.stop()
        shutil.rmtree(self._cluster.directory.parent)


def _fill(session: psycopg.Connection, name: str, geoms: Geometries) -> None:
    """All rows in `name`_indexed, its GiST index built the slow way (the quick one makes a poor tree); and in parts."""
    session.execute(f"create table {name}_indexed (id integer, geom geometry)")
    with session.cursor().copy(f"copy {name}_indexed from stdin (format binary)") as rows:
        rows.set_types(["int4", "bytea"])
        for row in enumerate(shapely.to_wkb(shapely.set_srid(geoms, 4326), include_srid=True)):
            rows.write_row(row)
    session.execute(f"create index on {name}_indexed using gist (geom) with (buffering = on)")
    session.execute(f"vacuum analyze {name}_indexed")
    for part in range(THREADS):
        session.execute(f"create table {name}_{part} as select * from {name}_indexed where id % {THREADS} = {part}")
        session.execute(f"vacuum analyze {name}_{part}")
