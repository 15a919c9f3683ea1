"""The base map in a real browser: beneath the borders, in both themes, and off when it is not wanted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

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


def test_borders_are_there_without_the_ground(browser: Browser, served: Served) -> None:
    """Ground that fails is said; borders are drawn and clicked all the same, and asking again brings the ground."""
    in_context(served.settings, add_ground)
    served.sign_in("commander")
    desk = sit_down(browser, served, "commander-all")
    desk.page.route("**/api/tiles/ground/**", lambda route: route.fulfill(status=504))
    desk.open("/map#14/23.0200/113.0200")
    problem = desk.page.get_by_test_id("map-problem")
    expect(problem).to_be_visible()
    without = colours(desk)
    assert len(set(without)) == 1
    assert without[0][3] == 255
    desk.click_at(*at(1.7, 0.7))
    expect(desk.page.get_by_test_id("region-card")).to_have_attribute("data-code", "440101001003")
    desk.page.unroute("**/api/tiles/ground/**")
    problem.get_by_role("button").click()
    desk.ready()
    expect(problem).to_have_count(0)
    assert len(set(colours(desk))) == 4


def test_no_layer_stays_when_the_base_map_is_switched_quickly(browser: Browser, served: Served) -> None:
    """The last of three layers is there first: then it is alone, and the others, still on their way, are gone."""
    served.sign_in("commander")
    desk = sit_down(browser, served, "commander-all")
    layers = desk.page.locator(".map-tiles")
    slow: list[Route] = []
    is_slow = True
    desk.page.route("**/api/tiles/**", lambda route: slow.append(route) if is_slow else route.continue_())
    for count in (2, 3):
        desk.page.get_by_test_id("layer-base").click()
        expect(layers).to_have_count(count)
    tiles = layers.last.locator("canvas").count()
    for _ in range(100):
        if len(slow) < 3 * tiles:  # of borders twice, of the ground once
            desk.page.wait_for_timeout(50)
    assert len(slow) == 3 * tiles > 0
    expect(desk.page.get_by_test_id("map")).to_have_attribute("data-ready", "false")
    is_slow = False
    desk.page.get_by_test_id("layer-base").click()
    expect(layers).to_have_count(1)
    desk.ready()
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
