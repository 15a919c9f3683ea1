"""Incidents as they are read: lists, points, counts and figures that agree, and stay in scope."""

from __future__ import annotations

import pytest

from brain import incidents, intake
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from data.errors import NotFound, Where
from tests.worlds import a_report, at, person

pytestmark = pytest.mark.anyio


async def test_lists_points_counts_and_figures_agree_and_stay_in_scope(city: Context) -> None:
    """The same incidents, whichever way they are asked for."""
    spots = [(0.1, 0.1), (0.5, 0.5), (1.5, 1.5), (2.5, 0.5), (3.5, 0.5), (3.5, 3.0), (-0.3, 0.1), (4.3, 0.2)]
    given = [(Where(), a_report(x, y, source_id=str(n))) for n, (x, y) in enumerate(spots)]
    await intake.report_many(city, SYSTEM_ACTOR, given)
    everywhere = (112.0, 22.0, 114.0, 24.0)
    for regions, expected in (((), 8), (("440101",), 5), (("440102",), 3), (("440101001001",), 2)):
        actor = await person(city, "staff", *regions)
        listed = await incidents.latest(city, actor, region=None, only_open=True, assigned=None, before=None, limit=100)
        points, truncated = await incidents.points(city, actor, everywhere, only_open=False, limit=100)
        figures = await incidents.figures(city, actor)
        counts = await incidents.open_counts(city, actor, "grid", everywhere)
        assert len(listed) == len(points) == figures["total"] == figures["open"] == expected
        assert [row["id"] for row in listed] == [row["id"] for row in points]
        assert sum(counts.values()) == figures["total"] - figures["unassigned"]
        assert not truncated
        by_ids = await incidents.by_ids(city, actor, list(range(100)))
        assert [row["id"] for row in by_ids] == [row["id"] for row in listed]
    some, truncated = await incidents.points(city, SYSTEM_ACTOR, everywhere, only_open=False, limit=3)
    assert (len(some), truncated) == (3, True)
    box = (*at(2, 0), *at(5, 1))
    in_box, _ = await incidents.points(city, SYSTEM_ACTOR, box, only_open=True, limit=100)
    assert len(in_box) == 3


async def test_a_page_goes_on_where_the_last_one_ended(city: Context) -> None:
    """Newest first, none twice, none left out; a region's list holds what lies below it."""
    given = [(Where(), a_report(0.1 + n % 3, 0.1, source_id=str(n))) for n in range(20)]
    await intake.report_many(city, SYSTEM_ACTOR, given)
    seen: list[int] = []
    while page := await incidents.latest(
        city, SYSTEM_ACTOR, region=None, only_open=False, assigned=None, before=min(seen, default=None), limit=7
    ):
        seen += [row["id"] for row in page]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 20
    below = await incidents.latest(
        city, SYSTEM_ACTOR, region="440101", only_open=False, assigned=True, before=None, limit=50
    )
    assert len(below) == 14
    with pytest.raises(NotFound):
        await incidents.latest(
            city, SYSTEM_ACTOR, region="nowhere", only_open=False, assigned=None, before=None, limit=5
        )
