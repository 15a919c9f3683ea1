"""The counter: who may come in, what it answers, how it says what is wrong."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import pytest

from brain.settings import Settings
from data.cluster import Cluster
from tests.conftest import CITY_TEMPLATE, new_database, settings_for
from tests.serving import Served, in_context, serving
from tests.worlds import at, publish_beats, small_city_cells

REPORT = {"source": "test", "source_id": "1", "taxonomy": "source", "category": "pothole"}


def a_report(column: float, row: float, **fields: Any) -> dict[str, Any]:
    """A report at a place of the small city's lattice, as JSON."""
    x, y = at(column, row)
    return {**REPORT, "x": x, "y": y, **fields}


def test_nobody_sees_anything_before_signing_in(empty: Served) -> None:
    """Every route but the door itself: 401 as a problem response, in the caller's language."""
    client = empty.client()
    document = client.get("/api/openapi.json").json()
    open_doors = {("/api/session", "post"), ("/api/session", "delete")}
    open_doors |= {("/api/invitation", "post"), ("/api/invitation/acceptance", "post")}
    closed = [(path, method) for path, methods in document["paths"].items() for method in methods]
    assert len(closed) > 12
    for path, method in set(closed) - open_doors:
        filled = re.sub(r"{(\w+)}", lambda name: "main" if name[1] == "scheme" else "1", path)
        answer = client.request(method, filled, params={"bbox": "0,0,1,1", "tier": "grid"}, json=a_report(0, 0))
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), path


def test_signing_in_and_out(served: Served) -> None:
    """A cookie that scripts cannot read; a wrong password and an unknown name sound the same."""
    client = served.sign_in("staff", "440101")
    session = client.get("/api/session").json()
    assert "see_incidents" in session["rights"]
    assert "keep_accounts" not in session["rights"]
    assert [(role["role"], role["code"], role["tier"]) for role in session["roles"]] == [
        ("staff", "440101", "district")
    ]
    answers = [
        served.client().post("/api/session", json={"login": login, "password": "wrong one"})
        for login in ("staff-440101", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    good = served.client().post("/api/session", json={"login": "staff-440101", "password": "long enough"})
    cookie = good.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.delete("/api/session").status_code == 204
    assert client.get("/api/session").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "MQ.aaaa.bbbb", "1"])
def test_a_forged_cookie_is_nobody(empty: Served, cookie: str) -> None:
    """A session of this installation, or worth nothing."""
    answer = empty.client().get("/api/city", headers={"cookie": f"citybrain_session={cookie}"})
    assert answer.status_code == 401


def test_another_installations_cookie_is_nobody(served: Served, cluster: Cluster, tmp_path: Path) -> None:
    """Which has a database of its own."""
    client = served.sign_in("staff")
    with new_database(cluster, CITY_TEMPLATE) as name, serving(settings_for(cluster, name, tmp_path)) as elsewhere:
        answer = elsewhere.client().get(
            "/api/city", headers={"cookie": f"citybrain_session={client.cookies['citybrain_session']}"}
        )
    assert answer.status_code == 401


def test_a_report_is_placed_and_found_again(served: Served) -> None:
    """201 with its region and path; 200 when the source says it again; listed, drawn, counted."""
    client = served.sign_in("dispatcher")
    answer = client.post("/api/incidents", json=a_report(1.5, 0.5, title="Pothole"))
    assert answer.status_code == 201
    made = answer.json()
    assert made["region"] == {"scheme": "main", "code": "440101001003", "name": "grid 440101001003", "tier": "grid"}
    assert [above["code"] for above in made["path"]] == ["44", "440101", "440101001", "440101001003"]
    again = client.post("/api/incidents", json=a_report(0.1, 0.1))
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert client.get(f"/api/incidents/{made['id']}").json()["events"][0]["action"] == "report"
    assert [item["id"] for item in client.get("/api/incidents").json()["items"]] == [made["id"]]
    assert client.get("/api/incidents", params={"ids": f"{made['id']},999"}).json()["items"][0]["title"] == "Pothole"
    points = client.get("/api/incidents/points", params={"bbox": "113,23,113.04,23.04"}).json()
    assert (points["ids"], points["open"], points["truncated"]) == ([made["id"]], [True], False)
    counts = client.get("/api/incidents/open-counts", params={"tier": "district", "bbox": "113,23,113.04,23.04"}).json()
    assert counts["counts"] == {"440101": 1}
    assert client.get("/api/figures/today").json() == {"open": 1, "today": 1, "unassigned": 0, "total": 1}
    assert client.get("/api/regions/main/440101").json()["incidents"] == {"open": 1, "total": 1}


