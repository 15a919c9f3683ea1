"""Folium documents to sign and to hand out: one file, nothing loaded from outside, the same input the same bytes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from itertools import count
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from data.errors import Language, Unready, message
from layers.coverage import CoverageFault, CoverageReport, FaultKind, RegionLayer, simplify_coverage
from layers.crs import Geometries
from layers.geometry import repair_polygons

MOST_REGIONS = 6_000
MOST_MARKS = 1_000
MOST_ROWS = 200
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
    each kind of fault the largest MOST_MARKS are drawn and MOST_ROWS listed. The page states the limits that it meets.

    Raises Unready("assets.missing") before the console's build has put Leaflet into `layers/assets`.
    """
    script, style = _asset("leaflet.js"), _asset("leaflet.css")
    marked = _largest(report.faults, MOST_MARKS)
    whole = _drawn_whole(layers)
    page = folium.Map(tiles=None, height="65%", control_scale=True, prefer_canvas=True, attribution_control=False)
    page.default_js, page.default_css = [], []

    figure = Figure(title=_plain(title))
    figure.add_child(page)
    figure.header.add_child(_text(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'), index=0)
    figure.header.add_child(_text(f"<script>{script}</script><style>{style}{_STYLE}</style>"))
    figure.html.add_child(_text("".join(_introduction(title, layers, whole, report, language))))
    page.add_child(_after_map("".join(_table(report.faults, language))))

    for depth, layer in enumerate(layers):
        if depth < whole and len(layer.codes):
            _draw_borders(page, layer.codes, _slim(layer.geoms, MOST_VERTICES // whole), 2 if depth == 0 else 1)
        else:
            _draw_borders(page, *_concerned(layer, marked, MOST_VERTICES // len(layers)), 1)
    for kind in _SIGNS:
        _draw_faults(page, kind, [fault for fault in marked if fault.kind == kind], language)
    shapes = [geom for layer in layers[:1] for geom in layer.geoms] or [fault.geom for fault in marked]
    if shapes:
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        page.fit_bounds([[south, west], [north, east]])
    _number(page, count())
    return str(figure.render()).replace("<html>", f'<html lang="{language}">', 1)


def _asset(name: str) -> str:
    file = resources.files("layers") / "assets" / name
    if not file.is_file():
        raise Unready("assets.missing", file=f"layers/assets/{name}")
    text = file.read_text("utf-8")
    if name.endswith(".js"):
        return text.partition("//# sourceMappingURL")[0]
    return re.sub(r"/\*.*?\*/|[\w-]+:\s*url\([^)]*\);?", "", text, flags=re.DOTALL)


def _text(html: str) -> Element:
    return Element(_literal(html))


def _after_map(html: str) -> MacroElement:
    element = MacroElement()  # type: ignore[no-untyped-call]
    element._template = Template(f"{{% macro html(this, kwargs) %}}{_literal(html)}{{% endmacro %}}")
    return element


def _plain(text: str) -> str:
    """Somebody else's text as HTML: no markup, and no braces, for branca reads what it rendered as a template again."""
    return escape(text).replace("{", "&#123;")


def _literal(html: str) -> str:
    """Our own HTML as a Jinja string: branca takes all it is given for a template, and scripts are full of braces."""
    return f"{{{{ {json.dumps(html)} }}}}"


def _number(element: Element, numbers: Iterator[int]) -> None:
    """Names in order for an element and all in it: folium's are random, and no two documents would be the same."""
    element._id = str(next(numbers))
    for child in element._children.values():
        _number(child, numbers)


def _largest(faults: Sequence[CoverageFault], most: int) -> list[CoverageFault]:
    """Of each kind the largest, in the order of the legend: the many of one kind never hide the few of another."""
    by_size = sorted(faults, key=lambda fault: (-fault.area_m2, fault.tier, fault.codes))
    return [fault for kind in _SIGNS for fault in [fault for fault in by_size if fault.kind == kind][:most]]


def _drawn_whole(layers: Sequence[RegionLayer]) -> int:
    """How many of the upper tiers are drawn whole: as many as fit into MOST_REGIONS."""
    return int(np.searchsorted(np.cumsum([len(layer.codes) for layer in layers]), MOST_REGIONS, side="right"))


def _slim(geoms: Geometries, most_vertices: int) -> Geometries:
    """Valid shapes with so few vertices that they fit in: simplified by a pixel of a large screen, then by two."""
    slim, _ = repair_polygons(geoms)
    west, south, east, north = shapely.total_bounds(slim)
    tolerance = max(east - west, north - south) / 4000
    slim = simplify_coverage(slim, tolerance)
    while shapely.get_num_coordinates(slim).sum() > most_vertices and tolerance < 360:
        tolerance *= 2
        slim = simplify_coverage(slim, tolerance)
    return slim


def _concerned(layer: RegionLayer, faults: Sequence[CoverageFault], most_vertices: int) -> tuple[list[str], Geometries]:
    """The regions that the faults name, the most important first, as many as fit in."""
    place = {code: i for i, code in enumerate(layer.codes)}
    named = dict.fromkeys(code for fault in faults for code in fault.codes if code in place)
    indices = np.array([place[code] for code in named], dtype=np.intp)
    fitting = indices[np.cumsum(shapely.get_num_coordinates(layer.geoms[indices])) <= most_vertices]
    return [layer.codes[i] for i in fitting.tolist()], layer.geoms[fitting]


def _features(geoms: Geometries, said: Iterable[str]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": {"said": _plain(text)}, "geometry": json.loads(shape)}
        for shape, text in zip(shapely.to_geojson(geoms).tolist(), said, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _tooltip() -> folium.GeoJsonTooltip:
    return folium.GeoJsonTooltip(["said"], labels=False)


def _draw_borders(page: folium.Map, codes: Sequence[str], geoms: Geometries, weight: int) -> None:
    if len(geoms) == 0:
        return
    rounded = shapely.transform(geoms, lambda at: np.round(at, 6))
    style = {"color": "#5f6b76", "weight": weight, "fillOpacity": 0.04}
    folium.GeoJson(_features(rounded, codes), style_function=lambda _: style, tooltip=_tooltip()).add_to(page)


def _draw_faults(page: folium.Map, kind: FaultKind, faults: Sequence[CoverageFault], language: Language) -> None:
    if not faults:
        return
    said = [f"{_kind(kind, language)} · {', '.join(fault.codes)} · {_area(fault.area_m2)} m²" for fault in faults]
    if kind not in ("orphan", "invalid_ring"):
        shapes = np.array([fault.geom for fault in faults], dtype=np.object_)
        style = {"color": _SIGNS[kind][0], "weight": 1, "fillOpacity": 0.5}
        folium.GeoJson(_features(shapes, said), style_function=lambda _: style, tooltip=_tooltip()).add_to(page)
    points = np.array([shapely.Point(fault.lon, fault.lat) for fault in faults], dtype=np.object_)
    icon = folium.DivIcon(html=_sign(kind), icon_size=(16, 16), icon_anchor=(8, 8))
    folium.GeoJson(
        _features(points, said), marker=folium.Marker(icon=icon), style_function=lambda _: {}, tooltip=_tooltip()
    ).add_to(page)


def _sign(kind: FaultKind) -> str:
    colour, path = _SIGNS[kind]
    shape = f'<path d="{path}" fill="{colour}" stroke="#fff"/>'
    return f'<svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">{shape}</svg>'


def _kind(kind: FaultKind, language: Language) -> str:
    return message(f"snapshot.{kind}", language)


def _area(square_metres: float) -> str:
    return f"{square_metres:,.2f}" if square_metres < 1000 else f"{square_metres:,.0f}"


def _introduction(
    title: str, layers: Sequence[RegionLayer], whole: int, report: CoverageReport, language: Language
) -> Iterator[str]:
    counts = Counter(fault.kind for fault in report.faults)
    yield f"<h1>{_plain(title)}</h1><ul>"
    for kind in _SIGNS:
        yield f"<li>{_sign(kind)} {_kind(kind, language)}: {counts[kind]:,}</li>"
    yield "</ul><p>"
    yield message("snapshot.faults" if report.faults else "snapshot.faultless", language).format(
        count=f"{len(report.faults):,}", regions=f"{sum(len(layer.codes) for layer in layers):,}"
    )
    if dust := report.dust.total():
        yield " " + message("snapshot.dust", language).format(count=f"{dust:,}")
    if whole < len(layers):
        yield " " + message("snapshot.part", language).format(
            tiers=_plain(", ".join(layer.tier for layer in layers[whole:]))
        )
    if max(counts.values(), default=0) > MOST_MARKS:
        yield " " + message("snapshot.drawn", language).format(count=f"{MOST_MARKS:,}")
    yield " " + message("snapshot.simplified", language) + "</p>"


def _table(faults: Sequence[CoverageFault], language: Language) -> Iterator[str]:
    if not faults:
        return
    rows = _largest(faults, MOST_ROWS)
    listed = message("snapshot.listed", language).format(shown=f"{len(rows):,}", count=f"{len(faults):,}")
    yield f"<p>{listed}</p><table><thead><tr>"
    for column in ("kind", "tier", "codes", "area", "place"):
        yield f'<th scope="col">{message(f"snapshot.column.{column}", language)}</th>'
    yield "</tr></thead><tbody>"
    for fault in rows:
        yield f"<tr><td>{_sign(fault.kind)} {_kind(fault.kind, language)}</td><td>{_plain(fault.tier)}</td>"
        yield f"<td>{_plain(', '.join(fault.codes))}</td>"
        yield f'<td class="number">{_area(fault.area_m2)}</td>'
        yield f'<td class="number">{fault.lon:.7f}, {fault.lat:.7f}</td></tr>'
    yield "</tbody></table>"
