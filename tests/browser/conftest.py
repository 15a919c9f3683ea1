"""A real Chromium in front of a real server."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serving import Served

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PICTURES = Path(os.environ.get("CITYBRAIN_PICTURES", Path(__file__).parents[1] / ".artifacts" / "pictures"))
"""Where pictures of pages are put: `make pictures` names docs/pictures."""

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or Playwright's own where there is none.

    For a module only: while it is open a loop runs in this thread, where asynchronous tests could not run theirs.
    """
    found = next(
        (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Desk:
    """Somebody's browser, signed in, with the map ready."""

    page: Page
    served: Served
    faults: list[str]

    def open(self, address: str = "/map") -> None:
        """Goes to an address of the console and waits for its map."""
        self.page.goto("about:blank")  # or a change of the fragment alone would not load the page
        self.page.goto(self.served.url + address)
        self.ready()

    def ready(self) -> None:
        """Waits until the map is drawn."""
        expect(self.page.get_by_test_id("map")).to_have_attribute("data-ready", "true")

    def picture(self, name: str) -> Path:
        """A picture of what is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def click_at(self, lon: float, lat: float) -> None:
        """Clicks the map where a place is."""
        x, y = self.position(lon, lat)
        self.page.mouse.click(x, y)

    def position(self, lon: float, lat: float) -> tuple[float, float]:
        """Where on the page a place is drawn: the address holds zoom and centre (web mercator)."""
        zoom, centre_lat, centre_lon = (float(part) for part in self.page.url.split("#")[1].split("?")[0].split("/"))

        def plane(x: float, y: float) -> tuple[float, float]:
            size = 256 * 2**zoom
            return (x + 180) / 360 * size, (1 - math.asinh(math.tan(math.radians(y))) / math.pi) / 2 * size

        box = self.page.get_by_test_id("map").bounding_box()
        assert box is not None
        at, centre = plane(lon, lat), plane(centre_lon, centre_lat)
        return box["x"] + box["width"] / 2 + at[0] - centre[0], box["y"] + box["height"] / 2 + at[1] - centre[1]


def sit_down(
    browser: Browser,
    served: Served,
    login: str,
    *,
    password: str = "long enough",
    theme: Any = "light",
    locale: str = "zh-CN",
    size: tuple[int, int] = (1440, 860),
) -> Desk:
    """Signs in as a person does, with name and password on the log-in page."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale=locale, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on(
        "console", lambda said: faults.append(said.text) if said.type == "error" and "401" not in said.text else None
    )
    page.goto(served.url + "/")
    page.get_by_test_id("login-name").fill(login)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()
    desk = Desk(page, served, faults)
    desk.ready()
    return desk
