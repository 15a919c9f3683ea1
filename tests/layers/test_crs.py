"""Coordinate systems: published facts, and round trips wherever a city can lie."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from data.errors import BadInput
from layers.crs import (
    BD09,
    GCJ02,
    WGS84,
    Crs,
    axes_look_swapped,
    check_lonlat,
    from_wgs84,
    geometries_from_wgs84,
    geometries_to_wgs84,
    parse_crs,
    to_wgs84,
)

GEOD = Geod(ellps="WGS84")
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
TENTH_MILLIMETRE_DEG = 1e-9

# Anywhere inside, with a liking for the edges of the rectangle and for 105° E, where the formula has a root of zero.
LON = st.one_of(st.floats(WEST, EAST), st.sampled_from([WEST, EAST, 105.0]), st.floats(105 - 1e-9, 105 + 1e-9),
                st.floats(WEST, WEST + 0.02), st.floats(EAST - 0.02, EAST))  # fmt: skip
LAT = st.one_of(st.floats(SOUTH, NORTH), st.sampled_from([SOUTH, NORTH, 35.0]), st.floats(SOUTH, SOUTH + 0.02),
                st.floats(NORTH - 0.02, NORTH))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EPSG:4326", "EPSG:4326"),
        ("4326", "EPSG:4326"),
        (" wgs84 ", "EPSG:4326"),
        ("OGC:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::4326", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/EPSG/0/4490", "EPSG:4490"),
        ("CGCS2000", "EPSG:4490"),
        ("epsg:4547", "EPSG:4547"),
        ("urn:ogc:def:crs:EPSG:6.9:4547", "EPSG:4547"),
        (CRS.from_epsg(4547).to_wkt(), "EPSG:4547"),
        (CRS.from_epsg(4544).to_wkt("WKT1_ESRI"), "EPSG:4544"),
        ("GCJ-02", "GCJ-02"),
        ("gcj02", "GCJ-02"),
        ("BD-09", "BD-09"),
        ("bd09", "BD-09"),
    ],
)
def test_a_system_is_known_by_every_spelling_in_use(text: str, name: str) -> None:
    assert parse_crs(text).name == name


@pytest.mark.parametrize(
    "text", ["", "hello", "99999", "EPSG:", "EPSG:5773", "EPSG:4978", "[", "PROJCS[]", "+proj=longlat"]
)
def test_what_names_no_horizontal_system_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_crs(text)
    assert refused.value.key == "crs.unknown"
    assert text in refused.value.said("zh")


def test_a_system_without_published_transformation_is_refused_not_guessed() -> None:
    with pytest.raises(BadInput) as refused:
        parse_crs("EPSG:4610")  # Xi'an 1980: PROJ would pass its coordinates on unchanged, tens of metres off
    assert refused.value.key == "crs.inexact"


def test_a_city_s_own_projection_works_by_its_wkt() -> None:
    own = parse_crs(CRS.from_epsg(4547).to_wkt("WKT1_ESRI").replace("114.0", "113.5"))
    lon, lat = to_wgs84(500_000.0, 2_550_000.0, own)
    assert float(lon) == pytest.approx(113.5, abs=1e-12)
    assert float(lat) == pytest.approx(23.0498, abs=1e-3)


def test_gauss_kruger_takes_the_easting_first() -> None:
    x, y = from_wgs84([114.0, 113.1107], [23.0, 23.0295], parse_crs("EPSG:4547"))
    assert x[0] == pytest.approx(500_000, abs=1e-6)
    assert x[1] < 500_000 < y[1]
    # the scale on the central meridian is 1, so northing is the meridian's length from the equator
    assert y[0] == pytest.approx(GEOD.inv(114.0, 0.0, 114.0, 23.0)[2], abs=0.01)


def test_cgcs2000_is_wgs84_bit_for_bit() -> None:
    lon, lat = np.array([113.1234567890123]), np.array([22.987654321098765])
    back = to_wgs84(lon, lat, parse_crs("CGCS2000"))
    assert (back[0].tobytes(), back[1].tobytes()) == (lon.tobytes(), lat.tobytes())


def test_the_published_check_pair_of_gcj02() -> None:
    lon, lat = from_wgs84(120.0, 40.0, GCJ02)
    assert (float(lon), float(lat)) == pytest.approx((120.00567568355486, 40.0013047896019), abs=1e-13)


@pytest.mark.parametrize(
    ("place", "crs", "metres"),
    [
        ((113.1107, 23.0295), GCJ02, 629),
        ((104.0657, 30.6574), GCJ02, 360),
        ((113.1107, 23.0295), BD09, 1283),
        ((104.0657, 30.6574), BD09, 951),
    ],
)
def test_shifts_at_zumiao_and_tianfu_square(place: tuple[float, float], crs: Crs, metres: float) -> None:
    x, y = from_wgs84(*place, crs)
    assert GEOD.inv(*place, float(x), float(y))[2] == pytest.approx(metres, abs=1)


@given(lon=LON, lat=LAT, crs=st.sampled_from([GCJ02, BD09]))
def test_shifted_systems_come_back_to_a_tenth_of_a_millimetre(lon: float, lat: float, crs: Crs) -> None:
    x, y = from_wgs84(lon, lat, crs)
    back_lon, back_lat = to_wgs84(x, y, crs)
    assert abs(float(back_lon) - lon) < TENTH_MILLIMETRE_DEG
    assert abs(float(back_lat) - lat) < TENTH_MILLIMETRE_DEG


@pytest.mark.parametrize("crs", [GCJ02, BD09])
def test_shifted_systems_come_back_over_the_whole_rectangle(crs: Crs, soak: bool) -> None:
    steps = 2000 if soak else 300
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.linspace(WEST, EAST, steps), np.linspace(SOUTH, NORTH, steps)))
    back_lon, back_lat = to_wgs84(*from_wgs84(lon, lat, crs), crs)
    assert np.abs(back_lon - lon).max() < TENTH_MILLIMETRE_DEG
    assert np.abs(back_lat - lat).max() < TENTH_MILLIMETRE_DEG


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), crs=st.sampled_from([GCJ02, BD09]))
def test_outside_the_rectangle_nothing_is_shifted(lon: float, lat: float, crs: Crs) -> None:
    x, y = from_wgs84(lon, lat, crs)
    inside = WEST <= lon <= EAST and SOUTH <= lat <= NORTH
    assert ((float(x), float(y)) == (lon, lat)) != inside
    if not (WEST - 0.1 < lon < EAST + 0.1 and SOUTH - 0.1 < lat < NORTH + 0.1):
        back = to_wgs84(lon, lat, crs)
        assert (float(back[0]), float(back[1])) == (lon, lat)


@given(lon=st.floats(110, 118), lat=st.floats(0.1, 60))
def test_projected_coordinates_come_back(lon: float, lat: float) -> None:
    crs = parse_crs("EPSG:4547")
    back = to_wgs84(*from_wgs84(lon, lat, crs), crs)
    assert abs(float(back[0]) - lon) < TENTH_MILLIMETRE_DEG
    assert abs(float(back[1]) - lat) < TENTH_MILLIMETRE_DEG


def test_what_no_projection_can_express_is_infinite_and_found() -> None:
    lon, lat = to_wgs84([500_000.0, 1e30], [2.5e6, 2.5e6], parse_crs("EPSG:4547"))
    finite, within = check_lonlat(lon, lat)
    assert finite.tolist() == [True, False]
    assert within.tolist() == [True, False]


def test_not_a_number_and_infinity_pass_through_the_shifted_systems_without_a_warning() -> None:
    lon, lat = to_wgs84([np.nan, np.inf, 1e308], [23.0, 23.0, -1e300], BD09)
    assert np.isnan(lon[0])
    assert lon[1:].tolist() == [np.inf, 1e308]
    assert lat[1:].tolist() == [23.0, -1e300]


def test_geometries_keep_their_form_and_lose_their_third_dimension() -> None:
    square = shapely.box(113.0, 23.0, 113.1, 23.1, ccw=True)
    geoms = np.array([shapely.force_3d(square, 7.0), shapely.Point(113.1107, 23.0295), None])
    there = geometries_from_wgs84(geoms, GCJ02)
    back = geometries_to_wgs84(there, GCJ02)
    assert there[0].centroid.distance(square.centroid) > 0.004
    assert not back[0].has_z
    assert shapely.equals_exact(back[0], square, tolerance=TENTH_MILLIMETRE_DEG)
    assert back[1].distance(shapely.Point(113.1107, 23.0295)) < TENTH_MILLIMETRE_DEG
    assert back[2] is None


def test_lonlat_is_checked_for_finiteness_and_range() -> None:
    finite, within = check_lonlat([113.0, np.nan, 181.0, -180.0], [23.0, 23.0, 23.0, 90.0])
    assert finite.tolist() == [True, False, True, True]
    assert within.tolist() == [True, False, False, True]


def test_exchanged_axes_are_told_from_places_just_outside() -> None:
    foshan = (112.4, 22.6, 113.4, 23.6)
    lon = np.array([113.1, 23.0, 113.6, 23.0, 50.0])
    lat = np.array([23.0, 113.1, 23.0, 40.0, 60.0])
    assert axes_look_swapped(lon, lat, foshan).tolist() == [False, True, False, False, False]


@given(lon=st.floats(112.0, 114.0), lat=st.floats(22.0, 24.0))
def test_a_pair_in_the_right_order_never_looks_exchanged_near_the_city(lon: float, lat: float) -> None:
    foshan = (112.5, 22.5, 113.5, 23.5)
    assert not axes_look_swapped(lon, lat, foshan)
    assert bool(axes_look_swapped(lat, lon, foshan)) == (112.5 <= lon <= 113.5 and 22.5 <= lat <= 23.5)


def test_wgs84_itself_is_left_alone() -> None:
    assert [float(v) for v in to_wgs84(-0.1, 51.5, WGS84)] == [-0.1, 51.5]
