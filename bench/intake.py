"""Taking reports in for good: ours beside `unnest` with a look-up in PostGIS, into the same tables of one database."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from bench.form import RUNS, RUNS_QUICK, Result, in_turn, seconds
from bench.installations import installation
from bench.partitions import Partition, invented
from bench.points import points_for
from brain import boundaries
from brain.actor import SYSTEM_ACTOR
from brain.batches import CHUNK, report_stream
from brain.context import Context, open_context
from brain.demo import region_set
from brain.intake import report_chunks
from brain.report_checks import Given
from brain.reports import IncidentReport
from data.demo.regions import DemoRegion
from data.dictionaries import MAIN_SCHEME
from data.engine import SYSTEM, scoped_transaction
from data.errors import Where
from layers.crs import Floats

REGIONS = 126_000
REGIONS_QUICK = 7_600
ROWS = 50_000
"""Of each run; both commit in chunks of the same size."""

PEER = "unnest, lateral GiST"
PEER_TWICE = "unnest, lateral GiST, 2 sessions"
_REPORTED_AT = datetime(2026, 9, 1, tzinfo=UTC)
_WORDS = {
    "taxonomy": "source",
    "category": "积水",
    "title": "雨后路口积水，行人绕行",
    "description": "网格员巡查发现路口积水约五厘米，范围约十米，已放置警示牌，请市政排水部门尽快处理。",
    "place": "人民路 88 号门前",
}
_INSERT = text("""
    with given as (
        select *
        from unnest(
            cast(:source_ids as text[]), cast(:taxonomies as text[]), cast(:categories as text[]),
            cast(:titles as text[]), cast(:descriptions as text[]), cast(:places as text[]),
            cast(:reported_ats as timestamptz[]), cast(:lons as float8[]), cast(:lats as float8[])
        ) as g(source_id, taxonomy, category, title, description, place, reported_at, lon, lat)
    )
    insert into incident (
        source, source_id, taxonomy, category, title, description, state, reported_at, original_x, original_y,
        original_crs, geom, place, region_key, placed_edition, placed_code, assigned, on_border, nearest_m
    )
    select 'peer', g.source_id, g.taxonomy, g.category, g.title, g.description, 'reported', g.reported_at,
           g.lon, g.lat, 'EPSG:4326', p.geom, g.place, coalesce(r.key, :nowhere), :edition_id, r.code,
           r.key is not null, false, case when r.key is null then 0.0 end
    from given g
    cross join lateral (select st_setsrid(st_makepoint(g.lon, g.lat), 4326) as geom) p
    left join lateral (
        select r.key, r.code
        from border b join region r on r.key = b.region_key
        where b.scheme_id = 1 and b.depth = :depth and b.edition_to is null
          and b.geom && p.geom and st_covers(b.geom, p.geom)
        order by r.code limit 1
    ) r on true
    on conflict (source, source_id) do nothing
""")
_EDITION = text(
    "select id as edition_id, (select min(key) from region) as nowhere, (select max(depth) from border) as depth "
    "from edition"
)
_DIFFERING = text("""
    select count(*) filter (where o.placed_code is distinct from p.placed_code and not o.on_border) as differing,
           count(*) as compared
    from incident o join incident p on p.source = 'peer' and p.source_id = o.source_id
    where o.source = 'ours'
