"""Invented incidents for the demo city."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from data.demo.ground import CENTRE, HALF_WIDTH_DEG, SUBDISTRICTS

DAYS = 14
HOT_SPOTS = 18
SHARE_CLOSED = 0.72
_SOURCES = ("巡查上报", "12345热线", "市民随手拍", "视频识别")
_ROADS = ("文荣路", "永安大道", "兴华街", "德宁巷", "桂和路", "莲塘东路", "明昌路", "新涌南街")


def demo_incidents(
    categories: Sequence[tuple[str, str]], now: datetime, count: int = 900, seed: int = 1
) -> list[dict[str, Any]]:
    """Reports of the last two weeks, as fields of an incident report; `categories` are (code, name).

    Most cluster around a few spots; a few lie outside the city and stay unassigned. The same seed gives the same ones
    but for their times, which end at `now`.
    """
    random = np.random.default_rng(seed)
    spots = random.uniform(-0.7, 0.7, (HOT_SPOTS, 2))
    weights = 1 / np.arange(1, len(categories) + 1)
    chosen = random.choice(len(categories), count, p=weights / weights.sum())
    shuffled = random.permutation(len(categories))
    reports = []
    for number in range(count):
        near_spot = random.random() < 0.6
        place = spots[random.integers(HOT_SPOTS)] if near_spot else random.uniform(-0.8, 0.8, 2)
        lon, lat = place + random.normal(0, 0.07 if near_spot else 0.05, 2)
        code, name = categories[shuffled[chosen[number]]]
        age = timedelta(days=float(DAYS * random.random() ** 1.5))
        is_closed = bool(random.random() < SHARE_CLOSED and age > timedelta(hours=6))
        road = _ROADS[random.integers(len(_ROADS))]
        reports.append(
            {
                "source": _SOURCES[random.integers(len(_SOURCES))],
                "source_id": f"demo-{seed}-{number:05d}",
                "category": code,
                "title": name,
                "occurred_at": now - age,
                "reported_at": now - age,
                "closed_at": now - age + timedelta(hours=float(random.uniform(1, 6))) if is_closed else None,
                "x": round(CENTRE[0] + lon * HALF_WIDTH_DEG[0], 7),
                "y": round(CENTRE[1] + lat * HALF_WIDTH_DEG[1], 7),
                "place": f"{road}{random.integers(1, 200)}号附近",
            }
        )
    return sorted(reports, key=lambda report: report["occurred_at"])


DEMO_ACCOUNTS = (
    ("zhihui", "指挥长·演示", "commander", None),
    ("diaodu", "调度员·演示", "dispatcher", None),
    ("guihua", "网格规划员·演示", "planner", None),
    ("jiedao", f"{SUBDISTRICTS[2][1]}工作人员·演示", "staff", SUBDISTRICTS[2][0]),
    ("shequ", "社区工作人员·演示", "staff", f"{SUBDISTRICTS[2][0]}001"),
)
"""Log-in name, name, role, and the code of the region they may see (None: the whole city)."""
