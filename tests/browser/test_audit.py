"""The audit page in a real browser: an auditor finds who did something, and takes it away with a reason."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from brain import boundaries
from brain.context import Context
from tests.browser.conftest import Desk, sit_down
from tests.browser.test_map import people, violations
from tests.sealing import seal_all
from tests.serving import Served, in_context
from tests.worlds import nested, person, small_city_cells


def publish_as_planner(served: Served) -> None:
    """A planner publishes the second edition, and all of it is sealed."""

    async def work(context: Context) -> None:
        planner = await person(context, "planner")
        regions = nested(small_city_cells() | {"440101001001": small_city_cells()["440101001001"].buffer(0)})
        await boundaries.publish(context, planner, "main", regions, note="秋季调整", progress=lambda *_: None)
        await seal_all(context)

    in_context(served.settings, work)


def ask(page: Page, deed: str) -> None:
    """Chooses a deed and searches."""
    page.get_by_test_id("audit-deed").click()
    page.locator(".el-select-dropdown__item:visible").filter(has_text=deed).click()
    page.get_by_test_id("audit-search").click()


def from_the_menu(desk: Desk) -> Page:
    """The audit page, as somebody comes to it from the map."""
    desk.page.get_by_test_id("pages").click()
    desk.page.get_by_test_id("to-audit").click()
    expect(desk.page.get_by_test_id("audit-record").first).to_be_visible()
    return desk.page


def test_the_auditor_finds_who_published_borders(browser: Browser, served: Served) -> None:
    """Person, edition, note; and that it is sealed. The address can be kept."""
    people(served, ("auditor",))
    publish_as_planner(served)
    page = from_the_menu(desk := sit_down(browser, served, "auditor-all"))
    ask(page, "发布边界")
    rows = page.get_by_test_id("audit-record")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("planner-all")
    expect(rows.first).to_contain_text("秋季调整")
    expect(rows.first).to_contain_text("版次 2")
    expect(rows.last).to_contain_text("系统")
    assert "action=publish_borders" in page.url
    page.get_by_test_id("audit-person").fill("planner")
    page.get_by_test_id("audit-search").click()
    expect(rows).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_test_id("audit-record")).to_have_count(1)
    assert desk.faults == []


def test_what_changed_is_shown_as_before_and_after(browser: Browser, served: Served) -> None:
    """In words, without any secret; and what is not sealed yet is said."""
    people(served, ("auditor",), ("staff", "440101"))
    in_context(served.settings, seal_all)
    page = from_the_menu(sit_down(browser, served, "auditor-all"))
    expect(page.get_by_test_id("seal-state")).to_contain_text("待封存")
    ask(page, "授予角色")
    expect(page.get_by_test_id("audit-record").first).to_contain_text("角色 工作人员")
    expect(page.get_by_test_id("audit-record").first).to_contain_text("440101")
    in_context(served.settings, seal_all)
    page.get_by_test_id("audit-search").click()
    expect(page.get_by_test_id("seal-state")).to_contain_text("已全部封存")
    ask(page, "添加账号")
    expect(page.get_by_test_id("audit-record").first).to_contain_text("另有不予显示的更改:密码")


def test_an_export_asks_for_its_reason(browser: Browser, served: Served) -> None:
    """Without one nothing is handed out; with one it is a file, and a line of the log."""
    people(served, ("auditor",))
    desk = sit_down(browser, served, "auditor-all")
    page = from_the_menu(desk)
    page.get_by_test_id("audit-export").click()
    page.get_by_test_id("audit-export-submit").click()
    dialog = page.get_by_test_id("audit-export-dialog")
    expect(dialog).to_contain_text("请填写理由")
    page.get_by_test_id("audit-reason").fill("年度检查")
    with page.expect_download() as download:
        page.get_by_test_id("audit-export-submit").click()
    assert "auditor-all" in download.value.suggested_filename
    assert "年度检查" in download.value.path().read_text("utf-8-sig").splitlines()[1]
    first = page.get_by_test_id("audit-record").first
    expect(first).to_have_attribute("data-action", "export_audit")
    expect(first).to_contain_text("年度检查")
    assert desk.faults == []


def test_who_may_not_read_it_is_not_led_there(browser: Browser, served: Served) -> None:
    """No entry in the menu; whoever knows the address is told why it is empty."""
    people(served, ("staff", "440101"))
    desk = sit_down(browser, served, "staff-440101")
    desk.page.get_by_test_id("pages").click()
    expect(desk.page.get_by_test_id("to-given")).to_be_visible()
    expect(desk.page.get_by_test_id("to-audit")).to_have_count(0)
    desk.page.goto(served.url + "/audit")
    expect(desk.page.get_by_role("alert")).to_contain_text("查阅审计记录")
    expect(desk.page.get_by_test_id("audit-record")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_audit_page_is_accessible(browser: Browser, served: Served, theme: str, language: str) -> None:
    """axe finds nothing against WCAG 2.2 AA, on the page and on its dialog."""
    people(served, ("auditor",), ("staff", "440101"))
    publish_as_planner(served)
    desk = sit_down(browser, served, "auditor-all", theme=theme)
    if language == "en":
        desk.page.get_by_test_id("language").click()
    page = from_the_menu(desk)
    expect(page.get_by_test_id("seal-state")).to_be_visible()
    assert violations(page) == []
    desk.picture(f"audit_{theme}_{language}")
    page.get_by_test_id("audit-export").click()
    expect(page.get_by_test_id("audit-reason")).to_be_visible()
    assert violations(page) == []
    desk.picture(f"audit_export_{theme}_{language}")
    assert desk.faults == []


def test_the_audit_page_fits_a_phone(browser: Browser, served: Served) -> None:
    """390 pixels wide: the table scrolls inside its own frame, the page does not sideways."""
    people(served, ("auditor",))
    desk = sit_down(browser, served, "auditor-all", size=(390, 844))
    page = from_the_menu(desk)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    desk.picture("audit_phone")
