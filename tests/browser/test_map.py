"""The one map in a real browser: signing in, looking, clicking, and seeing at once what others report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from brain import intake
from brain.actor import SYSTEM_ACTOR
from tests.browser.conftest import Desk, sit_down
from tests.serving import Served, in_context
from tests.worlds import a_report, at, publish_beats

AXE = Path(__file__).parents[2] / "web/client/node_modules/axe-core/axe.min.js"


def report(served: Served, column: float, row: float, source_id: str) -> None:
    """Somebody reports an incident elsewhere."""
    given = a_report(column, row, source_id=source_id, title=f"pothole {source_id}")
    in_context(served.settings, lambda context: intake.report(context, SYSTEM_ACTOR, given))


def people(served: Served, *who: tuple[str, ...]) -> None:
    """Adds accounts."""
    for role, *regions in who:
        served.sign_in(role, *regions)


def test_a_wrong_password_stays_at_the_door(browser: Browser, served: Served) -> None:
    """The fault is said in words, and no map is behind it."""
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(served.url + "/map")
    expect(page.get_by_test_id("login-form")).to_be_visible()
    page.get_by_test_id("login-name").fill("nobody")
    page.get_by_test_id("login-password").fill("wrong password")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("login-problem")).to_contain_text("不正确")
    expect(page.get_by_test_id("map")).to_have_count(0)


def test_a_click_on_a_region_opens_its_card(browser: Browser, served: Served) -> None:
    """Name, code, path, open incidents; the address can be shared, and back goes back."""
    people(served, ("staff", "440101"))
    report(served, 1.5, 0.5, "1")
    desk = sit_down(browser, served, "staff-440101")
    card = desk.page.get_by_test_id("region-card")
    desk.click_at(*at(1.7, 0.7))
    expect(card).to_have_attribute("data-code", "440101001003")
    expect(card.get_by_test_id("region-code")).to_contain_text("440101001003")
    expect(card.get_by_test_id("region-open")).to_contain_text("1")
    expect(card.get_by_test_id("region-path")).to_contain_text("440101001")
    shared = desk.page.url
    desk.click_at(*at(2.5, 0.5))
    expect(card).to_have_attribute("data-code", "440102001001")
    expect(card.get_by_test_id("region-open")).to_have_count(0)
    desk.page.go_back()
    expect(card).to_have_attribute("data-code", "440101001003")
    other = desk.page.context.new_page()
    other.goto(shared)
    expect(other.get_by_test_id("region-card")).to_have_attribute("data-code", "440101001003")
    assert desk.faults == []


def test_an_incidents_card_shows_its_departments_regions(browser: Browser, served: Served) -> None:
    """By the department's name in the reader's language, with a mark where its border decided."""
    in_context(served.settings, publish_beats)
    people(served, ("dispatcher",))
    report(served, 1.5, 0.5, "1")
    for theme, name, mark in (("light", "公安责任区", "压线"), ("dark", "Police beats", "on border")):
        desk = sit_down(browser, served, "dispatcher-all", theme=theme)
        if theme == "dark":
            desk.page.get_by_test_id("language").click()
        desk.page.get_by_test_id("queue-row").click()
        card = desk.page.get_by_test_id("incident-card")
        expect(card).to_contain_text(name)
        expect(card.get_by_test_id("incident-department")).to_contain_text("West beat-1")
        expect(card.get_by_test_id("incident-department")).to_contain_text(mark)
        desk.picture(f"incident_departments_{theme}")
        assert desk.faults == []


def test_a_new_incident_appears_on_every_open_map_that_may_see_it(browser: Browser, served: Served) -> None:
    """Without a reload: on the map, in the queue, in the figures; not on the neighbour's."""
    people(served, ("staff", "440101"), ("commander",), ("staff", "440102"))
    mine, whole, neighbour = (
        sit_down(browser, served, login) for login in ("staff-440101", "commander-all", "staff-440102")
    )
    for desk in (mine, whole, neighbour):
        expect(desk.page.get_by_test_id("live-status")).to_have_attribute("data-state", "live")
        expect(desk.page.get_by_test_id("map")).to_have_attribute("data-incidents", "0")
    report(served, 0.1, 0.1, "1")
    for desk in (mine, whole):
        expect(desk.page.get_by_test_id("map")).to_have_attribute("data-incidents", "1")
        expect(desk.page.get_by_test_id("queue-row")).to_contain_text("pothole 1")
        expect(desk.page.get_by_test_id("figure-open")).to_contain_text("1")
    report(served, 2.5, 0.5, "2")
    expect(neighbour.page.get_by_test_id("queue-row")).to_contain_text("pothole 2")
    expect(neighbour.page.get_by_test_id("map")).to_have_attribute("data-incidents", "1")
    expect(whole.page.get_by_test_id("queue-row")).to_have_count(2)
    expect(mine.page.get_by_test_id("queue-row")).to_have_count(1)
    assert mine.faults + whole.faults + neighbour.faults == []


