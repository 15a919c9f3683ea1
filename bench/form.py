"""The form of a benchmark: what it answers with, and how runs of ours and of a peer are paired."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"
"""Where large synthetic inputs are kept once they are made."""

RUNS = 5
RUNS_QUICK = 3


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `ratio` > 1 means better than the peer; without a peer, peer fields are None."""

    id: str
    value: float
    unit: str
    regions: int | None = None
    points: int | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    runs: int = 1


Benchmark = Callable[[bool], list[Result]]
"""Takes `quick`: the same sizes, fewer runs."""


def in_turn(ours: Callable[[], object], peer: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median seconds of ours and of the peer, run alternately after one warm-up each: the machine's drift hits both."""
    ours(), peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for place, work in enumerate((ours, peer)):
            start = time.perf_counter()
            work()
            times[place].append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])
