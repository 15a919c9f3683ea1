"""The placing indexes of a process: of the editions in force, shared with its neighbours, exchanged after a publish."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from brain import boundaries, intake
from brain.actor import SYSTEM_ACTOR
from brain.context import Context, open_context
from brain.demo import region_set
from brain.placements import CityIndex, Placement, Placements
from brain.settings import Settings
from data.demo.regions import DemoRegion
from data.engine import SYSTEM, psycopg_conninfo, scoped_transaction
from data.errors import Where
from layers.locate import Placing
from tests.worlds import a_report, at, cell, nested, publish_cells, small_city_cells

pytestmark = pytest.mark.anyio

SOON_S = 10.0


def moved_edge() -> dict[str, Any]:
    """The small city with one border a tenth of a cell farther west: what lies at (2.95, 0.5) changes hands."""
    cells = small_city_cells()
    cells["440102001001"] = cell(2, 0, 0.9)
    cells["440102001002"] = shapely.union_all([cells["440102001002"], cell(2.9, 0, 0.1)])
    return cells


@pytest.fixture
async def neighbour(city: Context) -> AsyncIterator[Context]:
    """Another process of the same installation."""
    async with open_context(city.settings) as context:
        yield context


def kept(context: Context) -> list[str]:
    """The folders of kept indexes: scheme and edition."""
    folder = context.settings.home / "placing"
    return sorted("-".join(entry.name.split("-")[:2]) for entry in folder.iterdir() if entry.is_dir())


def codes(placement: Placement) -> list[str | None]:
    """Where each point was assigned to."""
    return [
        code if ok else None for code, ok in zip(placement.codes.tolist(), placement.assigned.tolist(), strict=True)
    ]


async def place(context: Context, *spots: tuple[float, float]) -> Placement:
    """Where places of the small city's lattice fall today."""
    lon, lat = np.array([at(*spot) for spot in spots]).T
    return (await context.placements.current()).place(lon, lat)


async def test_ancestors_come_with_the_answer(city: Context, owner: psycopg.Connection) -> None:
    """Of every tier the region above, as the tree says; −1 for tiers that are not there."""
    key_of = dict(owner.execute("select code, key from region").fetchall())
    placement = await place(city, (0.5, 0.5), (3.5, 0.5))
    assert codes(placement) == ["440101001002", "440101002002"]
    for tier, digits in (("city", 2), ("district", 6), ("community", 9), ("grid", 12)):
        assert placement.above[tier].tolist() == [key_of[code[:digits]] for code in ("440101001002", "440101002002")], (
            tier
        )
    assert placement.above["subdistrict"].tolist() == placement.above["micro_grid"].tolist() == [-1, -1]


