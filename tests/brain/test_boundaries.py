"""Editions of borders: what a publish keeps, ends, adds; what blocks it; all or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
import shapely

from brain import boundaries
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from data.errors import Conflict, Forbidden
from tests.worlds import cell, nested, person, publish_cells, small_city_cells

pytestmark = pytest.mark.anyio


async def test_first_edition_holds_everything(city: Context, owner: psycopg.Connection) -> None:
    """Every region with its border; a subtree is one interval of keys, siblings never meet."""
    rows = owner.execute("select code, key, key_hi, parent_key from region").fetchall()
    by_key = {key: (code, hi) for code, key, hi, _ in rows}
    assert len(rows) == 9 + 3 + 2 + 1  # grids, communities, districts, city
    for code, key, hi, parent in rows:
        below = {other for other, other_key, _, _ in rows if key <= other_key <= hi}
        assert below == {other for other, *_ in rows if other.startswith(code)}
        if parent is not None:
            assert by_key[parent][0] < code
            assert parent < key <= hi <= by_key[parent][1]


async def test_second_edition_writes_only_what_changed(city: Context, owner: psycopg.Connection) -> None:
    """One edge moves: two grids and whatever they make up are new, the rest stands; keys stay."""
    keys = dict(owner.execute("select code, key from region").fetchall())
    cells = small_city_cells()
    cells["440102001001"] = cell(2, 0, 0.9)
    cells["440102001002"] = shapely.union_all([cells["440102001002"], cell(2.9, 0, 0.1)])
    done = await publish_cells(city, cells)
    assert (done.seq, done.changes.added, done.changes.ended) == (2, 0, 0)
    changed = {
        code
        for (code,) in owner.execute(
            "select r.code from border b join region r on r.key = b.region_key where b.edition_from = 2"
        ).fetchall()
    }
    assert {"440102001001", "440102001002"} <= changed
    assert "440101001001" not in changed
    assert done.changes.changed == len(changed)
    assert dict(owner.execute("select code, key from region").fetchall()) == keys
    overlapping = owner.execute(
        "select count(*) from border a join border b on a.region_key = b.region_key and a.edition_from < b.edition_from "
        "where a.edition_to is null or a.edition_to > b.edition_from"
    ).fetchone()
    assert overlapping == (0,)


async def test_lineage_says_where_a_split_region_went(city: Context, owner: psycopg.Connection) -> None:
    """A grid ends, two take its place: shares add up, the old border stays readable."""
    cells = small_city_cells()
    del cells["440101001003"]
    cells["440101001004"], cells["440101001005"] = cell(1, 0, 0.25), cell(1.25, 0, 0.75)
    done = await publish_cells(city, cells)
    assert (done.changes.added, done.changes.ended) == (2, 1)
    lineage = owner.execute(
        "select o.code, n.code, l.share from lineage l join region o on o.key = from_key join region n on n.key = to_key"
        " order by n.code"
    ).fetchall()
    assert [(old, new, pytest.approx(share)) for old, new, share in lineage] == [
        ("440101001003", "440101001004", 0.25),
        ("440101001003", "440101001005", 0.75),
    ]
    old_key, parent_lo, parent_hi = owner.execute(
        "select r.key, p.key, p.key_hi from region r join region p on p.key = r.parent_key where r.code = '440101001003'"
    ).fetchone()  # type: ignore[misc]
    new_keys = [key for (key,) in owner.execute("select key from region where edition_from = 2").fetchall()]
    assert all(parent_lo < key <= parent_hi and key != old_key for key in new_keys)


async def test_a_code_is_never_given_again(city: Context) -> None:
    """Neither after its region has ended, nor to another place in the tree; and a refused publish leaves nothing."""
    cells = small_city_cells()
    gone = cells.pop("440101001003")
    cells["440101001004"] = gone
    await publish_cells(city, cells)
    cells["440101001003"] = cells.pop("440101001004")
    with pytest.raises(Conflict) as refused:
        await publish_cells(city, cells)
    assert (refused.value.key, refused.value.values["code"]) == ("region.code_reused", "440101001003")


async def test_a_region_does_not_move_to_another_parent_under_its_code(city: Context) -> None:
    """Its key lies in its parent's interval: elsewhere it is another region, with another code."""
    moved = nested(small_city_cells())
    moved.parents[-1][0] = "440102001"
    with pytest.raises(Conflict) as refused:
        await boundaries.publish(city, SYSTEM_ACTOR, "main", moved, note="", progress=lambda *_: None)
    assert (refused.value.key, refused.value.values["code"]) == ("region.moved", "440101001001")


