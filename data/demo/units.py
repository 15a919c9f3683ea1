"""Who works in the demo city's grids: one full-time worker a grid, others for micro-grids, buildings, on call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.buildings import Buildings
from data.demo.division import Ints
from data.demo.plan import Plan
from data.demo.words import masked_phones, people_names

MICRO_GRID_WORKERS = 149_000 / 126_000
"""A micro-grid; Chengdu's figure, its full-time workers among them."""

HEAD_FROM = 12
"""Households from which a building has a head."""

VOLUNTEERS = 0.6
"""A micro-grid."""


@dataclass(frozen=True, slots=True)
class Units:
    """People who answer: `grid` or `micro_grid` is −1 where they answer for the other; `building` likewise."""

    kind: list[str]
    names: list[str]
    phones: list[str]
    grid: Ints
    micro_grid: Ints
    building: Ints

    def __len__(self) -> int:
        return len(self.kind)


def make_units(plan: Plan, buildings: Buildings, seed: int) -> Units:
    """The same seed gives the same people."""
    random = np.random.default_rng([seed, 13])
    grids, cells = len(plan.grids), len(plan.micro_grids)
    second = np.flatnonzero(random.random(cells) < max(0.0, MICRO_GRID_WORKERS - 1 - grids / cells))
    helpers = np.sort(np.concatenate([np.arange(cells), second]))
    heads = np.flatnonzero(buildings.households >= HEAD_FROM)
    volunteers = np.repeat(np.arange(cells), random.poisson(VOLUNTEERS, cells))
    counts = (grids, len(helpers), len(heads), len(volunteers))
    total = sum(counts)
    kinds = ("grid_worker", "micro_grid_worker", "building_head", "volunteer")
    none = -1
    return Units(
        [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)],
        people_names(total, random),
        masked_phones(total, random),
        np.concatenate([np.arange(grids), np.full(total - grids, none)]),
        np.concatenate([np.full(grids, none), helpers, buildings.micro_grid[heads], volunteers]),
        np.concatenate([np.full(grids + len(helpers), none), heads, np.full(len(volunteers), none)]),
    )