async def test_a_publish_leaves_the_index_made_for_every_process(
    city: Context, neighbour: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes next opens it: nobody makes it a second time."""
    await publish_cells(city, moved_edge())
    monkeypatch.setattr(Placing, "build", None)
    monkeypatch.setattr(Placing, "updated", None)
    for context in (city, neighbour):
        assert codes(await place(context, (2.95, 0.5))) == ["440102001002"]


async def test_an_edit_is_patched_into_the_index_before(city: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not built from the beginning, and only what changed is read."""
    assert codes(await place(city, (2.95, 0.5))) == ["440102001001"]
    sent: list[list[str]] = []
    updated = Placing.updated

    def counted(index: Placing, ended: list[str], changed: list[str], *given: Any) -> Placing:
        sent.append([*ended, *changed])
        return updated(index, ended, changed, *given)

    monkeypatch.setattr(Placing, "build", None)
    monkeypatch.setattr(Placing, "updated", counted)
    await publish_cells(city, moved_edge())
    assert sent == [["440102001001", "440102001002"]]
    assert codes(await place(city, (2.95, 0.5))) == ["440102001002"]


async def test_every_edition_answers_like_one_built_anew(city: Context, tmp_path: Path) -> None:
    """Merged, divided, given children, bereft of them: patched through all of it, leaves and ancestors are right."""
    random = np.random.default_rng(11)
    lon, lat = random.uniform(*np.array([at(-0.2, -0.2), at(4.2, 4.2)]), (500, 2)).T
    small = [DemoRegion(f"44010100100{n}00{m}", "", "micro_grid", f"44010100100{n}", half) for n, halves in (
        (3, (cell(1, 0, 0.5), cell(1.5, 0, 0.5))),
    ) for m, half in enumerate(halves)]  # fmt: skip
    merged = small_city_cells()
    merged["440102001004"] = merged.pop("440102001004").union(merged["440102001003"])
    del merged["440102001003"]
    await place(city, (0, 0))
    for regions in (
        nested(moved_edge()),
        with_more(nested(moved_edge()), small),
        nested(merged),
        nested({code: geom for code, geom in merged.items() if not code.startswith("440101002")}),
    ):
        await boundaries.publish(city, SYSTEM_ACTOR, "main", regions, note="", progress=lambda *_: None)
        patched = (await city.placements.current()).place(lon, lat)
        fresh = await Placements(city.engine, tmp_path / str(patched.edition.edition_id)).current()
        anew = fresh.place(lon, lat)
        for answer in ("keys", "codes", "assigned", "on_border"):
            assert np.array_equal(getattr(patched, answer), getattr(anew, answer)), answer
        assert {tier: keys.tolist() for tier, keys in patched.above.items()} == {
            tier: keys.tolist() for tier, keys in anew.above.items()
        }


def with_more(regions: Any, more: list[DemoRegion]) -> Any:
    """A region set and regions of a further tier below it."""
    layers = [
        DemoRegion(code, name, layer.tier, parent, geom)
        for layer, names, parents in zip(regions.layers, regions.names, regions.parents, strict=True)
        for code, name, parent, geom in zip(layer.codes, names, parents, layer.geoms, strict=True)
    ]
    return region_set([*layers, *more])


async def test_a_publish_is_followed_without_being_asked(city: Context, neighbour: Context) -> None:
    """A process that reports nothing has changed over when the news is through: on its own listening connection."""
    neighbour.live.start()
    await asyncio.wait_for(neighbour.live.connected.wait(), SOON_S)
    before = await neighbour.placements.latest()
    changed_over = asyncio.Event()
    current = neighbour.placements.current

    async def noticed() -> CityIndex:
        index = await current()
        if index is not before:
            changed_over.set()
        return index

    neighbour.placements.current = noticed  # type: ignore[method-assign]
    await publish_cells(city, moved_edge())
    await asyncio.wait_for(changed_over.wait(), SOON_S)
    lon, lat = np.array([at(2.95, 0.5)]).T
    assert codes((await neighbour.placements.latest()).place(lon, lat)) == ["440102001002"]


async def test_a_report_placed_while_borders_are_published_is_placed_again(
    city: Context, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was placed in the old edition; it is written in the new one, with that one's region."""
    placing_began, published = threading.Event(), threading.Event()
    place_in = CityIndex.place
    placed_in: list[int] = []

    def slowly(index: CityIndex, lon: Any, lat: Any) -> Any:
        placed_in.append(index.main.edition.edition_id)
        placing_began.set()
        published.wait(SOON_S)
        return place_in(index, lon, lat)

    monkeypatch.setattr(CityIndex, "place", slowly)
    reporting = asyncio.create_task(intake.report(city, SYSTEM_ACTOR, a_report(2.95, 0.5)))
    await asyncio.to_thread(placing_began.wait, SOON_S)
    await publish_cells(city, moved_edge())
    published.set()
    await reporting
    assert placed_in == [1, 2]
    assert owner.execute("select placed_edition, placed_code from incident").fetchall() == [(2, "440102001002")]


async def test_the_servers_default_isolation_changes_nothing(
    city: Context, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that waited for a publish sees what it published, whatever snapshots the server keeps by default."""
    name = owner.info.dbname
    owner.execute(f"alter database {name} set default_transaction_isolation = 'repeatable read'")
    async with open_context(city.settings) as late:
        await late.placements.latest()
        publishing = psycopg.connect(psycopg_conninfo(city.settings.owner_url))
        publishing.execute("select pg_advisory_xact_lock(hashtext('citybrain editions'))")
        reporting = asyncio.create_task(intake.report(late, SYSTEM_ACTOR, a_report(2.95, 0.5)))
        while not owner.execute("select from pg_locks where locktype = 'advisory' and not granted").fetchall():
            assert not reporting.done()
            await asyncio.sleep(0)
        monkeypatch.setattr(city.placements, "prepare", _prepared_without_waiting)
        await publish_cells(city, moved_edge())
        publishing.rollback()
        publishing.close()
        await reporting
    assert owner.execute("select placed_edition, placed_code from incident").fetchall() == [(2, "440102001002")]


async def _prepared_without_waiting(*_: Any) -> None:
    """The publish of another process, whose lock the test holds itself."""


async def test_an_exchange_that_fails_is_tried_again(
    city: Context, neighbour: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for a moment: the process changes over all the same, without another publish."""
    monkeypatch.setattr("brain.placements.RETRY_S", 0.0)
    before = await neighbour.placements.latest()
    current, asked = neighbour.placements.current, 0

    async def fails_twice() -> CityIndex:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise OSError("the database is away")
        return await current()

    monkeypatch.setattr(neighbour.placements, "current", fails_twice)
    await publish_cells(city, moved_edge())
    neighbour.placements.exchange_soon()
    await asyncio.wait_for(asyncio.gather(*neighbour.placements._begun), SOON_S)
    assert asked == 3
    assert await neighbour.placements.latest() is not before


async def test_a_publish_waits_for_those_who_are_writing(city: Context, owner: psycopg.Connection) -> None:
    """Between the check of the edition and the commit nobody exchanges it."""
    async with scoped_transaction(city.engine, SYSTEM) as connection:
        assert await city.placements.keep(connection, await city.placements.latest())
        publishing = asyncio.create_task(publish_cells(city, moved_edge()))
        while not owner.execute("select from pg_locks where locktype = 'advisory' and not granted").fetchall():
            assert not publishing.done()
            await asyncio.sleep(0)
    assert (await publishing).seq == 2
    async with scoped_transaction(city.engine, SYSTEM) as connection:
        old = CityIndex((await Placements(city.engine, city.settings.home).current()).main, ())
        assert await city.placements.keep(connection, old)


async def test_rows_and_editions_agree_while_many_publish_and_report(
    city: Context, neighbour: Context, owner: psycopg.Connection
) -> None:
    """Eight editions under way: each row has a leaf of its edition, and none is of one that had been replaced before."""
    in_force = [1]
    least: dict[str, int] = {}

    async def publish() -> None:
        for cells in [moved_edge(), small_city_cells()] * 4:
            done = await publish_cells(city, cells)
            in_force.append(done.edition_id)
        in_force.append(0)

    async def report(context: Context, source: str) -> None:
        while in_force[-1]:
            batch = f"{source}-{len(least)}"
            least[batch] = in_force[-1]
            given = [a_report(2.85 + n / 100, 0.5, source=batch, source_id=str(n)) for n in range(20)]
            outcomes = await intake.report_many(context, SYSTEM_ACTOR, [(Where(), one) for one in given])
            assert all(outcome.is_new for outcome in outcomes)

    await asyncio.gather(publish(), report(city, "one"), report(neighbour, "two"))
    rows = owner.execute(
        "select source, placed_edition, placed_code, round((st_x(geom) - 113) * 10000) from incident"
    ).fetchall()
    assert len(rows) == 20 * len(least)
    assert len({edition for _, edition, _, _ in rows}) > 2
    for source, edition, code, tenth in rows:
        border = 290 if edition % 2 == 0 else 300
        assert code == ("440102001001" if tenth <= border else "440102001002"), (edition, tenth)
        assert edition >= least[source]


@pytest.mark.parametrize(
    ("name", "content"), [("words.npy", 200), ("words.npy", 0), ("codes.npy", 0), ("meta.json", 0), ("meta.json", 1)]
)
async def test_a_folder_that_is_not_whole_is_made_anew(city: Context, name: str, content: int) -> None:
    """Cut off in the middle, or empty: never answered from."""
    await place(city, (0.5, 0.5))
    (folder,) = [entry for entry in (city.settings.home / "placing").iterdir() if entry.is_dir()]
    words = folder / name
    words.write_bytes(b"1" if name == "meta.json" and content else words.read_bytes()[:content])
    fresh = Placements(city.engine, city.settings.home)
    lon, lat = np.array([at(0.5, 0.5)]).T
    assert codes((await fresh.current()).place(lon, lat)) == ["440101001002"]
    assert len(words.read_bytes()) > max(content, 2)


async def test_without_a_place_to_keep_it_the_index_is_the_processs_own(city: Context, tmp_path: Path) -> None:
    """A full or forbidden disk costs memory, not incidents."""
    (tmp_path / "placing").write_text("in the way")
    lon, lat = np.array([at(0.5, 0.5)]).T
    index = await Placements(city.engine, tmp_path).current()
    assert codes(index.place(lon, lat)) == ["440101001002"]


async def test_old_indexes_are_removed(city: Context) -> None:
    """Two are left: the one in force and the one before it."""
    for cells in (moved_edge(), small_city_cells(), moved_edge()):
        await publish_cells(city, cells)
    assert kept(city) == ["1-3", "1-4"]


async def test_what_a_killed_process_left_unfinished_is_removed(city: Context) -> None:
    """Or a city of this size would lose 300 MB each time."""
    left = city.settings.home / "placing" / ".1-1-20260101000000000000-abcd1234"
    left.mkdir(parents=True)
    (left / "words.npy").write_bytes(b"half")
    await publish_cells(city, moved_edge())
    assert not left.exists()


async def test_publishes_that_fail_leave_the_index_in_force(city: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: a restart opens it, the next publish is patched from it."""
    await place(city, (0.5, 0.5))
    prepare = city.placements.prepare

    async def prepared_then_fails(*given: Any) -> None:
        await prepare(*given)
        raise RuntimeError("the light goes out")

    monkeypatch.setattr(city.placements, "prepare", prepared_then_fails)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await publish_cells(city, moved_edge())
    assert "1-1" in kept(city)
    monkeypatch.setattr(city.placements, "prepare", prepare)
    await publish_cells(city, moved_edge())
    assert kept(city) == ["1-1", "1-5"]


async def test_an_index_of_another_database_is_not_taken_for_this_one(
    city: Context, city_settings: Settings, owner: psycopg.Connection
) -> None:
    """Restored from before a publish and published otherwise: the number of the edition is the same, the borders are not."""
    await publish_cells(city, moved_edge())
    owner.execute("update edition set published_at = published_at + interval '1 second' where id = 2")
    owner.execute("update border set geom = st_translate(geom, 1, 0)")
    fresh = await Placements(city.engine, city_settings.home).current()
    assert fresh.bbox[0] == pytest.approx(114.0)


async def test_a_rolled_back_publish_is_never_used(city: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its index was kept before the commit; its edition never was one."""

    async def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the light goes out")

    prepare = city.placements.prepare

    async def prepared_then_fails(*given: Any) -> None:
        await prepare(*given)
        await fails()

    monkeypatch.setattr(city.placements, "prepare", prepared_then_fails)
    with pytest.raises(RuntimeError):
        await publish_cells(city, moved_edge())
    monkeypatch.undo()
    assert codes(await place(city, (2.95, 0.5))) == ["440102001001"]
    await publish_cells(city, small_city_cells())
    assert codes(await place(city, (2.95, 0.5))) == ["440102001001"]
    shutil.rmtree(city.settings.home / "placing")
    assert codes(await place(city, (2.95, 0.5))) == ["440102001001"]
