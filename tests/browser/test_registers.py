"""Bringing a register in a real browser: a file dropped, its columns understood, the outcome read, taken in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, sit_down
from tests.browser.test_map import people, violations
from tests.registers import FIRMS, as_csv, as_xlsx, firm
from tests.serving import Served


def from_the_menu(desk: Desk) -> Page:
    """The page, as a steward comes to it from the map."""
    desk.page.get_by_test_id("pages").click()
    desk.page.get_by_test_id("to-registers").click()
    expect(desk.page.get_by_test_id("registers-file")).to_be_attached()
    return desk.page


def choose(page: Page, test_id: str, option: str) -> None:
    """Chooses from a list."""
    page.get_by_test_id(test_id).click()
    page.locator(".el-select-dropdown__item:visible").filter(has_text=option).click()


def test_a_steward_brings_the_towns_enterprises(browser: Browser, served: Served, tmp_path: Path) -> None:
    """What is missing is asked for; the dry run and the import say the same; refused rows are handed back."""
    people(served, ("steward", "440101"))
    desk = sit_down(browser, served, "steward-440101")
    page = from_the_menu(desk)
    choose(page, "registers-kind", "企业")
    rows = [firm("A", 0.2, 0.2), firm("B", 1.5, 0.5), firm("C", 2.5, 0.5)]
    file = as_xlsx(tmp_path / "企业台账.xlsx", ["企业代号", *FIRMS[1:]], rows)
    page.get_by_test_id("registers-file").set_input_files(file)
    expect(page.get_by_test_id("registers-missing")).to_contain_text("统一社会信用代码、坐标系")
    choose(page, "registers-crs", "国家大地 2000")
    choose(page, "map-key", "企业代号")
    page.get_by_test_id("registers-examine").click()
    expect(page.get_by_test_id("registers-new")).to_have_text("2")
    expect(page.get_by_test_id("registers-fault")).to_have_count(1)
    expect(page.get_by_test_id("registers-fault")).to_contain_text("不在您可导入的区域内")
    with page.expect_download() as download:
        page.get_by_test_id("registers-rejects").click()
    assert download.value.suggested_filename == "企业台账.rejects.csv"
    assert download.value.path().read_text("utf-8-sig").splitlines()[1].startswith("4,,不在您可导入的区域内。,C,")
    page.get_by_test_id("registers-import").click()
    expect(page.get_by_test_id("registers-outcome")).to_have_attribute("data-committed", "true")
    expect(page.get_by_test_id("registers-new")).to_have_text("2")
    page.get_by_test_id("registers-file").set_input_files(as_csv(tmp_path / "b.csv", FIRMS, rows[:1]))
    expect(page.get_by_test_id("registers-unchanged")).to_have_text("1")
    page.get_by_test_id("registers-retire").click()
    page.get_by_test_id("registers-import").click()
    expect(page.get_by_test_id("registers-outcome")).to_contain_text("已停用文件中已无的 1 条")
    page.goto(served.url + "/records?data_set=enterprises&region=440101")
    expect(page.get_by_test_id("record")).to_have_count(1)
    expect(page.get_by_test_id("record")).to_contain_text("138****1234")
    assert desk.faults == []


def test_a_file_that_cannot_be_read_is_told_in_words(browser: Browser, served: Served, tmp_path: Path) -> None:
    """And another file can be chosen at once."""
    people(served, ("steward", "440101"))
    page = from_the_menu(sit_down(browser, served, "steward-440101"))
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"nothing")
    page.get_by_test_id("registers-file").set_input_files(broken)
    expect(page.get_by_test_id("registers-problem")).to_contain_text("坏.xlsx")
    page.get_by_test_id("registers-file").set_input_files(as_csv(tmp_path / "b.csv", ["楼栋编号"], [["1"]]))
    expect(page.get_by_test_id("registers-missing")).to_contain_text("地址")
    expect(page.get_by_test_id("registers-problem")).to_have_count(0)


def test_who_may_not_import_is_not_led_there(browser: Browser, served: Served) -> None:
    """No entry in the menu; whoever knows the address is told why it is empty."""
    people(served, ("dispatcher", "440101"))
    desk = sit_down(browser, served, "dispatcher-440101")
    desk.page.get_by_test_id("pages").click()
    expect(desk.page.get_by_test_id("to-given")).to_be_visible()
    expect(desk.page.get_by_test_id("to-registers")).to_have_count(0)
    desk.page.goto(served.url + "/registers")
    expect(desk.page.get_by_role("alert")).to_contain_text("导入台账")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_accessible(browser: Browser, served: Served, tmp_path: Path, theme: str, language: str) -> None:
    """axe finds nothing against WCAG 2.2 AA, empty and with an outcome; a phone does not scroll sideways."""
    people(served, ("steward", "440101"))
    desk = sit_down(browser, served, "steward-440101", theme=theme)
    if language == "en":
        desk.page.get_by_test_id("language").click()
    page = from_the_menu(desk)
    assert violations(page) == []
    choose(page, "registers-kind", "enterprises" if language == "en" else "企业")
    choose(page, "registers-crs", "WGS 84")
    rows = [firm("A", 0.2, 0.2), firm("B", 2.5, 0.5), firm("C", 0.3, 0.2, 联系电话="无"), firm("D", 0.1, 0.1)]
    page.get_by_test_id("registers-file").set_input_files(as_csv(tmp_path / "企业.csv", FIRMS, rows))
    expect(page.get_by_test_id("registers-fault").first).to_be_visible()
    assert violations(page) == []
    desk.picture(f"registers_{theme}_{language}")
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(100):  # the page is laid out anew in its own time
        if page.evaluate("document.documentElement.scrollWidth") <= 390:
            break
        page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    desk.picture(f"registers_phone_{theme}_{language}")
    assert desk.faults == []
