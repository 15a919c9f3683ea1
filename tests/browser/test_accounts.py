"""Keeping accounts in the console: the list, one account, an invitation, a file, and seeing as somebody else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, sit_down
from tests.browser.test_map import violations
from tests.serving import Served

WEST = "440101"


def keeper_at_work(browser: Browser, served: Served, *, theme: str = "light", language: str = "zh") -> Desk:
    """The district's administrator in front of the list, with two people in it."""
    keeper = served.sign_in("administrator", WEST)
    for login, name, number, role in (
        ("wangfang", "王芳", "A-1037", "staff"),
        ("liqiang", "李强", "A-1038", "grid_worker"),
    ):
        given = {
            "login": login,
            "name": name,
            "staff_number": number,
            "organisation": "和兴社区",
            "roles": [{"role": role, "code": "440101001", "valid_to": "2031-01-01T00:00:00+08:00"}],
        }
        assert keeper.post("/api/accounts", json=given).status_code == 201
    desk = sit_down(browser, served, f"administrator-{WEST}", theme=theme, size=(1440, 1000))
    if language == "en":
        desk.page.get_by_test_id("language").first.click()
    desk.page.get_by_test_id("pages").click()
    desk.page.get_by_test_id("to-accounts").click()
    expect(desk.page.get_by_test_id("account-row")).to_have_count(3)
    return desk


def choose(page: Page, test_id: str, text: str) -> None:
    """Chooses from a list that unfolds."""
    page.get_by_test_id(test_id).last.click()
    page.locator(".el-select-dropdown__item:visible", has_text=text).first.click()


@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_the_page_is_accessible_in_every_state(browser: Browser, served: Served, theme: str, language: str) -> None:
    """The list with the table of rights, one account beside it, the dialogs, the link."""
    desk = keeper_at_work(browser, served, theme=theme, language=language)
    page = desk.page
    page.get_by_test_id("show-matrix").click()
    expect(page.get_by_test_id("rights-matrix").locator("tbody tr").first).to_be_visible()
    assert violations(page) == []
    desk.picture(f"accounts_{theme}_{language}")
    page.get_by_test_id("show-matrix").click()
    page.locator("[data-login=wangfang] button").click()
    expect(page.get_by_test_id("role-held")).to_have_count(1)
    assert violations(page) == []
    desk.picture(f"accounts_one_{theme}_{language}")
    page.get_by_test_id("invite-again").click()
    expect(page.get_by_test_id("link")).to_contain_text("/invitation/")
    assert violations(page) == []
    page.locator(f"[data-login='administrator-{WEST}'] button").click()
    expect(page.get_by_test_id("not-kept")).to_be_visible()
    page.get_by_test_id("import").click()
    expect(page.get_by_test_id("import-dialog")).to_be_visible()
    assert violations(page) == []
    desk.picture(f"accounts_import_{theme}_{language}")
    page.keyboard.press("Escape")
    page.get_by_test_id("invite").click()
    expect(page.get_by_test_id("invite-form")).to_be_visible()
    assert violations(page) == []
    desk.picture(f"accounts_invite_{theme}_{language}")
    assert desk.faults == []


def test_inviting_somebody_who_then_signs_in(browser: Browser, served: Served) -> None:
    """From the dialog to the person's own password; the link is spent by it."""
    desk = keeper_at_work(browser, served)
    page = desk.page
    page.get_by_test_id("invite").click()
    for field, text in (("name", "赵敏"), ("login", "zhaomin"), ("staff_number", "A-1037")):
        page.get_by_test_id(f"invite-{field}").fill(text)
    choose(page, "role-choice", "派遣员")
    page.get_by_test_id("invite-submit").click()
    expect(page.get_by_test_id("invite-problem")).to_contain_text("A-1037")
    page.get_by_test_id("invite-staff_number").fill("A-2000")
    page.get_by_test_id("invite-submit").click()
    link = page.get_by_test_id("link").inner_text()
    page.keyboard.press("Escape")
    expect(page.locator("[data-login=zhaomin]")).to_contain_text("待接受邀请")
    door = browser.new_context(locale="zh-CN").new_page()
    door.goto(link)
    expect(door.get_by_test_id("invitation-for")).to_contain_text("赵敏")
    assert violations(door) == []
    door.get_by_test_id("invitation-password").fill("1234567890")
    door.get_by_test_id("invitation-repeat").fill("1234567890")
    door.get_by_test_id("invitation-submit").click()
    expect(door.locator(".el-form-item__error")).to_contain_text("太容易猜到")
    Desk(door, served, []).picture("invitation")
    door.get_by_test_id("invitation-password").fill("rather long")
    door.get_by_test_id("invitation-repeat").fill("rather long")
    door.get_by_test_id("invitation-submit").click()
    expect(door.get_by_test_id("invitation-done")).to_contain_text("zhaomin")
    door.goto("about:blank")
    door.goto(link)
    expect(door.get_by_test_id("invitation-problem")).to_contain_text("已使用")
    person = sit_down(browser, served, "zhaomin", password="rather long")
    expect(person.page.get_by_test_id("map")).to_be_visible()