def test_a_report_says_where_it_lies_in_every_scheme(served: Served) -> None:
    """Under `departments`, by the department's name; and the beat's list finds it."""
    in_context(served.settings, publish_beats)
    client = served.sign_in("dispatcher")
    made = client.post("/api/incidents", json=a_report(1.5, 0.5)).json()
    assert made["departments"] == [
        {
            "scheme": "police",
            "name": {"zh": "公安责任区", "en": "Police beats"},
            "region": {"code": "beat-1", "name": "West", "tier": "grid"},
            "edition": {"id": "2", "seq": 1},
            "on_border": True,
        }
    ]
    client.post("/api/incidents", json=a_report(1.5, 3.5, source_id="north of all beats"))
    listed = {"scheme": "police", "code": "beat-1", "name": "West", "tier": "grid"}
    for asked, found in (({"region": "beat-1"}, [listed]), ({"region": "beat-2"}, []), ({}, [listed])):
        page = client.get("/api/incidents", params={"scheme": "police", **asked}).json()
        assert [item["region"] for item in page["items"]] == found
    assert len(client.get("/api/incidents").json()["items"]) == 2
    for unknown in ({"scheme": "fire"}, {"scheme": "fire", "region": "beat-1"}, {"scheme": "police", "region": "x"}):
        assert client.get("/api/incidents", params=unknown).status_code == 404


def test_regions_are_known_to_all_and_their_content_to_few(served: Served) -> None:
    """A neighbour's name and border, not its incidents."""
    served.sign_in("dispatcher").post("/api/incidents", json=a_report(2.5, 0.5))
    staff = served.sign_in("staff", "440101")
    card = staff.get("/api/regions/main/440102").json()
    assert (card["in_scope"], card["incidents"], card["children"], card["parent"]) == (False, None, 1, "44")
    assert staff.get("/api/regions/main/440101").json()["incidents"] == {"open": 0, "total": 0}
    border = staff.get("/api/regions/main/440102001004/border").json()
    ring = border["geometry"]["coordinates"][0][0]
    expected = {tuple(point) for point in small_city_cells()["440102001004"].exterior.coords}
    assert {tuple(point) for point in ring} == expected
    children = staff.get("/api/regions/main", params={"parent": "440102001", "limit": 3}).json()
    assert ([child["code"][-1] for child in children["items"]], children["next"]) == (["1", "2", "3"], "440102001003")
    lon, lat = at(1, 1)
    covering = staff.get("/api/regions/main", params={"near": f"{lon},{lat}"}).json()["items"]
    assert [region["code"] for region in covering] == ["44", "440101", "440101001", "440101001001"]


def test_the_map_opens_where_the_person_works(served: Served) -> None:
    """Home is the extent of what they may see; each tier present says from which zoom it is drawn."""
    whole = served.sign_in("commander").get("/api/city").json()
    main = whole["schemes"][0]
    assert whole["home"] == main["bbox"] == pytest.approx([113.0, 23.0, 113.04, 23.04])
    assert [(tier["tier"], tier["count"]) for tier in main["tiers"]] == [
        ("city", 1),
        ("district", 2),
        ("community", 3),
        ("grid", 9),
    ]
    part = served.sign_in("staff", "440102001001").get("/api/city").json()
    assert part["home"] == pytest.approx([113.02, 23.0, 113.03, 23.01])


