"""The base map in a real browser: beneath the borders, in both themes, and off when it is not wanted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Desk, sit_down
from tests.serving import Served, in_context
from tests.worlds import add_ground, at

WATER, PARK, PLAIN = at(2.2, 1.3), at(1.3, 0.4), at(3.5, 3.2)
ROAD = at(3, 2)
"""On a secondary road, where no border follows it."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_base_map_is_drawn_and_can_be_switched_off(browser: Browser, served: Served, theme: str) -> None:
    """Water, park, road and plain land look different; switched off they do not, and stay so until switched on."""
    in_context(served.settings, add_ground)
    served.sign_in("commander")
    desk = sit_down(browser, served, "commander-all", theme=theme)
    desk.open("/map#14/23.0200/113.0200")
    shown = colours(desk)
    assert len(set(shown)) == 4
    desk.picture(f"base_map_{theme}")
    switched(desk, "false")
    assert len(set(colours(desk))) == 1
    switched(desk, "true")
    assert colours(desk) == shown
    assert desk.faults == []


def switched(desk: Desk, shown: str) -> None:
    """Clicks the switch in the layers panel, and opens the page anew."""
    desk.page.get_by_test_id("layer-base").click()
    expect(desk.page.get_by_test_id("map")).to_have_attribute("data-base-map", shown)
    desk.open("/map#14/23.0200/113.0200")
    expect(desk.page.get_by_test_id("map")).to_have_attribute("data-base-map", shown)


def colours(desk: Desk) -> list[tuple[int, ...]]:
    """What the tiles show at each place, without the names above them."""
    return [tuple(desk.page.evaluate(COLOUR, desk.position(*place))) for place in (WATER, PARK, PLAIN, ROAD)]


COLOUR = """([x, y]) => {
    const holds = ({ left, top, right, bottom }) => left <= x && x < right && top <= y && y < bottom
    const tile = [...document.querySelectorAll('.map-tiles canvas')].find((one) => holds(one.getBoundingClientRect()))
    const { left, top, width, height } = tile.getBoundingClientRect()
    const copy = new OffscreenCanvas(width, height).getContext('2d')
    copy.drawImage(tile, 0, 0, width, height)
    return [...copy.getImageData(Math.floor(x - left), Math.floor(y - top), 1, 1).data]
}"""
