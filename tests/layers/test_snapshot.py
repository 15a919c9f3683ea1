"""The page of faults: one file that asks nobody for anything, says what it leaves out, and opens."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import shapely
from playwright.sync_api import sync_playwright

from data.errors import Language, Unready, message
from layers import snapshot
from layers.coverage import CoverageFault, CoverageReport, RegionLayer, check_coverage
from layers.snapshot import coverage_page

ALLOWED = {"http://www.w3.org/2000/svg", "https://leafletjs.com"}  # a namespace; the attribution's text in Leaflet


class Page(HTMLParser):
    """What a document shows and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: Counter[str] = Counter()
        self.said: list[str] = []
        self.language: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.fetched += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag == "html":
            self.language = dict(attrs).get("lang")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def faulty_nest(rows: int = 3) -> list[RegionLayer]:
    """A square district of blocks, of which one is missing, one too wide, one an orphan and one a bow tie."""
    side = 0.01
    blocks = [shapely.box(113 + i * side, 23 + j * side, 113 + (i + 1) * side, 23 + (j + 1) * side)
              for j in range(rows) for i in range(rows)]  # fmt: skip
    x, y = shapely.get_coordinates(shapely.centroid(blocks[-1]))[0]
    bow = shapely.Polygon(
        [(x - 0.005, y - 0.005), (x + 0.005, y - 0.005), (x - 0.005, y + 0.005), (x + 0.005, y + 0.005)]
    )
    children = [shapely.box(113, 23, 113.0101, 23.01), *blocks[1:4], *blocks[5:-1], bow]
    parents = np.zeros(len(children), dtype=np.intp)
    parents[1] = -1
    codes = [f"440604{i:06}" for i in range(len(children))]
    return [
        RegionLayer("subdistrict", ["440604"], np.array([-1]), np.array([shapely.union_all(blocks)])),
        RegionLayer("community", codes, parents, np.array(children)),
    ]


@pytest.fixture(autouse=True)
def _leaflet() -> None:
    if not (resources.files("layers") / "assets" / "leaflet.js").is_file():
        pytest.skip("layers/assets is not built: make run builds it")


def page_of(layers: list[RegionLayer], language: Language = "en", title: str = "Chancheng") -> str:
    return coverage_page(title, layers, check_coverage(layers), language)


def test_nothing_is_loaded_from_outside() -> None:
    text = page_of(faulty_nest())
    assert set(re.findall(r"https?://[\w./]*\w", text)) <= ALLOWED
    assert Page(text).fetched == []
    assert re.findall(r"url\((?!#default)", text) == []
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert "sourceMappingURL" not in text


def test_every_kind_has_its_sign_its_count_and_its_row() -> None:
    layers = faulty_nest()
    report = check_coverage(layers)
    assert {fault.kind for fault in report.faults} == {"overlap", "gap", "protrusion", "orphan", "invalid_ring"} - {
        "protrusion"
    }
    text = coverage_page("Chancheng", layers, report, "en")
    page = Page(text)
    legend, _, table = text.partition('class="folium-map"')
    for kind, (colour, shape) in snapshot._SIGNS.items():
        count = sum(fault.kind == kind for fault in report.faults)
        assert f"{message(f'snapshot.{kind}', 'en')}: {count}<" in legend
        assert colour in legend
        assert shape in legend
    assert page.tags["tr"] == 1 + len(report.faults)
    assert all(code in table for fault in report.faults for code in fault.codes)


@pytest.mark.parametrize(("language", "word"), [("zh", "重叠"), ("en", "overlap")])
def test_the_page_speaks_the_reader_s_language(language: Language, word: str) -> None:
    text = page_of(faulty_nest(), language)
    page = Page(text)
    assert page.language == language
    assert any(word in said for said in page.said)
    assert all(any(message(f"snapshot.{kind}", language) in said for said in page.said) for kind in snapshot._SIGNS)
    assert any(re.search("[一-鿿]", said) for said in page.said) == (language == "zh")


def test_a_sound_nest_gets_a_page_that_says_so_and_has_no_table() -> None:
    square = RegionLayer("city", ["440600"], np.array([-1]), np.array([shapely.box(113, 23, 114, 24)]))
    page = Page(page_of([square]))
    assert page.tags["table"] == 0
    assert any("no gap, no overlap" in said for said in page.said)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert page_of(faulty_nest()) == page_of(faulty_nest())