def test_region_tiles_show_the_tier_of_their_zoom_and_answer_304(served: Served) -> None:
    """Three finest tiers of the zoom, labels once, a tag that changes with the edition."""
    client = served.sign_in("staff", "440101")
    x, y = tile_of(*at(1.5, 1.5), 14)
    path = f"/api/tiles/regions/main/1/14/{x}/{y}.mvt"
    answer = client.get(path)
    tile = mapbox_vector_tile.decode(answer.content)
    assert set(tile) == {"district", "community", "grid", "labels"}
    codes = {feature["properties"]["code"] for feature in tile["grid"]["features"]}
    assert codes & set(small_city_cells())
    assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.get("/api/tiles/regions/main/1/14/0/0.mvt").status_code == 204
    low = _tile(client, "/api/tiles/regions/main/1/5/{}/{}.mvt".format(*tile_of(*at(1, 1), 5)))
    assert set(low) - {"labels"} == {"city", "district"}
    labels = [
        feature["properties"]["code"]
        for column in range(x - 2, x + 4)
        for row in range(y - 3, y + 3)
        for feature in _tile(client, f"/api/tiles/regions/main/1/14/{column}/{row}.mvt").get(
            "labels", {"features": []}
        )["features"]
        if feature["properties"]["tier"] == "grid"
    ]
    assert sorted(labels) == sorted(small_city_cells())
    for wrong in ("main/99/14/0/0", "other/1/14/0/0", "main/1/14/99999/0", "main/1/40/0/0", "main/1/3/0/-1"):
        assert client.get(f"/api/tiles/regions/{wrong}.mvt").status_code in (404, 422), wrong


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile that holds a point (OGC WebMercatorQuad)."""
    northing = math.asinh(math.tan(math.radians(lat)))
    return int((lon + 180) / 360 * 2**zoom), int((1 - northing / math.pi) / 2 * 2**zoom)


def _tile(client: httpx.Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    return mapbox_vector_tile.decode(answer.content) if answer.status_code == 200 else {}


@pytest.mark.parametrize(
    ("body", "field", "english", "chinese"),
    [
        ({"x": "east"}, "x", "Not a valid value", "值无效"),
        ({"colour": "red"}, "colour", "Unknown field", "未知字段"),
        ({"category": ""}, "category", "At least 1", "至少 1"),
        ({"x": 200}, "x", "±180", "±180"),
        ({"x": 23.005, "y": 113.005}, "axes_confirmed", "look swapped", "疑似颠倒"),
        ({"crs": "EPSG:1"}, "crs", "Unknown coordinate", "不认识坐标系"),
    ],
)
def test_a_wrong_report_is_a_problem_in_the_callers_language(
    served: Served, body: dict[str, Any], field: str, english: str, chinese: str
) -> None:
    """RFC 9457, with the field named, in Chinese unless English is asked for."""
    for language, sentence in (("en-GB,en", english), ("zh-CN", chinese), ("fr", chinese)):
        client = served.sign_in("dispatcher", language=language) if language == "en-GB,en" else served.client(language)
        if language != "en-GB,en":
            client.post("/api/session", json={"login": "dispatcher-all", "password": "long enough"})
        answer = client.post("/api/incidents", json=a_report(0.1, 0.1, **body))
        problem = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert problem["status"] == 422
        assert problem["type"].startswith("urn:citybrain:problem:")
        assert [part["field"] for part in problem["errors"]] == [field]
        assert sentence in problem["detail"] + problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/incidents/9999", 404),
        ("GET", "/api/incidents/x", 422),
        ("GET", "/api/incidents?limit=0", 422),
        ("GET", "/api/incidents?cursor=x'--", 422),
        ("GET", "/api/incidents?ids=1,;drop", 422),
        ("GET", "/api/incidents/points?bbox=1,2,3", 422),
        ("GET", "/api/incidents/points?bbox=nan,0,1,1", 422),
        ("GET", "/api/incidents/points?bbox=10,0,1,1", 422),
        ("GET", "/api/incidents/open-counts?tier=street&bbox=0,0,1,1", 422),
        ("GET", "/api/regions/main/' or 1=1", 404),
        ("GET", "/api/regions/main?near=1", 422),
        ("GET", "/api/regions/main/%00", 422),
        ("GET", "/api/categories?taxonomy=%00", 422),
        ("GET", "/%00", 422),
        ("GET", "/api/categories?taxonomy=none", 404),
        ("PUT", "/api/incidents", 405),
        ("POST", "/api/incidents", 422),
    ],
)
def test_whatever_is_wrong_is_a_4xx_problem(served: Served, method: str, path: str, status: int) -> None:
    """Never a traceback, never an empty 500."""
    answer = served.sign_in("dispatcher").request(method, path, content=b"{" if method == "POST" else None)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


def test_a_batch_takes_the_good_lines_and_names_the_bad(served: Served) -> None:
    """Twice the same batch: all known. Line numbers are the sender's, blank lines included."""
    lines = [
        json.dumps(a_report(0.1, 0.1, source_id="a")),
        "",
        "{broken",
        json.dumps(a_report(0.2, 0.1, source_id="b", x=None)),
        json.dumps(a_report(9, 9, source_id="c")),
        json.dumps(a_report(0, 0, source_id="d", x=999)),
    ]
    client = served.sign_in("dispatcher")
    headers = {"content-type": "application/x-ndjson"}
    body = client.post("/api/incidents/batch", content="\n".join(lines), headers=headers).json()
    assert (body["accepted"], body["known"], body["unassigned"], body["rejected"]) == (2, 0, 1, 3)
    assert [(fault["line"], fault.get("field")) for fault in body["faults"]] == [(3, None), (4, "x"), (6, "x")]
    again = client.post("/api/incidents/batch", content="\n".join(lines), headers=headers).json()
    assert (again["accepted"], again["known"], again["rejected"]) == (0, 2, 3)
    many = "\n".join(json.dumps(a_report(0.1, 0.1, source_id=f"m{n}")) for n in range(2500))
    assert client.post("/api/incidents/batch", content=many, headers=headers).json()["accepted"] == 2500
    assert client.post("/api/incidents/batch", content=many).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "a\0b"},
        {"attributes": {"k": "\0"}},
        {"attributes": {"\0": "v"}},
        {"title": "\ud800"},
        {"attributes": {str(n): "v" for n in range(51)}},
    ],
    ids=["title", "attribute", "attribute's name", "half a character", "too many"],
)
def test_what_no_database_can_hold_is_refused(served: Served, fields: dict[str, Any]) -> None:
    """Alone as a 422, in a batch as one rejected line among good ones."""
    client = served.sign_in("dispatcher")
    body = json.dumps(a_report(0.1, 0.1, **fields))
    assert client.post("/api/incidents", content=body, headers={"content-type": "application/json"}).status_code == 422
    lines = "\n".join([body, "[" * 60_000, json.dumps(a_report(0.1, 0.1, source_id="good"))])
    headers = {"content-type": "application/x-ndjson"}
    answer = client.post("/api/incidents/batch", content=lines, headers=headers).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    assert [fault["line"] for fault in answer["faults"]] == [1, 2]


