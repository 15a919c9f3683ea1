"""Loading the demo cities whole: seconds, memory, and what they take on disk."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.form import Result, peak_mb, seconds
from bench.installations import installation
from brain import demo
from brain.context import open_context
from brain.settings import Settings
from data.demo.places import read_place

CITIES = ("chancheng", "shunde", "chengdu")
"""From small to large, so that the peak of memory is each one's own."""


def load(quick: bool) -> list[Result]:
    """Demo cities with a year of history, into a new installation; quick: Chancheng only."""
    return [result for city in CITIES[: 1 if quick else None] for result in measure(city)]


def measure(city: str) -> list[Result]:
    """Of one city."""
    print(f"{city}: loading", file=sys.stderr)
    regions = read_place(city).micro_grids
    with installation("demo") as settings:
        taken = seconds(lambda: asyncio.run(_load(settings, city)))
        cluster = settings.cluster
        assert cluster is not None
        size = sum(file.stat().st_size for file in Path(cluster.directory).rglob("*") if file.is_file())
    return [
        Result("demo.load_s", taken, "s", regions),
        Result("demo.peak_mb", peak_mb(), "MB", regions),
        Result("demo.disk_mb", size / 1e6, "MB", regions),
    ]


async def _load(settings: Settings, city: str) -> None:
    async with open_context(settings) as context:
        await demo.load(context, demo.Demo(city), lambda *_: None)