def test_a_report_made_on_the_map_says_where_it_fell(browser: Browser, served: Served) -> None:
    """Picked by a click, placed by the server, shown at once."""
    people(served, ("dispatcher",))
    desk = sit_down(browser, served, "dispatcher-all")
    page = desk.page
    page.get_by_test_id("report").click()
    desk.click_at(*at(0.2, 0.8))
    page.locator("#report-category").fill("路灯")
    options = page.locator(".el-select-dropdown__item:visible")
    expect(options.filter(has_not_text="路灯")).to_have_count(0)
    options.first.click()
    page.get_by_test_id("report-title").fill("路灯不亮")
    page.get_by_test_id("report-submit").click()
    expect(page.get_by_test_id("report-done")).to_contain_text("440101001001")
    expect(page.get_by_test_id("queue-row")).to_contain_text("路灯不亮")


def test_a_lost_connection_is_said_and_made_good(browser: Browser, served: Served) -> None:
    """Not live while it is not; what happened meanwhile is there afterwards."""
    people(served, ("commander",))
    desk = sit_down(browser, served, "commander-all")
    status = desk.page.get_by_test_id("live-status")
    expect(status).to_have_attribute("data-state", "live")
    desk.page.context.set_offline(True)
    report(served, 0.1, 0.1, "1")
    desk.page.context.set_offline(False)
    expect(desk.page.get_by_test_id("map")).to_have_attribute("data-incidents", "1")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_are_accessible(browser: Browser, served: Served, theme: str, language: str) -> None:
    """axe finds nothing against WCAG 2.2 AA, on the log-in page, the map, and both cards."""
    people(served, ("commander",))
    report(served, 1, 0.5, "1")
    page = browser.new_context(color_scheme=theme, locale="zh-CN").new_page()  # type: ignore[arg-type]
    page.goto(served.url + "/login")
    expect(page.get_by_test_id("login-form")).to_be_visible()
    assert violations(page) == []
    desk = sit_down(browser, served, "commander-all", theme=theme)
    if language == "en":
        desk.page.get_by_test_id("language").click()
        expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    assert violations(desk.page) == []
    for address, card in (("/map?region=main/440101001003", "region-card"), ("/map?incident=1", "incident-card")):
        desk.open(address)
        expect(desk.page.get_by_test_id(card)).to_be_visible()
        assert violations(desk.page) == []
        desk.picture(f"{card}_{theme}_{language}")


def violations(page: Page) -> list[str]:
    """What axe says is wrong, in short."""
    page.evaluate(AXE.read_text("utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


def test_a_phone_shows_the_same_city(browser: Browser, served: Served) -> None:
    """390 pixels wide: the map, a card, no sideways scrolling."""
    people(served, ("staff", "440101"))
    report(served, 1.5, 0.5, "1")
    desk = sit_down(browser, served, "staff-440101", size=(390, 844))
    desk.open("/map?region=main/440101001003")
    expect(desk.page.get_by_test_id("region-card")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
    desk.picture("phone")


def test_nothing_is_loaded_from_outside(browser: Browser, served: Served) -> None:
    """The console works in a network without internet."""
    people(served, ("commander",))
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.url)
    page.get_by_test_id("login-name").fill("commander-all")
    page.get_by_test_id("login-password").fill("long enough")
    page.get_by_test_id("login-submit").click()
    Desk(page, served, []).ready()
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith((served.url, "blob:", "data:"))] == []
