"""The land: bends the straight plan, so that roads and borders wind as they do where rivers and villages came first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.division import Floats, Ints
from data.demo.places import Place

METRES_A_DEGREE = 111_195.0
"""Of a great circle on a sphere of 6,371.0 km: good enough to invent land by."""

STEP_DEG = 1e-7
"""Every vertex lies on this lattice, so that neighbours share it to the last bit."""

WAVES = ((14_000, 0.022), (9_000, 0.022), (5_600, 0.02), (3_400, 0.018), (2_100, 0.014), (1_200, 0.01), (640, 0.007))
"""Wavelength in metres, and how far each wave swings as a part of it: the land never folds (`tests/data`)."""

TURN = 0.32
"""Radians by which the streets of a quarter may be turned."""

LANE_WAVES = ((260, 0.016), (150, 0.013))
"""The same in old towns, where lanes are older than maps."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """One city's land; the same seed gives the same."""

    centre: tuple[float, float]
    waves: Floats
    """(n, 5): wave vector east and north (radians a metre), phase, swing east and north (metres)."""

    turns: Floats
    """(n, 4): where streets are turned, by how much (radians), within which reach (metres)."""

    old_towns: Floats
    """(n, 3): where, and their radius (metres)."""

    lanes: Floats
    """Like waves; they fade with the distance from an old town."""

    def lonlat(self, points: Ints | Floats) -> Floats:
        """EPSG:4326 of points of the plan (n, 2), on the lattice of STEP_DEG."""
        found = np.empty((len(points), 2))
        for start in range(0, len(points), 200_000):
            here = np.asarray(points[start : start + 200_000], dtype=np.float64)
            found[start : start + 200_000] = self._lonlat(here)
        return found

    def _lonlat(self, points: Floats) -> Floats:
        bent = points + _swing(points, self.waves)
        for x, y, angle, reach in self.turns.tolist():
            away = points - (x, y)
            fading = np.exp(-(away**2).sum(axis=1) / (2 * reach**2))
            bent += (angle * fading)[:, None] * np.column_stack([-away[:, 1], away[:, 0]])
        if len(self.old_towns):
            depth = np.zeros(len(points))
            for x, y, radius in self.old_towns.tolist():
                depth += np.exp(-((np.hypot(points[:, 0] - x, points[:, 1] - y) / radius) ** 4))
            near = depth > 0.01
            bent[near] += depth[near, None] * _swing(points[near], self.lanes)
        lon, lat = self.centre
        scale = (METRES_A_DEGREE * np.cos(np.radians(lat)), METRES_A_DEGREE)
        # Whole steps divided, not multiplied: the quotient is the nearest double to the decimal.
        return np.asarray(np.rint((bent / scale + (lon, lat)) / STEP_DEG) / round(1 / STEP_DEG))


def _swing(points: Floats, waves: Floats) -> Floats:
    found = np.zeros_like(points)
    for east, north, phase, swing_east, swing_north in waves.tolist():
        wave = np.sin(points[:, 0] * east + points[:, 1] * north + phase)
        found[:, 0] += swing_east * wave
        found[:, 1] += swing_north * wave
    return found


def make_terrain(place: Place, seed: int) -> Terrain:
    """The land of a city."""
    random = np.random.default_rng([seed, 2])
    turns = []
    for seat in place.seats:
        reach = np.sqrt(seat.area_km2) * 1000 * 0.3
        turns.append((seat.x_km * 1000, seat.y_km * 1000, random.uniform(-TURN, TURN), reach))
    old = np.array(place.old_towns, dtype=np.float64).reshape(-1, 3) * 1000
    return Terrain(place.centre, _waves(WAVES, random), np.array(turns), old, _waves(LANE_WAVES, random))


def _waves(kinds: tuple[tuple[int, float], ...], random: np.random.Generator) -> Floats:
    found = []
    for length, part in kinds:
        for _ in range(2):
            direction, phase = random.uniform(0, 2 * np.pi, 2)
            vector = 2 * np.pi / length * np.array([np.cos(direction), np.sin(direction)])
            swing = length * part * np.array([-np.sin(direction), np.cos(direction)])
            found.append([*vector, phase, *swing])
    return np.array(found)