async def test_a_refused_publish_leaves_nothing(city: Context, owner: psycopg.Connection) -> None:
    """All or nothing: no edition, no row, no job."""

    def snapshot() -> list[Any]:
        tables = ("edition", "region", "border", "lineage", "scheme", "procrastinate_jobs")
        return [owner.execute(f"select count(*), max(xmin::text::bigint) from {t}".encode()).fetchone() for t in tables]

    before = snapshot()
    regions = nested(small_city_cells())
    regions.layers[-1].codes[0] = "x" * 10  # type: ignore[index]
    regions.parents[-1][0] = "no such parent"
    with pytest.raises(KeyError):
        await boundaries.publish(city, SYSTEM_ACTOR, "new scheme", regions, note="", progress=lambda *_: None)
    assert snapshot() == before


async def test_schemes_stand_beside_each_other(city: Context, owner: psycopg.Connection) -> None:
    """A department's grids need not nest in the tree, may repeat its codes, and have keys of their own."""
    cells = {"440101001001": cell(0.5, 0.5, 3, 3)}
    await publish_cells(city, cells, scheme="police")
    intervals = owner.execute("select scheme, key_lo, key_hi from scheme order by key_lo").fetchall()
    assert [scheme for scheme, _, _ in intervals] == ["main", "police"]
    assert intervals[0][2] < intervals[1][1]
    outside = owner.execute(
        "select count(*) from region r join scheme s on s.id = r.scheme_id where r.key not between s.key_lo and s.key_hi"
    ).fetchone()
    assert outside == (0,)
    kept = owner.execute("select count(*) from region where edition_to is null and scheme_id = 1").fetchone()
    assert kept == (15,)


async def test_only_planners_publish(city: Context) -> None:
    """Staff do not, whatever they may see."""
    with pytest.raises(Forbidden):
        await boundaries.publish(
            city, await person(city, "staff"), "main", nested(small_city_cells()), note="", progress=lambda *_: None
        )
    planner = await person(city, "planner")
    done = await boundaries.publish(
        city, planner, "main", nested(small_city_cells()), note="", progress=lambda *_: None
    )
    assert (done.changes.added, done.changes.changed, done.changes.ended, done.changes.unchanged) == (0, 0, 0, 15)


async def test_lineage_knows_a_merge_into_a_region_that_grew(city: Context, owner: psycopg.Connection) -> None:
    """The heir is no new region: an old one took the ended one's area."""
    cells = small_city_cells()
    cells["440101001001"] = shapely.union_all([cells["440101001001"], cells.pop("440101001003")])
    await publish_cells(city, cells)
    lineage = owner.execute(
        "select o.code, n.code, l.share from lineage l join region o on o.key = from_key join region n on n.key = to_key"
    ).fetchall()
    assert lineage == [("440101001003", "440101001001", pytest.approx(1))]


async def test_preview_says_what_a_publish_does_and_writes_nothing(city: Context, owner: psycopg.Connection) -> None:
    """The same numbers, before and after."""
    cells = small_city_cells()
    del cells["440101001003"]
    cells["440101001004"] = cell(1, 0)
    foreseen = await boundaries.preview(city, SYSTEM_ACTOR, "main", nested(cells), lambda *_: None)
    assert owner.execute("select count(*) from edition").fetchone() == (1,)
    assert foreseen == (await publish_cells(city, cells)).changes
    assert (foreseen.added, foreseen.ended) == (1, 1)


async def test_publishes_at_the_same_time_come_one_after_the_other(city: Context, owner: psycopg.Connection) -> None:
    """Both first publishes of a new scheme go in, as editions 1 and 2 of one scheme."""
    both = await asyncio.gather(*(publish_cells(city, small_city_cells(), scheme="police") for _ in range(2)))
    assert sorted(done.seq for done in both) == [1, 2]
    assert owner.execute("select count(*) from scheme where scheme = 'police'").fetchone() == (1,)
