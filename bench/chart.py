"""A picture of `placing.bulk` from what `python -m bench placing --json` wrote: the same figures give the same file."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

_OURS, _PEER, _INK, _QUIET = "#0b6e69", "#b9c2c9", "#24313a", "#6b7780"


def draw(results: Path, picture: Path) -> None:
    """Points a second of ours and of each peer, one panel a size, on a logarithmic scale; an SVG.

    Raises ValueError where the file has no figures of `placing.bulk`.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    bulk = [row for row in json.loads(results.read_text())["results"] if row["id"] == "placing.bulk"]
    if not bulk:
        raise ValueError(f"{results} has no placing.bulk")
    sizes = sorted({row["regions"] for row in bulk})
    panels = {size: _bars([row for row in bulk if row["regions"] == size]) for size in sizes}
    rates = [rate for bars in panels.values() for _, rate in bars]

    mpl.rcParams.update({"svg.hashsalt": "placing", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure = Figure(figsize=(3.6 * len(sizes) + 1.2, 0.34 * max(map(len, panels.values())) + 1.1), layout="constrained")
    axes = figure.subplots(1, len(sizes), squeeze=False)[0]
    for axis, (size, bars) in zip(axes, panels.items(), strict=True):
        names = [name for name, _ in bars]
        axis.barh(names, [rate for _, rate in bars], color=[_PEER] * (len(bars) - 1) + [_OURS], height=0.62)
        for at, (_, rate) in enumerate(bars):
            axis.text(rate * 1.12, at, _shown(rate), va="center", fontsize=9, color=_INK)
        axis.set_xscale("log")
        axis.set_xlim(min(rates) / 3, max(rates) * 6)
        axis.set_title(f"{size:,} regions", loc="left", fontsize=10.5, color=_INK)
        axis.tick_params(length=0, labelsize=9, colors=_QUIET)
        axis.tick_params(axis="y", labelcolor=_INK)
        axis.minorticks_off()
        axis.grid(axis="x", color="#e6eaed", linewidth=0.8)
        axis.set_axisbelow(True)
        for side in ("top", "right", "left", "bottom"):
            axis.spines[side].set_visible(False)
    figure.supxlabel("points placed a second, logarithmic", fontsize=9, color=_QUIET)
    figure.savefig(picture, format="svg", metadata={"Date": None, "Creator": None})


def _bars(rows: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """From the slowest to ours, which is the median of ours in all pairs; peers that were absent have no bar."""
    peers = sorted((row["peer_value"], row["peer"]) for row in rows if row["peer_value"] is not None)
    return [(name, rate) for rate, name in peers] + [("citybrain", statistics.median(row["value"] for row in rows))]


def _shown(rate: float) -> str:
    return f"{rate / 1e6:.3g} M" if rate >= 1e6 else f"{rate / 1e3:.0f} k"
