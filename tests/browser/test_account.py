"""One's own account as its person sees it, and signing in in two steps."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import psycopg
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from brain.settings import Settings
from tests.browser.conftest import Desk, sit_down
from tests.browser.test_map import violations
from tests.serving import Served, serving

PASSWORD = "long enough"


def own_account(desk: Desk) -> Page:
    """Goes there by the person's menu."""
    page = desk.page
    page.get_by_test_id("account").click()
    page.get_by_test_id("own-account").click()
    expect(page.get_by_test_id("own-facts")).to_be_visible()
    return page


def enrol(page: Page) -> None:
    """Turns the second factor on, but for the last click."""
    page.get_by_test_id("factor-password").fill(PASSWORD)
    page.get_by_test_id("factor-submit").click()
    secret = page.get_by_test_id("factor-secret").get_attribute("data-secret")
    assert secret
    page.get_by_test_id("factor-code").fill(pyotp.TOTP(secret).at(datetime.now(UTC)))


@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_the_page_is_accessible_in_every_state(
    browser: Browser, served: Served, owner: psycopg.Connection, theme: str, language: str
) -> None:
    """As it opens, while a second factor is enrolled, with its codes, with a token's form, with the token."""
    served.sign_in("staff", "440101")
    owner.execute("update account set name = '王敏', staff_number = 'A-1037', organisation = '综治中心'")
    desk = sit_down(browser, served, "staff-440101", theme=theme, size=(1280, 1500))
    page = own_account(desk)
    if language == "en":
        page.get_by_test_id("language").click()
    expect(page.get_by_test_id("own-facts")).to_contain_text("A-1037")
    expect(page.get_by_test_id("own-roles")).to_contain_text("district 440101")
    expect(page.get_by_test_id("session-row")).to_have_count(2)
    assert violations(page) == []
    desk.picture(f"account_{theme}_{language}")
    page.get_by_test_id("change-password").click()
    expect(page.locator(".el-form-item__error")).to_have_count(2)
    enrol(page)
    page.get_by_test_id("new-token").click()
    assert violations(page) == []
    desk.picture(f"account_enrolling_{theme}_{language}")
    page.get_by_test_id("factor-confirm").click()
    expect(page.get_by_test_id("recovery-codes").locator("li")).to_have_count(10)
    expect(page.get_by_test_id("factor-state")).to_have_attribute("data-on", "true")
    page.get_by_test_id("token-name").fill("12345 热线")
    page.get_by_test_id("token-right-report_incidents").click()
    page.get_by_test_id("token-regions").fill("440101001")
    page.get_by_test_id("token-password").fill(PASSWORD)
    page.get_by_test_id("make-token").click()
    expect(page.get_by_test_id("token-row")).to_have_count(1)
    assert violations(page) == []
    desk.picture(f"account_done_{theme}_{language}")
    token = page.get_by_test_id("token").inner_text()
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.get(served.url + "/api/session", headers=headers).json()["rights"] == ["report_incidents"]
    page.get_by_test_id("revoke-token").click()
    expect(page.get_by_test_id("token-row")).to_have_count(0)
    assert httpx.get(served.url + "/api/session", headers=headers).status_code == 401
    assert desk.faults == []


def test_a_weak_and_a_wrong_password_are_said_at_their_field(browser: Browser, served: Served) -> None:
    """Then the right ones are taken, and the session elsewhere is gone from the list."""
    served.sign_in("staff", "440101")
    desk = sit_down(browser, served, "staff-440101")
    page = own_account(desk)
    expect(page.get_by_test_id("session-row")).to_have_count(2)
    for old, new, said in ((PASSWORD, "1234567890", "太容易猜到"), ("wrong one", "another one", "密码不正确")):
        page.get_by_test_id("old-password").fill(old)
        page.get_by_test_id("new-password").fill(new)
        page.get_by_test_id("change-password").click()
        expect(page.locator(".el-form-item__error")).to_contain_text(said)
    page.get_by_test_id("old-password").fill(PASSWORD)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_test_id("password-changed")).to_be_visible()
    expect(page.get_by_test_id("session-row")).to_have_count(1)


def test_signing_in_in_two_steps(browser: Browser, served: Served) -> None:
    """Password, then code; a wrong code stays there, and the page asked for is opened at last."""
    served.sign_in("staff", "440101")
    desk = sit_down(browser, served, "staff-440101")
    page = own_account(desk)
    enrol(page)
    page.get_by_test_id("factor-confirm").click()
    recovery = page.get_by_test_id("recovery-codes").locator("code").first.inner_text()
    door = browser.new_context(locale="zh-CN").new_page()
    door.goto(served.url + "/map?region=main/440101001003")
    door.get_by_test_id("login-name").fill("staff-440101")
    door.get_by_test_id("login-password").fill(PASSWORD)
    door.get_by_test_id("login-submit").click()
    expect(door.get_by_test_id("login-code")).to_be_focused()
    assert violations(door) == []
    Desk(door, served, []).picture("login_code")
    door.get_by_test_id("login-code").fill("wrong")
    door.get_by_test_id("login-submit").click()
    expect(door.get_by_test_id("login-problem")).to_contain_text("验证码不正确")
    door.get_by_test_id("login-code").fill(recovery)
    door.get_by_test_id("login-submit").click()
    expect(door.get_by_test_id("region-card")).to_have_attribute("data-code", "440101001003")


def test_a_session_ended_elsewhere_leaves_the_map(browser: Browser, served: Served) -> None:
    """From another browser's list: the map goes back to the door, and says why."""
    served.sign_in("staff", "440101").delete("/api/session")
    lost = sit_down(browser, served, "staff-440101")
    mine = sit_down(browser, served, "staff-440101")
    page = own_account(mine)
    page.get_by_test_id("end-session").click()
    expect(page.get_by_test_id("session-row")).to_have_count(1)
    expect(lost.page.get_by_test_id("login-form")).to_contain_text("登录已失效")


def test_a_role_that_wants_a_second_factor_leads_to_the_account(browser: Browser, city_settings: Settings) -> None:
    """Signed in, the page says what is missing; once it is there, the map is too."""
    strict = city_settings.model_copy(update={"second_factor_roles": ["commander"]})
    with serving(strict) as served:
        served.sign_in("commander")
        page = browser.new_context(locale="zh-CN").new_page()
        page.goto(served.url)
        page.get_by_test_id("login-name").fill("commander-all")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("asleep")).to_be_visible()
        assert violations(page) == []
        enrol(page)
        page.get_by_test_id("factor-confirm").click()
        expect(page.get_by_test_id("asleep")).to_have_count(0)
        page.get_by_test_id("codes-saved").click()
        page.get_by_test_id("back-to-map").click()
        expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")


def test_the_account_fits_a_phone(browser: Browser, served: Served) -> None:
    """390 pixels wide, nothing scrolls sideways but the tables."""
    served.sign_in("staff", "440101")
    desk = sit_down(browser, served, "staff-440101", size=(390, 844))
    page = own_account(desk)
    expect(page.get_by_test_id("session-row")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    desk.picture("account_phone")
