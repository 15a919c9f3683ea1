"""What the land is used for: each grid's character, by how many live there and by chance."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from data.demo.division import Floats, Ints
from data.demo.plan import Plan

SQUARE_METRES_A_HECTARE = 10_000
ESTATE_FROM, SPARSE_BELOW = 38.0, 12.0
"""Households a hectare."""


class Use(IntEnum):
    """The use of land or of a building."""

    ESTATE = 0
    OLD_TOWN = 1
    VILLAGE = 2
    INDUSTRY = 3
    FARMLAND = 4
    PARK = 5
    CAMPUS = 6
    MALL = 7
    WATER = 8


def uses_of_grids(plan: Plan, seed: int) -> Ints:
    """A `Use` for each grid."""
    random = np.random.default_rng([seed, 3])
    rects = plan.grids.rects
    density = plan.field.within(rects) / areas(rects) * SQUARE_METRES_A_HECTARE
    chance = random.random(len(rects))
    found = np.where(chance < 0.62, Use.ESTATE, Use.VILLAGE)
    found = np.where(density >= ESTATE_FROM, np.where(chance < 0.86, Use.ESTATE, Use.VILLAGE), found)
    sparse = np.where(chance < 0.42, Use.INDUSTRY, np.where(chance < 0.7, Use.FARMLAND, Use.VILLAGE))
    found = np.where(density < SPARSE_BELOW, sparse, found)
    centres = (rects[:, :2] + rects[:, 2:]) / 2
    for east_km, north_km, radius_km in plan.place.old_towns:
        away = np.hypot(centres[:, 0] - east_km * 1000, centres[:, 1] - north_km * 1000)
        found = np.where(away < radius_km * 1000 * 0.9, Use.OLD_TOWN, found)
    dense = density > 15
    special = np.where(
        dense,
        np.where(chance < 0.35, Use.MALL, np.where(chance < 0.65, Use.CAMPUS, Use.PARK)),
        np.where(chance < 0.3, Use.CAMPUS, Use.PARK),
    )
    found = np.where(plan.special == 1, special, found)
    return np.where(plan.special == 2, Use.WATER, found).astype(np.int64)


def areas(rects: Ints) -> Floats:
    """Square metres."""
    return np.asarray(np.prod((rects[:, 2:] - rects[:, :2]).astype(np.float64), axis=1))
