"""The demo city as `make run` shows it: exact in its borders, and worth a picture."""

from __future__ import annotations

import numpy as np
import shapely
from playwright.sync_api import Browser, expect

from brain import demo
from brain.demo import region_set
from brain.tasks import work
from data.demo.ground import demo_regions
from layers.coverage import check_coverage
from tests.browser.conftest import sit_down
from tests.serving import Served, in_context


def test_the_demo_city_is_an_exact_nested_partition() -> None:
    """No gap, no overlap, every child inside its parent, codes that continue their parent's; the same every time."""
    regions = region_set(demo_regions())
    report = check_coverage(regions.layers, min_area_m2=0.0)
    assert report.faults == []
    for codes, parents in zip([layer.codes for layer in regions.layers], regions.parents, strict=True):
        assert all(parent is None or code.startswith(parent) for code, parent in zip(codes, parents, strict=True))
    again = demo_regions()
    assert all(
        a.code == b.code and shapely.equals_exact(a.geom, b.geom) for a, b in zip(demo_regions(), again, strict=True)
    )
    other = demo_regions(seed=2)
    assert not np.array_equal([a.name for a in again], [b.name for b in other])


def test_the_demo_city_on_the_map(browser: Browser, empty: Served) -> None:
    """Loaded through the product's own doors, twice without doubling; every demo account sees its own part."""
    for _ in range(2):
        in_context(empty.settings, lambda context: demo.load(context, lambda *_: None))
    in_context(empty.settings, lambda context: work(context, until_empty=True))
    logins = {login.login: login for login in in_context(empty.settings, _logins)}
    whole = sit_down(browser, empty, "diaodu", password=logins["diaodu"].password, size=(1600, 940))
    expect(whole.page.get_by_test_id("figure-total")).to_contain_text("900")
    whole.picture("map_demo")
    dark = sit_down(browser, empty, "zhihui", password=logins["zhihui"].password, theme="dark", size=(1600, 940))
    dark.open("/map?region=main/440604012#14/23.0280/113.1440")
    expect(dark.page.get_by_test_id("region-card")).to_contain_text("祖庙街道")
    dark.picture("map_demo_dark")
    part = sit_down(browser, empty, "shequ", password=logins["shequ"].password)
    total = int(part.page.get_by_test_id("figure-total").inner_text().split()[-1])
    assert 0 < total < 200
    assert whole.faults + dark.faults + part.faults == []


async def _logins(context: object) -> list[demo.DemoLogin]:
    return demo.logins(context)  # type: ignore[arg-type]