def test_titles_and_codes_are_text_never_html_or_template() -> None:
    layers = faulty_nest()
    evil = "<img src=x onerror=alert(1)>{{ 7*7 }}{% endraw %}</script>"
    named = RegionLayer("community", [evil, *layers[1].codes[1:]], layers[1].parents, layers[1].geoms)
    text = page_of([layers[0], named], title=evil)
    assert "<img" not in text
    assert "{{" not in text.partition('class="folium-map"')[2]
    assert Page(text).tags["script"] == Page(page_of(layers)).tags["script"]
    assert sum(evil in said for said in Page(text).said) >= 3  # title, heading, table


def test_a_large_nest_shows_its_upper_tiers_and_the_faulty_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = faulty_nest(rows=6)
    monkeypatch.setattr(snapshot, "MOST_REGIONS", 5)
    text = page_of(layers)
    drawn = set(re.findall(r'"said": "(\d+)"', text))
    faulty = {code for fault in check_coverage(layers).faults for code in fault.codes}
    assert drawn == faulty
    assert len(faulty) < len(layers[1].codes)
    assert any("only regions with faults are drawn: community" in said for said in Page(text).said)


def test_many_faults_are_capped_by_kind_the_largest_kept_and_the_count_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MOST_ROWS", 10)
    monkeypatch.setattr(snapshot, "MOST_MARKS", 20)
    spots = [shapely.Point(113 + i / 1000, 23).buffer(1e-4) for i in range(50)]
    gaps = [
        CoverageFault("gap", "grid", (f"g{i:02}",), float(i + 1), 113 + i / 1000, 23.0, spot)
        for i, spot in enumerate(spots)
    ]
    overlap = CoverageFault("overlap", "grid", ("a", "b"), 0.02, 113.0, 23.0, spots[0])
    page = Page(coverage_page("", [], CoverageReport([*gaps, overlap], Counter({("grid", "gap"): 7})), "en"))
    rows = [said for said in page.said if re.fullmatch(r"g\d\d|a, b", said)]
    assert rows == ["a, b", *(f"g{i}" for i in range(49, 39, -1))]
    said = " ".join(page.said)
    assert "11 of 51 faults" in said
    assert "Of each kind the map shows the largest 20" in said
    assert "7 more are too small" in said


def test_borders_are_drawn_slim_and_as_one_edge() -> None:
    shore = [(113 + np.cos(t) / 50, 23 + np.sin(t) / 50) for t in np.linspace(0, np.pi, 20_000)]
    north, south = shapely.Polygon(shore), shapely.Polygon([(x, 46 - y) for x, y in shore])
    layer = RegionLayer("city", ["n", "s"], np.full(2, -1), np.array([north, south]))
    text = page_of([layer])
    found = re.search(r"_add\((\{.*\})\);", text)
    assert found is not None
    drawn = np.array(
        [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in json.loads(found[1])["features"]]
    )
    assert shapely.get_num_coordinates(drawn).sum() < 5_000
    assert shapely.coverage_is_valid(drawn)
    assert shapely.area(drawn).sum() == pytest.approx(shapely.area([north, south]).sum(), rel=0.01)


def test_without_the_built_assets_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot.resources, "files", lambda package: tmp_path)
    with pytest.raises(Unready) as refused:
        coverage_page("", [], CoverageReport([], Counter()), "zh")
    monkeypatch.undo()
    assert "layers/assets/leaflet.js" in refused.value.said("zh")


def test_it_opens_in_a_browser_draws_everything_and_asks_for_nothing(tmp_path: Path) -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        pytest.skip("no Chromium on this machine")
    layers = faulty_nest()
    report = check_coverage(layers)
    file = tmp_path / "page.html"
    file.write_text(coverage_page("禅城", layers, report, "zh"), "utf-8")
    asked: list[str] = []
    troubles: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda line: troubles.append(line.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector(".leaflet-marker-icon svg")
        markers = page.locator(".leaflet-marker-icon").count()
        page.locator(".leaflet-marker-icon").first.hover()
        tip = page.locator(".leaflet-tooltip").inner_text()
        browser.close()
    assert asked == [file.as_uri()]
    assert troubles == []
    assert markers == len(report.faults)
    assert "m²" in tip
