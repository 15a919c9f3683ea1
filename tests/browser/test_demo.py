"""The demo city as `make run` shows it: exact in its borders, and worth a picture."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from brain import demo
from brain.context import Context
from brain.tasks import work
from tests.browser.conftest import Desk, sit_down
from tests.serving import Served, in_context

DAYS = 60


def test_the_demo_city_on_the_map(browser: Browser, empty: Served) -> None:
    """The whole district, a street, a lane; a community's account sees its own part."""
    in_context(empty.settings, lambda context: demo.load(context, demo.Demo(days=DAYS), lambda *_: None))
    in_context(empty.settings, lambda context: work(context, until_empty=True))
    logins = {login.login: login for login in in_context(empty.settings, _logins)}
    whole = sit_down(browser, empty, "diaodu", password=logins["diaodu"].password, size=(1600, 940))
    everything = figure(whole)
    assert everything > 0
    whole.picture("map_demo")
    for name, address in (("street", "15/23.0250/113.1300"), ("lane", "17/23.0250/113.1390")):
        whole.open(f"/map#{address}")
        whole.picture(f"map_demo_{name}")
    dark = sit_down(browser, empty, "zhihui", password=logins["zhihui"].password, theme="dark", size=(1600, 940))
    dark.open("/map?region=main/440604012#14/23.0280/113.1440")
    expect(dark.page.get_by_test_id("region-card")).to_contain_text("祖庙街道")
    dark.picture("map_demo_dark")
    part = sit_down(browser, empty, "shequ", password=logins["shequ"].password)
    assert 0 < figure(part) < everything / 20
    assert whole.faults + dark.faults + part.faults == []


def figure(desk: Desk) -> int:
    """How many incidents the first look says there are."""
    return int(desk.page.get_by_test_id("figure-total").inner_text().split()[-1].replace(",", ""))


async def _logins(context: Context) -> list[demo.DemoLogin]:
    return await demo.logins(context)
