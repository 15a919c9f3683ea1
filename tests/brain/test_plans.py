"""The plans the database makes: policies keep their indexes, spatial searches theirs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import TextClause, text

from brain.context import Context, open_context
from brain.settings import Settings
from data.cluster import Cluster
from data.dictionaries import SCHEME_WIDTH
from data.engine import SYSTEM, Scope, psycopg_conninfo, scoped_transaction
from data.queries import query
from tests.conftest import CITY_TEMPLATE, new_database, settings_for
from tests.worlds import become, seeing

pytestmark = pytest.mark.anyio

MANY = 200_000
LEAVES = 2_000


@pytest.fixture(scope="module")
def crowded_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two hundred thousand incidents over two thousand grids: enough for the planner to care."""
    with new_database(cluster, CITY_TEMPLATE) as name:
        settings = settings_for(cluster, name, tmp_path_factory.mktemp("home"))
        with psycopg.connect(psycopg_conninfo(settings.owner_url), autocommit=True) as owner:
            _crowd(owner)
        yield settings


@pytest.fixture
async def crowded(crowded_settings: Settings) -> AsyncIterator[Context]:
    """The open resources of the crowded city."""
    async with open_context(crowded_settings) as context:
        yield context


def _crowd(owner: psycopg.Connection) -> None:
    become(owner, SYSTEM)
    owner.execute(
        "insert into region (key, key_hi, scheme_id, code, name, tier, parent_key, edition_from) "
        "select %(width)s / 2 + n * 1000, %(width)s / 2 + n * 1000 + 999, 1, 'x' || n, 'x', 'micro_grid', null, 1 "
        "from generate_series(1, %(leaves)s) n",
        {"width": SCHEME_WIDTH, "leaves": LEAVES},
    )
    owner.execute(
        "insert into border (region_key, edition_from, scheme_id, depth, area_m2, geom, label) "
        "select key, 1, 1, 5, 1, st_multi(st_makeenvelope(114 + (n % 50) * .001, 24 + (n / 50) * .001, "
        "114.001 + (n % 50) * .001, 24.001 + (n / 50) * .001, 4326)), st_setsrid(st_makepoint(114, 24), 4326) "
        "from (select key, row_number() over (order by key) as n from region where code like 'x%%') r"
    )
    owner.execute("alter table incident disable trigger user; alter table incident_event disable trigger user")
    owner.execute(
        "insert into incident (source, source_id, taxonomy, category, title, state, original_x, original_y, original_crs, "
        "geom, region_key, placed_edition, placed_code, assigned, on_border, closed_at) "
        "select 's', n::text, 'source', 'c', '', 'reported', 0, 0, '', st_centroid(b.geom), b.region_key, 1, 'x', true, "
        "false, case when n %% 20 > 0 then now() end "
        "from generate_series(1, %(many)s) n join (select *, row_number() over (order by region_key) as place from border "
        "where depth = 5) b on b.place = n %% %(leaves)s + 1",
        {"many": MANY, "leaves": LEAVES},
    )
    owner.execute("analyze")


def leaf_scope(first: int, last: int) -> Scope:
    """The scope of some of the crowded city's leaves."""
    start = SCHEME_WIDTH // 2
    return seeing((start + first * 1000, start + last * 1000 + 999))


async def plan_of(context: Context, scope: Scope, statement: TextClause, bound: dict[str, Any]) -> str:
    """The plan as JSON text."""
    async with scoped_transaction(context.engine, scope) as connection:
        explained = await connection.execute(text(f"explain (format json) {statement.text}"), bound)
        return json.dumps(explained.scalar_one())


BOX = {"west": 114.01, "south": 24.01, "east": 114.012, "north": 24.012}
FEW = leaf_scope(5, 9)


async def test_a_small_scope_reads_a_small_index_range(crowded: Context) -> None:
    """Counts, lists and figures of a few grids never read the whole table."""
    latest = {"lo": 0, "hi": 2**62, "before": 2**62, "only_open": False, "assigned": None, "limit": 50}
    for noun, name, bound in (
        ("incidents", "figures", {"zone": "UTC"}),
        ("incidents", "latest", latest),
        ("incidents", "points", {**BOX, "only_open": False, "limit": 100}),
    ):
        plan = await plan_of(crowded, FEW, query(noun, name), bound)
        assert 'Seq Scan", "Parallel Aware": false, "Async Capable": false, "Relation Name": "incident"' not in plan, (
            name
        )
        assert "incident_region_key_id_idx" in plan or "incident_open_idx" in plan, name


async def test_the_policy_is_an_index_condition(crowded: Context) -> None:
    """in_scope() is inlined: its bounds reach the index, and no function call is left in the filter."""
    plan = await plan_of(crowded, FEW, text("select count(*) from incident"), {})
    node = json.loads(plan)
    conditions = json.dumps(node)
    assert "current_setting('citybrain.see_incidents.lo1'" in conditions
    assert "Index Cond" in conditions
    assert "in_scope(" not in conditions


async def test_borders_keep_their_spatial_index_under_a_policy(crowded: Context) -> None:
    """Visible to all by a constant policy: `&&` is still served by the index."""
    bound = {**BOX, "scheme_id": 1, "limit": 10}
    plan = await plan_of(crowded, FEW, query("incidents", "keys_in_box"), bound)
    assert "border_scheme_id_depth_geom_idx" in plan
    assert "Index Cond" in plan


@pytest.mark.parametrize("scope", [FEW, SYSTEM], ids=["few", "all"])
async def test_what_is_known_of_a_batch_is_found_by_its_ids(crowded: Context, scope: Scope) -> None:
    """Not by reading every incident in scope, whoever asked first in the session."""
    async with scoped_transaction(crowded.engine, scope) as connection:
        await connection.execute(query("incidents", "stage"))
        explained = await connection.execute(text(f"explain (format json) {query('incidents', 'added').text}"))
        plan = json.dumps(explained.scalar_one())
    assert "incident_pkey" in plan
    assert "incident_region_key_id_idx" not in plan
    assert "incident_open_idx" not in plan


async def test_points_of_a_box_are_found_by_the_keys_of_its_regions(crowded: Context) -> None:
    """The grid is the index: keys bound, not a spatial search behind the policy."""
    start = SCHEME_WIDTH // 2
    keys = [start + n * 1000 for n in range(5, 12)]
    bound = {**BOX, "keys": keys, "only_open": False, "limit": 100}
    plan = await plan_of(crowded, leaf_scope(1, LEAVES), query("incidents", "points_in_regions"), bound)
    assert "incident_region_key_id_idx" in plan or "incident_unassigned_idx" in plan
    assert '"Relation Name": "incident", "Alias": "incident"' in plan
    assert '"Node Type": "Seq Scan"' not in plan
