"""The form of a benchmark: what it answers with, and how runs of ours and of a peer are paired."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"
"""Where large inputs are kept once they are made."""

RUNS = 5
RUNS_QUICK = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `ratio` > 1 means better than the peer, whatever the unit.

    Without a peer the peer's fields are None. A peer by name without a `peer_value` is one that is not installed here.
    """

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
"""Takes `quick`: fewer runs, and fewer or smaller inputs."""


def in_turn(ours: Callable[[], object], peer: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median seconds of ours and of the peer, run alternately after one warm-up each: the machine's drift hits both."""
    ours(), peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for place, work in enumerate((ours, peer)):
            times[place].append(seconds(work))
    return statistics.median(times[0]), statistics.median(times[1])


def seconds(work: Callable[[], object]) -> float:
    """How long one run takes on the wall's clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """The most memory that this process ever held, in MB of 10^6 bytes.

    Not `ru_maxrss`: of a process that was spawned, that begins with its parent's.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("/proc/self/status has no VmHWM")