def test_a_role_is_given_and_taken_away(browser: Browser, served: Served) -> None:
    """In a region found step by step; what is over stays to be seen."""
    page = keeper_at_work(browser, served).page
    page.locator("[data-login=liqiang] button").click()
    form = page.get_by_test_id("give-role")
    form.get_by_test_id("role-choice").click()
    page.locator(".el-select-dropdown__item:visible", has_text="派遣员").click()
    form.get_by_test_id("region-choice").click()
    page.locator(".el-select-dropdown__item:visible", has_text="community 440101002").click()
    page.get_by_test_id("give-submit").click()
    expect(page.get_by_test_id("role-held")).to_have_count(2)
    expect(page.locator("[data-login=liqiang]")).to_contain_text("派遣员 · community 440101002")
    page.get_by_test_id("role-held").filter(has_text="派遣员").get_by_test_id("end-role").click()
    expect(page.get_by_test_id("role-held")).to_have_count(1)
    expect(page.locator("details")).to_contain_text("已结束的角色 (1)")
    page.get_by_test_id("switch").click()
    expect(page.locator("[data-login=liqiang]")).to_contain_text("已停用")


def test_a_file_with_faults_and_one_without(browser: Browser, served: Served, tmp_path: Path) -> None:
    """Faults by line; then written, and the links taken away once."""
    desk = keeper_at_work(browser, served)
    page = desk.page
    header = "login,name,staff_number,organisation,phone,role,region,from,to\n"
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(header + "sun,孙丽,A-3,,,staff,440102,,\nqian,钱进,A-4,,,king,440101001,,\n", "utf-8")
    good.write_text(
        header + "sun,孙丽,A-3,,,staff,440101001,,2031-12-31\nwangfang,王芳,A-1037,,,staff,440101001,,\n", "gb18030"
    )
    page.get_by_test_id("import").click()
    page.get_by_test_id("import-file").set_input_files(bad)
    expect(page.get_by_test_id("import-fault")).to_have_count(2)
    assert violations(page) == []
    desk.picture("accounts_faults")
    page.get_by_test_id("import-file").set_input_files(good)
    expect(page.get_by_test_id("import-fault")).to_have_count(0)
    page.get_by_test_id("import-commit").click()
    with page.expect_download() as download:
        page.get_by_test_id("import-links").click()
    rows = list(csv.reader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert [row[:2] for row in rows] == [["login", "name"], ["sun", "孙丽"]]
    page.keyboard.press("Escape")
    expect(page.locator("[data-login=sun]")).to_contain_text("A-3")


def test_seeing_as_somebody_else(browser: Browser, served: Served) -> None:
    """On every page it says so; nothing can be written; ended, the administrator is back."""
    desk = keeper_at_work(browser, served)
    page = desk.page
    page.locator("[data-login=wangfang] button").click()
    page.get_by_test_id("view-as").click()
    expect(page.get_by_test_id("view-banner")).to_contain_text("王芳")
    desk.ready()
    assert violations(page) == []
    desk.picture("view_as")
    page.goto(served.url + "/records")
    expect(page.get_by_test_id("view-banner")).to_be_visible()
    page.get_by_test_id("end-view").click()
    expect(page.get_by_test_id("account-row")).to_have_count(3)
    expect(page.get_by_test_id("view-banner")).to_have_count(0)