def test_oversized_bodies_are_refused(settings: Settings) -> None:
    """Declared or streamed, a single endless line too, and from nobody in particular; a batch may be larger."""
    small = settings.model_copy(update={"body_limit": 5_000, "batch_limit": 10_000, "batch_line_limit": 2_000})
    with serving(small) as served:
        client = served.sign_in("dispatcher")
        batch = {"content-type": "application/x-ndjson"}

        def blocks(count: int, ending: bytes = b"") -> Any:
            for _ in range(count):
                yield b" " * 1_000 + ending

        answers = [
            served.client().post("/api/session", content=b"x" * 6_000),
            served.client().post("/api/session", content=blocks(50), headers={"content-type": "application/json"}),
            client.post("/api/incidents", content=blocks(50), headers={"content-type": "application/json"}),
            client.post("/api/incidents/batch", content=blocks(50, b"\n"), headers=batch),
            client.post("/api/incidents/batch", content=blocks(5), headers=batch),
        ]
        fine = client.post("/api/incidents/batch", content=blocks(8, b"\n"), headers=batch)
    assert [answer.status_code for answer in answers] == [413] * 5
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert fine.status_code == 200


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("fr", "zh"),
        ("fr, en;q=0.8", "en"),
        ("en;q=0.5, zh-CN;q=0.9", "zh"),
        ("zh;q=0, en", "en"),
        ("EN-us", "en"),
    ],
)
def test_the_callers_language_is_the_one_they_prefer(empty: Served, header: str, language: str) -> None:
    """As RFC 9110 says, 12.5.4."""
    detail = empty.client(header).get("/api/city").json()["detail"]
    assert detail == {"zh": "请先登录。", "en": "Sign in first."}[language]


def test_without_regions_the_counter_says_so(empty: Served) -> None:
    """The map has nothing to show, a report nowhere to go."""
    client = empty.sign_in("dispatcher")
    city = client.get("/api/city").json()
    assert (city["home"], city["schemes"][0]["edition"]) == (None, None)
    assert client.post("/api/incidents", json=a_report(0, 0)).status_code == 409


def test_every_answer_carries_its_guards(empty: Served) -> None:
    """Browsers load nothing from elsewhere, frame nothing, guess no types."""
    for path in ("/", "/api/session", "/api/openapi.json"):
        headers = empty.client().get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_written_api_is_the_one_served(empty: Served) -> None:
    """The browser's types are made from this file: it must not drift."""
    written = json.loads((Path(__file__).parents[2] / "web/client/openapi.json").read_text("utf-8"))
    assert written == empty.client().get("/api/openapi.json").json()
