"""Folium documents to sign and to hand out: one file, nothing loaded from outside, the same input the same bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources

import folium
import numpy as np
import shapely
from branca.element import Element, MacroElement
from folium.template import Template

from data.errors import Language, Unready, message
from layers.coverage import CoverageFault, CoverageReport, FaultKind, RegionLayer, simplify_coverage
from layers.crs import Geometries
from layers.geometry import repair_polygons

MOST_REGIONS = 6_000
MOST_FAULTS = 2_000
MOST_ROWS = 500
MOST_VERTICES = 150_000

# Colours that stay apart for colour-blind eyes (Okabe and Ito 2008); the shape says the same once more.
_SIGNS: dict[FaultKind, tuple[str, str]] = {
    "overlap": ("#d55e00", "M-5-5H5V5H-5Z"),
    "gap": ("#0072b2", "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z"),
    "protrusion": ("#009e73", "M0-6L6 5H-6Z"),
    "orphan": ("#000000", "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z"),
    "invalid_ring": ("#cc79a7", "M0-7L7 0L0 7L-7 0Z"),
}
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: #1a1a1a; background: #fff }
h1, p, ul, table { margin: .5rem 1rem } ul { padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem }
li { list-style: none } svg { vertical-align: -3px } .leaflet-container { background: #f6f6f4 }
table { border-collapse: collapse } th, td { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid #ddd } td.number { text-align: right; font-variant-numeric: tabular-nums }
"""


def coverage_page(title: str, layers: Sequence[RegionLayer], report: CoverageReport, language: Language) -> str:
    """An HTML document with the borders of `layers` (EPSG:4326, top tier first), the faults of `report`, and a table.

    Self-contained: Leaflet is written into it, there is no base map, and its content policy forbids every request.
    Borders are simplified for size, each tier as a coverage, and drawn with 6 decimals; faults are drawn as they are.
    Of a large nest (more than MOST_REGIONS) only the upper tiers are drawn whole and below them the faulty regions; of
    many faults the largest MOST_FAULTS are drawn and MOST_ROWS listed. The page states each of these limits.

    Raises Unready("assets.missing") before the console's build has put Leaflet into `layers/assets`.
    """
    script, style = _asset("leaflet.js"), _asset("leaflet.css")
    faults = sorted(report.faults, key=lambda fault: (-fault.area_m2, fault.tier, fault.codes))
    whole = _drawn_whole(layers)
    page = folium.Map(tiles=None, height="65%", control_scale=True, prefer_canvas=True, attribution_control=False)
    page.default_js, page.default_css = [], []

    figure = page.get_root()
    figure.title = escape(title)
    figure.header.add_child(_text(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'), index=0)
    figure.header.add_child(_text(f"<script>{script}</script><style>{style}{_STYLE}</style>"))
    figure.html.add_child(_text("".join(_introduction(title, layers, whole, report, language))))
    page.add_child(_after_map("".join(_table(faults, language))))

    tolerance = 0.0
    for depth, layer in enumerate(layers[:whole]):
        geoms, tolerance = _slim(layer.geoms, MOST_VERTICES // whole)
        _draw_borders(page, layer.codes, geoms, weight=max(3 - depth, 1))
    for layer in layers[whole:]:
        faulty = _faulty_regions(layer, faults[:MOST_FAULTS], MOST_VERTICES // len(layers))
        _draw_borders(page, [layer.codes[i] for i in faulty], np.round_coordinates(layer.geoms[faulty]), weight=1)
    for kind in _SIGNS:
        _draw_faults(page, kind, [fault for fault in faults[:MOST_FAULTS] if fault.kind == kind], language)
    return ""
