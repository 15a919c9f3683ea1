"""What of the ground is drawn and named at which zoom."""

from __future__ import annotations

import pytest

from layers.catalog import ALL_LAND_FROM, AREA_NAMES_FROM, WAY_NAMES_FROM, WAYS_FROM, ground_layer
from layers.tiles import MAX_ZOOM

KINDS = ("expressway", "trunk", "secondary", "street", "lane")


@pytest.mark.parametrize(("zoom", "ways"), [(0, 2), (11, 2), (12, 3), (13, 3), (14, 4), (15, 5), (18, 5)])
def test_ways_appear_from_the_widest_down(zoom: int, ways: int) -> None:
    """Expressways and trunk roads from afar, lanes only close by."""
    assert ground_layer(zoom).ways == KINDS[:ways]


def test_what_is_shown_at_a_zoom_is_shown_at_every_closer_one() -> None:
    """Nothing disappears on coming nearer."""
    for zoom in range(MAX_ZOOM):
        far, near = ground_layer(zoom), ground_layer(zoom + 1)
        assert set(far.ways) <= set(near.ways)
        assert set(far.walled) <= set(near.walled)
        assert set(far.named_ways) <= set(near.named_ways)
        assert set(far.named_areas) <= set(near.named_areas)
        assert (far.land is None, far.buildings, far.named_buildings) <= (
            near.land is None,
            near.buildings,
            near.named_buildings,
        )


def test_nothing_is_named_that_is_not_drawn() -> None:
    """A way's name comes with the way or later, an area's when all land is drawn or later, a number with its building."""
    for zoom in range(MAX_ZOOM + 1):
        layer = ground_layer(zoom)
        assert set(layer.named_ways) <= set(layer.ways)
        assert layer.land is None or not layer.named_areas
        assert layer.buildings or not layer.named_buildings
    assert set(WAY_NAMES_FROM) == set(WAYS_FROM)
    assert min(AREA_NAMES_FROM.values()) >= ALL_LAND_FROM
