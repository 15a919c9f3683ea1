"""What the row policies cost: each question under them, beside the same as owner with the conditions written out."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
from sqlalchemy import Connection, TextClause, create_engine, text

from bench.form import RUNS, RUNS_QUICK, Result, in_turn
from bench.installations import installation
from data.dictionaries import SCHEME_WIDTH
from data.dictionaries.rights import rights
from data.engine import MOST_INTERVALS, OPTIONS, Intervals, Scope, psycopg_conninfo, settings_of, sqlalchemy_url
from data.queries import query

REGIONS, INCIDENTS, ENTERPRISES = 126_000, 2_000_000, 700_000
REGIONS_QUICK, INCIDENTS_QUICK, ENTERPRISES_QUICK = 7_600, 100_000, 40_000
PEER = "owner, conditions written out"
STEP = 1_000
"""Between the keys of two regions."""

SHARE = 20
"""An account sees one in so many regions."""

REPEATS = 20
"""Questions of one run: a single one is over too soon to be measured."""

_SEED = 20_261_124
_SET = text(
    "select set_config(name, value, true) "
    "from unnest(cast(:names as text[]), cast(:values as text[])) as s(name, value)"
)
_FILL = """
insert into edition (scheme_id, seq, valid_from, note) select 1, 1, now(), '';
insert into region (key, key_hi, scheme_id, code, name, tier, edition_from)
    select n * %(step)s, n * %(step)s + %(step)s - 1, 1, n::text, n::text, 'micro_grid', (select max(id) from edition)
    from generate_series(1, %(regions)s) n;
alter table incident disable trigger user;
insert into incident (source, source_id, taxonomy, category, title, state, reported_at, original_x, original_y,
    original_crs, geom, region_key, placed_edition, placed_code, assigned, on_border, closed_at)
    select 's', n::text, 'source', 'c', 'title', 'reported', now() - n * interval '16 s', 0, 0, '',
        st_setsrid(st_makepoint(103 + (r %% 400) * .004, 30 + (r / 400) * .004), 4326), r * %(step)s,
        (select max(id) from edition), 'x', true, false, case when n %% 20 > 0 then now() end
    from (select n, 1 + (n * 7919::bigint) %% %(regions)s as r from generate_series(1, %(incidents)s) n) i;
alter table incident enable trigger user;
insert into enterprise (region_key, name, trade, trade_name, status, geom)
    select (1 + (n * 104729::bigint) %% %(regions)s) * %(step)s, n::text, 'H', 'H', 'open',
        st_setsrid(st_makepoint(103, 30), 4326)
    from generate_series(1, %(enterprises)s) n;
analyze;
"""


def policies(quick: bool) -> list[Result]:
    """Times as long with the policies as without (1: as fast), for accounts of one, three and the most intervals."""
    sizes = (REGIONS_QUICK, INCIDENTS_QUICK, ENTERPRISES_QUICK) if quick else (REGIONS, INCIDENTS, ENTERPRISES)
    return measure(*sizes, RUNS_QUICK if quick else RUNS)


def measure(regions: int, incidents: int, enterprises: int, runs: int) -> list[Result]:
    """The results for a city of that size."""
    with installation("rights") as settings:
        print(f"rights: filling {regions:,} regions", file=sys.stderr)
        with psycopg.connect(psycopg_conninfo(settings.owner_url), autocommit=True) as owner:
            sizes = {"regions": regions, "incidents": incidents, "enterprises": enterprises, "step": STEP}
            for statement in filter(str.strip, _FILL.split(";\n")):
                owner.execute(statement.encode(), sizes if "%" in statement else None)
        engines = [
            create_engine(sqlalchemy_url(url), connect_args={"options": OPTIONS})
            for url in (settings.app_url, settings.owner_url)
        ]
        with engines[0].connect() as app, engines[1].connect() as whole:
            found = [
                replace(result, regions=regions, points=incidents)
                for count in (1, 3, MOST_INTERVALS)
                for result in _account(app, whole, regions, count, runs)
            ]
        for engine in engines:
            engine.dispose()
    return found


def _account(app: Connection, whole: Connection, regions: int, count: int, runs: int) -> list[Result]:
    """All questions of an account with so many intervals, evenly apart."""
    print(f"rights: {count} intervals", file=sys.stderr)
    width = regions // SHARE // count
    starts = [1 + place * (regions // count) for place in range(count)]
    held: Intervals = tuple((start * STEP, (start + width) * STEP - 1) for start in starts)
    scope = Scope(1, "x", dict.fromkeys((right for right in rights() if right.startswith("see_")), held))
    here = random.Random(_SEED).sample(range(1, regions), 300)
    inside = [start + n for start in starts for n in range(min(width, 150 // count))]
    page = {"before": 2**62, "only_open": False, "assigned": None, "limit": 51}
    asked: dict[str, tuple[TextClause, dict[str, Any]]] = {
        "rights.list": (
            query("records", "page"),
            {"data_set": "enterprises", "lo": 0, "hi": SCHEME_WIDTH, "after_key": 0, "after_id": 0, "limit": 101},
        ),
        "rights.tile": (
            query("incidents", "points_in_regions"),
            {
                "keys": [n * STEP for n in {*here, *inside}],
                "west": 103.0, "south": 30.0, "east": 105.0, "north": 32.0, "only_open": False, "limit": 20_001,
            },
        ),
        "rights.select": (query("incidents", "region_counts"), {"lo": held[0][0], "hi": held[0][1] + 500 * STEP}),
        "rights.count": (query("incidents", "figures"), {"zone": "Asia/Shanghai"}),
        "rights.latest": (query("incidents", "latest"), {"lo": 0, "hi": SCHEME_WIDTH, **page}),
    }  # fmt: skip
    found = []
    for name, (statement, bound) in asked.items():
        plain = text(_written_out(statement.text, held))
        with_policies = _asking(app, statement, bound, settings_of(scope))
        without = _asking(whole, plain, bound, {})
        if with_policies() != without():
            raise AssertionError(f"{name} answers otherwise under the policies")
        mine, its = in_turn(_repeated(with_policies), _repeated(without), runs)
        found.append(Result(f"{name}.{count}", mine / its, "times as long", None, None, PEER, 1.0, its / mine, runs))
    return found


def _repeated(work: Callable[[], object]) -> Callable[[], None]:
    def several() -> None:
        for _ in range(REPEATS):
            work()

    return several


def _asking(
    connection: Connection, statement: TextClause, bound: dict[str, Any], settings: dict[str, str]
) -> Callable[[], list[Any]]:
    """One request: a transaction, its settings, the question."""

    def ask() -> list[Any]:
        with connection.begin():
            if settings:
                connection.execute(_SET, {"names": list(settings), "values": list(settings.values())})
            return list(connection.execute(statement, bound))

    return ask


def _written_out(statement: str, held: Intervals) -> str:
    """The statement with each scoped table narrowed to the intervals, as one writes it who has no policies."""
    condition = " or ".join(f"region_key between {lo} and {hi}" for lo, hi in held)
    narrowed = re.sub(r"\bfrom incident\b", f"from (select * from incident where {condition}) incident", statement)
    return re.sub(r"\bfrom record x\b", f"from (select * from record where {condition}) x", narrowed)
