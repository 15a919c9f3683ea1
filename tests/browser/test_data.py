"""The data steward and the village: opened for a purpose, received, corrected where somebody stands, counted above."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, sit_down
from tests.browser.test_map import people, violations
from tests.serving import Served, in_context
from tests.worlds import settle

WEST, VILLAGE = "440101", "440101001"


def turn_to(desk: Desk, page: str) -> Page:
    """A page of the console, by its menu."""
    desk.page.get_by_test_id("pages").click()
    desk.page.get_by_test_id(f"to-{page}").click()
    return desk.page


def choose(page: Page, field: str, option: str) -> None:
    """One of a list."""
    page.get_by_test_id(field).click()
    page.locator(".el-select-dropdown__item:visible").filter(has_text=option).first.click()


def test_a_steward_and_a_village(browser: Browser, served: Served) -> None:
    """Preview, push, receipt; a shop closed by the village, confirmed by the steward; withdrawn, it is gone."""
    in_context(served.settings, settle)
    people(served, ("steward", WEST), ("staff", VILLAGE), ("staff", WEST))
    steward, village = sit_down(browser, served, f"steward-{WEST}"), sit_down(browser, served, f"staff-{VILLAGE}")

    page = turn_to(village, "records")
    expect(page.get_by_test_id("records-data-set")).to_contain_text("网格力量")
    expect(page.get_by_test_id("records-data-set")).not_to_contain_text("企业")

    page = turn_to(steward, "pushdowns")
    page.get_by_test_id("pushdown-new").click()
    choose(page, "pushdown-data-set", "企业")
    choose(page, "pushdown-tier", "村社区")
    expect(page.get_by_test_id("pushdown-reach")).to_contain_text("2 个区域、1 个账号")
    expect(page.get_by_test_id("region-sketch").locator("path")).to_have_count(2)
    assert violations(page) == []
    page.get_by_test_id("pushdown-purpose").fill("节前走访")
    page.get_by_test_id("pushdown-submit").click()
    expect(page.get_by_test_id("pushdown")).to_contain_text("0 人收到")
    steward.picture("pushdowns")

    page = village.page
    page.goto(served.url + "/given")
    expect(page.get_by_test_id("given")).to_contain_text("用途：节前走访")
    assert violations(page) == []
    page.get_by_test_id("given-open").click()
    record = page.get_by_test_id("record").first
    expect(record).to_contain_text("存续")
    village.picture("records")
    assert violations(page) == []
    record.get_by_test_id("correct").click()
    choose(page, "correct-field", "经营状态")
    page.get_by_test_id("correct-after").fill("注销")
    page.get_by_test_id("correct-reason").fill("已搬走")
    page.get_by_test_id("correct-submit").click()
    expect(page.get_by_test_id("records-said")).to_contain_text("等待审核")

    page = turn_to(steward, "corrections")
    expect(page.get_by_test_id("correction")).to_contain_text("已搬走")
    steward.picture("corrections")
    assert violations(page) == []
    page.get_by_test_id("correction-why").fill("属实")
    page.get_by_test_id("correction-confirm").click()
    expect(page.get_by_test_id("corrections-empty")).to_be_visible()
    page = village.page
    page.reload()
    expect(page.get_by_test_id("record").first).to_contain_text("注销")

    page = turn_to(steward, "pushdowns")
    expect(page.get_by_test_id("pushdown")).to_contain_text("1 人收到，1 人已看")
    page.get_by_test_id("pushdown-withdraw").click()
    expect(page.get_by_test_id("pushdown")).to_contain_text("已撤回")
    page = village.page
    page.reload()
    expect(page.get_by_test_id("records-data-set")).not_to_contain_text("企业")
    assert steward.faults + village.faults == []


def test_what_the_village_corrects_is_counted_above(browser: Browser, served: Served) -> None:
    """The district's card shows the new number when it is looked at again; a number is shown in full for a reason only."""
    in_context(served.settings, settle)
    people(served, ("staff", VILLAGE), ("staff", WEST))
    village, district = sit_down(browser, served, f"staff-{VILLAGE}"), sit_down(browser, served, f"staff-{WEST}")
    district.open(f"/map?region=main/{WEST}")
    before = int(district.page.get_by_test_id("figure-households").inner_text().replace(",", ""))

    page = village.page
    page.goto(served.url + f"/records?data_set=population&region={VILLAGE}")
    page.get_by_test_id("record").first.get_by_test_id("correct").click()
    choose(page, "correct-field", "户数")
    page.get_by_test_id("correct-after").fill("42")
    page.get_by_test_id("correct-reason").fill("走访")
    page.get_by_test_id("correct-submit").click()
    expect(page.get_by_test_id("records-said")).to_contain_text("已更正")
    district.open(f"/map?region=main/{WEST}")
    expect(district.page.get_by_test_id("figure-households")).to_have_text(str(before - 26 + 42))

    page.goto(served.url + f"/records?data_set=units&region={VILLAGE}")
    page.get_by_test_id("reveal-phone").first.click()
    page.get_by_test_id("reveal-reason").fill("夜间急事")
    page.get_by_test_id("reveal-submit").click()
    expect(page.get_by_test_id("revealed")).to_contain_text("1210000")
    village.picture("reveal")
    assert violations(page) == []
    assert village.faults + district.faults == []
