"""The base map over HTTP: what a tile holds at which zoom, and who gets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import mapbox_vector_tile
import psycopg
import pytest
from sqlalchemy import text

from layers import catalog, tiles
from tests.serving import Served, in_context, serving
from tests.web.test_api import tile_of
from tests.worlds import add_ground, at


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    """No test keeps the rules of another."""
    yield
    for rules in (tiles.ground_rules, tiles.region_rules):
        rules.cache_clear()


@pytest.fixture
def client(served: Served) -> httpx.Client:
    """Somebody of one community; the ground is the same for all."""
    in_context(served.settings, add_ground)
    return served.sign_in("staff", "440101001")


def test_a_tile_holds_more_the_closer_it_is(client: httpx.Client) -> None:
    """From afar water, parks and the widest ways; then land of every use, streets, lanes, buildings, names of estates."""
    held = {zoom: _held(client, zoom) for zoom in (11, 12, 14, 15)}
    assert held[11]["land"] == {"water", "park"}
    assert held[12]["land"] == {"water", "park", "estate"}
    assert [len(held[zoom]["ways"]) for zoom in held] == [2, 3, 4, 5]
    assert [zoom for zoom in held if "buildings" in held[zoom]] == [15]
    assert [zoom for zoom in held if "estate" in held[zoom].get("names", ())] == [15]


def test_walls_are_those_of_estates_and_campuses(client: httpx.Client) -> None:
    """Close by only, with the use of what they surround; a park is compound too, without a wall."""
    held = {zoom: _held(client, zoom).get("compounds") for zoom in (14, 15)}
    assert held == {14: None, 15: {"estate", "campus"}}


def test_buildings_are_named_close_by_only(client: httpx.Client) -> None:
    """In an estate by the name there, elsewhere by the number of the house."""
    named = {
        zoom: {one["name"] for one in _names(client, zoom, reach=1) if one["kind"] == "building"} for zoom in (16, 17)
    }
    assert named == {16: set(), 17: {"1栋", "7号"}}


def test_the_stretches_of_a_way_are_one_line(client: httpx.Client) -> None:
    """Three stretches in the table, one line in a tile; bends of a few metres are straight from afar, not close by."""
    points = {}
    for zoom in (12, 15):
        ways = _tile(client, zoom, *tile_of(*at(1.3, 1), zoom))["ways"]["features"]
        assert {way["geometry"]["type"] for way in ways} == {"LineString"}
        points[zoom] = max(len(way["geometry"]["coordinates"]) for way in ways)
    assert points[12] == 2 < points[15]


def test_what_is_less_than_a_pixel_is_left_out(client: httpx.Client) -> None:
    """Of two parks the one of thirty metres is drawn close by only."""
    parks = {zoom: [use for use in _uses(client, zoom, at(2.515, 2.515)) if use == "park"] for zoom in (11, 12)}
    assert {zoom: len(found) for zoom, found in parks.items()} == {11: 1, 12: 1}
    assert _uses(client, 15, at(2.515, 2.515)) == ["park"]


def test_an_area_is_named_in_one_tile_only(client: httpx.Client) -> None:
    """However many tiles it lies in; its name knows how much room it has."""
    names = [one for one in _names(client, 16, reach=2) if one["kind"] in ("estate", "park")]
    assert sorted(one["name"] for one in names) == ["和兴花园", "和园公园"]
    assert all(one["room"] > 1000 for one in names)


def test_a_way_is_named_along_its_direction(client: httpx.Client) -> None:
    """Level within the bend of the way for one from west to east; areas have no direction."""
    names = _names(client, 15, reach=1.1)
    angles = [one["angle"] for one in names if one["kind"] == "trunk"]
    assert angles
    assert all(abs((angle + 90) % 180 - 90) <= 2 for angle in angles)
    assert all("angle" not in one for one in names if one["kind"] == "estate")


def test_an_unchanged_tile_is_not_sent_again(served: Served, client: httpx.Client) -> None:
    """304 until more ground is loaded."""
    x, y = tile_of(*at(0.5, 0.5), 14)
    path = f"/api/tiles/ground/14/{x}/{y}.mvt"
    known = {"if-none-match": client.get(path).headers["etag"]}
    again = client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    in_context(served.settings, add_ground)
    assert client.get(path, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("layer", "room", "name", "other"),
    [
        ("ground", catalog, "BUILDINGS_FROM", 16),
        ("ground", tiles, "_LAND", text(f"{tiles._LAND} -- otherwise")),
        ("regions/main/1", catalog, "MOST_TIERS_DRAWN", 2),
        ("regions/main/1", tiles, "_LABELS", text(f"{tiles._LABELS} -- otherwise")),
    ],
)
def test_a_tile_of_other_rules_is_sent_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, layer: str, room: Any, name: str, other: Any
) -> None:
    """After an upgrade: what is drawn at which zoom is part of the tag, and so are the questions."""
    path = _path(layer)
    known = {"if-none-match": client.get(path).headers["etag"]}
    assert client.get(path, headers=known).status_code == 304
    monkeypatch.setattr(room, name, other)
    for rules in (tiles.ground_rules, tiles.region_rules):
        rules.cache_clear()
    assert client.get(path, headers=known).status_code == 200


def test_a_tile_of_another_installation_is_sent_again(
    served: Served, client: httpx.Client, owner: psycopg.Connection
) -> None:
    """Made anew, it gives the same ids to other ground and other borders."""
    paths = [_path("ground"), _path("regions/main/1")]
    known = {path: {"if-none-match": client.get(path).headers["etag"]} for path in paths}
    owner.execute("update edition set published_at = published_at + interval '1 second'")
    with serving(served.settings) as anew:
        again = anew.sign_in("commander")
        assert [again.get(path, headers=known[path]).status_code for path in paths] == [200, 200]


def test_where_there_is_no_ground_there_is_no_tile(client: httpx.Client, served: Served) -> None:
    """204 for a place outside; 404 for tiles that do not exist; nothing for those who are not signed in."""
    assert client.get("/api/tiles/ground/14/0/0.mvt").status_code == 204
    for wrong in ("14/99999/0", "40/0/0", "3/0/-1"):
        answer = client.get(f"/api/tiles/ground/{wrong}.mvt")
        assert answer.status_code == 404
        assert "no tile" in answer.text
    assert served.client().get("/api/tiles/ground/14/0/0.mvt").status_code == 401


def _path(layer: str) -> str:
    x, y = tile_of(*at(0.5, 0.5), 15)
    return f"/api/tiles/{layer}/15/{x}/{y}.mvt"


def _tile(client: httpx.Client, zoom: int, x: int, y: int) -> dict[str, Any]:
    answer = client.get(f"/api/tiles/ground/{zoom}/{x}/{y}.mvt")
    assert answer.status_code in (200, 204)
    return mapbox_vector_tile.decode(answer.content) if answer.content else {}


def _tiles(client: httpx.Client, zoom: int, reach: float) -> list[dict[str, Any]]:
    (west, south), (east, north) = (tile_of(*at(corner, corner), zoom) for corner in (0, reach))
    return [_tile(client, zoom, x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


def _held(client: httpx.Client, zoom: int) -> dict[str, set[str]]:
    """By MVT layer: the uses and kinds of what is in it, over the whole city."""
    held: dict[str, set[str]] = {}
    for tile in _tiles(client, zoom, reach=4):
        for layer, content in tile.items():
            kinds = ({"use": "", **one["properties"]} for one in content["features"])
            held.setdefault(layer, set()).update(one.get("kind", one["use"]) for one in kinds)
    return held


def _names(client: httpx.Client, zoom: int, reach: float) -> list[dict[str, Any]]:
    tiles = _tiles(client, zoom, reach)
    return [one["properties"] for tile in tiles for one in tile.get("names", {"features": []})["features"]]


def _uses(client: httpx.Client, zoom: int, place: tuple[float, float]) -> list[str]:
    tile = _tile(client, zoom, *tile_of(*place, zoom))
    return [one["properties"]["use"] for one in tile["land"]["features"]]