""")


def intake(quick: bool) -> list[Result]:
    """Rows a second that survive a power cut: incident and first event, all indexes, fsync on; quick: 7,600 regions."""
    regions, runs = (REGIONS_QUICK, RUNS_QUICK) if quick else (REGIONS, RUNS)
    return measure(invented(regions), ROWS, runs)


def measure(partition: Partition, rows: int, runs: int) -> list[Result]:
    """The results in one city, with so many rows a run."""
    with installation("intake") as settings, asyncio.Runner() as loop:
        opened = AsyncExitStack()
        context = loop.run(opened.enter_async_context(open_context(settings)))
        try:
            _say(partition, "publishing")
            loop.run(_publish(context, partition))
            points = points_for(partition.geoms, rows, awkward=0)
            results = []
            for number, (peer, sessions) in enumerate(((PEER, 1), (PEER_TWICE, 2))):
                _say(partition, peer)
                ids = [f"{number}-{run}" for run in range(runs + 1)]  # one run warms up
                reports = iter([_reports(points, run) for run in ids])
                columns = iter([_columns(points, run) for run in ids])
                gc.freeze()  # what was made beforehand is not to be walked through while the clock runs
                mine, its = in_turn(
                    lambda reports=reports: loop.run(_report(context, next(reports))),
                    lambda columns=columns, sessions=sessions: loop.run(_insert(context, next(columns), sessions)),
                    runs,
                )
                rates = rows / mine, rows / its
                results.append(Result("intake.bulk", rates[0], "rows/s", None, None, peer, rates[1], its / mine, runs))
            _say(partition, "NDJSON")
            bodies = [_ndjson(points, f"body-{run}") for run in range(runs)]
            streamed = statistics.median(seconds(lambda body=body: loop.run(_stream(context, body))) for body in bodies)
            results.append(Result("intake.rows_per_s", rows / streamed, "rows/s", runs=runs))
            results.append(Result("intake.mismatches", loop.run(_differing(context)), "rows", peer=PEER))
        finally:
            loop.run(opened.aclose())
    return [replace(result, regions=len(partition.codes), points=rows) for result in results]


def _say(partition: Partition, what: str) -> None:
    print(f"{partition.name}: {what}", file=sys.stderr)


async def _publish(context: Context, partition: Partition) -> None:
    places = zip(partition.codes, partition.geoms, strict=True)
    regions = region_set([DemoRegion(code, code, "micro_grid", None, geom) for code, geom in places])
    await boundaries.publish(context, SYSTEM_ACTOR, MAIN_SCHEME, regions, note="bench", progress=lambda *_: None)


def _reports(points: Floats, run: str) -> list[Given]:
    """Ours begins with reports that have been read, in chunks."""
    reports = [
        (Where(), IncidentReport(source="ours", source_id=f"{run}-{n}", reported_at=_REPORTED_AT, x=x, y=y, **_WORDS))
        for n, (x, y) in enumerate(points.tolist())
    ]
    return [reports[start : start + CHUNK] for start in range(0, len(reports), CHUNK)]


async def _report(context: Context, reports: list[Given]) -> None:
    async def chunks() -> AsyncIterator[tuple[None, Given]]:
        for chunk in reports:
            yield None, chunk

    async for _, outcomes in report_chunks(context, SYSTEM_ACTOR, chunks()):
        if not all(outcome.is_new for outcome in outcomes):
            raise RuntimeError("a report was not taken in")


def _columns(points: Floats, run: str) -> list[dict[str, list[Any]]]:
    """The peer begins with columns, in chunks of the same size."""
    chunks = []
    for start in range(0, len(points), CHUNK):
        here = points[start : start + CHUNK]
        many = {
            f"{name[:-1]}ies" if name.endswith("y") else f"{name}s": [word] * len(here) for name, word in _WORDS.items()
        }
        chunks.append(
            many
            | {
                "source_ids": [f"{run}-{number}" for number in range(start, start + len(here))],
                "reported_ats": [_REPORTED_AT] * len(here),
                "lons": here[:, 0].tolist(),
                "lats": here[:, 1].tolist(),
            }
        )
    return chunks


async def _insert(context: Context, columns: list[dict[str, list[Any]]], sessions: int) -> None:
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        edition = (await connection.execute(_EDITION)).mappings().one()

    async def session(part: int) -> None:
        for chunk in columns[part::sessions]:
            async with scoped_transaction(context.engine, SYSTEM) as connection:
                await connection.execute(_INSERT, {**edition, **chunk})

    await asyncio.gather(*(session(part) for part in range(sessions)))


def _ndjson(points: Floats, run: str) -> list[bytes]:
    """A batch as it comes over HTTP, in blocks."""
    reported_at = _REPORTED_AT.isoformat()
    body = "\n".join(
        json.dumps(
            {"source": "hotline", "source_id": f"{run}-{n}", "reported_at": reported_at, "x": x, "y": y, **_WORDS}
        )
        for n, (x, y) in enumerate(points.tolist())
    ).encode()
    return [body[start : start + 2**16] for start in range(0, len(body), 2**16)]


async def _stream(context: Context, body: list[bytes]) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for block in body:
            yield block

    tally = await report_stream(context, SYSTEM_ACTOR, blocks())
    if tally.rejected or tally.known:
        raise RuntimeError("a report was not taken in")


async def _differing(context: Context) -> int:
    """Rows for which the two ways found another region, away from borders."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        row = (await connection.execute(_DIFFERING)).one()
    if not row.compared:
        raise RuntimeError("there is nothing to compare")
    return int(row.differing)
