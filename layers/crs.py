"""Every coordinate system and conversion: the EPSG registry by PROJ, and the shifted Chinese ones, GCJ-02 and BD-09."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from data.errors import BadInput

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate system by its name: "EPSG:4547", "GCJ-02", "BD-09", or WKT that the EPSG registry does not know."""

    name: str
    kind: Literal["epsg", "gcj02", "bd09"]


WGS84 = Crs("EPSG:4326", "epsg")
GCJ02 = Crs("GCJ-02", "gcj02")
BD09 = Crs("BD-09", "bd09")

_NAMED = {
    "WGS84": WGS84,
    "WGS 84": WGS84,
    "CRS84": WGS84,
    "OGC:CRS84": WGS84,
    "CGCS2000": Crs("EPSG:4490", "epsg"),
    **dict.fromkeys(("GCJ-02", "GCJ02"), GCJ02),
    **dict.fromkeys(("BD-09", "BD09"), BD09),
}
_EPSG_CODE = re.compile(
    r"(?:EPSG::?|URN:OGC:DEF:CRS:EPSG:[\d.]*:|HTTPS?://WWW\.OPENGIS\.NET/DEF/CRS/EPSG/[\d.]+/)?(\d{4,6})"
)
_OGC_CRS84 = re.compile(r"(?:URN:OGC:DEF:CRS:OGC:[\d.]*:|HTTPS?://WWW\.OPENGIS\.NET/DEF/CRS/OGC/[\d.]+/)CRS84")


def parse_crs(text: str) -> Crs:
    """The coordinate system that `text` names, in any of the spellings people and files use.

    Understood: EPSG:4326, 4326, WGS84, CGCS2000, OGC:CRS84, OGC URNs and URLs, GCJ-02, BD-09 (case does not matter),
    and WKT. A longitude comes first whatever the registry says of the order.

    Raises BadInput("crs.unknown") where the text names no horizontal system, BadInput("crs.inexact") where it names one
    that nobody has published a transformation for (Xi'an 1980): PROJ would take its coordinates for WGS 84 unchanged.
    """
    tidy = text.strip().upper()
    if tidy in _NAMED:
        return _NAMED[tidy]
    if _OGC_CRS84.fullmatch(tidy):
        return WGS84
    code = _EPSG_CODE.fullmatch(tidy)
    try:
        known = CRS.from_wkt(text) if "[" in text else CRS.from_epsg(int(code[1])) if code else None
    except CRSError as error:
        raise BadInput("crs.unknown", crs=text) from error
    if known is None or not (known.is_geographic or known.is_projected):
        raise BadInput("crs.unknown", crs=text)
    epsg = known.to_epsg()
    crs = Crs(f"EPSG:{epsg}" if epsg else text, "epsg")
    _transformer(crs.name)
    return crs


@cache
def _transformer(name: str) -> Transformer:
    source = CRS.from_user_input(name)
    # CGCS2000 and WGS 84 are realisations of the ITRS some centimetres to decimetres apart. The registry holds no
    # transformation between them, only PROJ's ballpark step, which changes nothing: so the one is taken for the other.
    datum = source.geodetic_crs.datum if source.geodetic_crs else None
    target = 4490 if datum is not None and datum.name == "China 2000" else 4326
    try:
        return Transformer.from_crs(source, target, always_xy=True, allow_ballpark=False)
    except ProjError as error:
        raise BadInput("crs.inexact", crs=name) from error


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: Crs) -> tuple[Floats, Floats]:
    """Coordinates of `crs` as WGS 84 longitude and latitude in degrees; the shapes are kept.

    `x` is the easting or longitude, `y` the northing or latitude, in the units of `crs`. CGCS2000 (EPSG:4490) comes
    back bit for bit: it is the same as WGS 84 to well within a metre. What the projection cannot express comes back
    infinite, for `check_lonlat` to find. Raises BadInput("crs.inexact") where no transformation is published.
    """
    east, north = _pair(x, y)
    if crs.kind != "epsg":
        return _unshifted(east, north, crs.kind)
    if crs.name in ("EPSG:4326", "EPSG:4490"):
        return east, north
    lon, lat = _transformer(crs.name).transform(east, north)
    return np.asarray(lon), np.asarray(lat)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: Crs) -> tuple[Floats, Floats]:
    """WGS 84 longitude and latitude in degrees as coordinates of `crs`: the inverse of `to_wgs84`, same rules."""
    east, north = _pair(lon, lat)
    if crs.kind != "epsg":
        return _shifted(east, north, crs.kind)
    if crs.name in ("EPSG:4326", "EPSG:4490"):
        return east, north
    x, y = _transformer(crs.name).transform(east, north, direction="INVERSE")
    return np.asarray(x), np.asarray(y)


def geometries_to_wgs84(geoms: Geometries, crs: Crs) -> Geometries:
    """Shapely geometries of `crs` with their vertices converted by `to_wgs84`; a third dimension is dropped.

    Vertices are converted, edges are not bent: an edge is straight in the system that it is written in.
    """
    return _moved(geoms, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], crs)))


def geometries_from_wgs84(geoms: Geometries, crs: Crs) -> Geometries:
    """Shapely geometries in longitude and latitude with their vertices converted by `from_wgs84`."""
    return _moved(geoms, lambda at: np.column_stack(from_wgs84(at[:, 0], at[:, 1], crs)))


def _moved(geoms: Geometries, move: Callable[[Floats], Floats]) -> Geometries:
    return np.asarray(shapely.transform(geoms, move), dtype=np.object_)


def check_lonlat(lon: ArrayLike, lat: ArrayLike) -> tuple[Mask, Mask]:
    """Two masks of the same shape: both numbers are finite; and longitude lies within ±180, latitude within ±90."""
    x, y = _pair(lon, lat)
    return np.isfinite(x) & np.isfinite(y), (np.abs(x) <= 180) & (np.abs(y) <= 90)


def axes_look_swapped(lon: ArrayLike, lat: ArrayLike, bbox: tuple[float, float, float, float]) -> Mask:
    """Where a pair looks like latitude, longitude: it lies far outside `bbox`, and its exchange inside.

    `bbox` is (west, south, east, north) in degrees. Far outside is: more than the box's own width or height away
    from it, so that an incident just beyond the city's border raises no suspicion.
    """
    x, y = _pair(lon, lat)
    west, south, east, north = bbox
    width, height = east - west, north - south
    near = (x >= west - width) & (x <= east + width) & (y >= south - height) & (y <= north + height)
    return ~near & (y >= west) & (y <= east) & (x >= south) & (x <= north)


# The shifted systems are not published. The formulas are those found by measurement and in use in every open map
# library since about 2010; the constants are Krasovsky's ellipsoid of 1940. The tests hold an independent check pair.
_SEMI_MAJOR, _ECCENTRICITY_2 = 6378245.0, 0.00669342162296594323
_SHIFTED_LON, _SHIFTED_LAT = (72.004, 137.8347), (0.8293, 55.8271)
_BD_WAVE = np.pi * 3000.0 / 180.0


def in_shifted_area(lon: ArrayLike, lat: ArrayLike) -> Mask:
    """Where GCJ-02 and BD-09 differ from WGS 84 at all: 72.004–137.8347° E, 0.8293–55.8271° N."""
    x, y = _pair(lon, lat)
    west, east = _SHIFTED_LON
    south, north = _SHIFTED_LAT
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def _gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """How far GCJ-02 lies from WGS 84 at these places, in degrees."""
    x, y, root = lon - 105.0, lat - 35.0, np.sqrt(np.abs(lon - 105.0))
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + 2.0 / 3.0 * (
        wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)
        + 150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)
    )  # fmt: skip
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + 2.0 / 3.0 * (
        wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)
        + 160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)
    )  # fmt: skip
    phi = np.radians(lat)
    squeeze = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    parallel = _SEMI_MAJOR / np.sqrt(squeeze) * np.cos(phi)
    meridian = _SEMI_MAJOR * (1.0 - _ECCENTRICITY_2) / squeeze**1.5
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """How far BD-09 lies from WGS 84 at these places, in degrees: Baidu shifts GCJ-02 once more."""
    east, north = _gcj02(lon, lat)
    x, y = lon + east, lat + north
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_WAVE)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_WAVE)
    return radius * np.cos(angle) + 0.0065 - lon, radius * np.sin(angle) + 0.006 - lat


_SHIFT: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {"gcj02": _gcj02, "bd09": _bd09}


def _shifted(lon: Floats, lat: Floats, kind: str) -> tuple[Floats, Floats]:
    inside = in_shifted_area(lon, lat)
    east, north = _SHIFT[kind](np.clip(lon, *_SHIFTED_LON), np.clip(lat, *_SHIFTED_LAT))
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def _unshifted(x: Floats, y: Floats, kind: str) -> tuple[Floats, Floats]:
    """The inverse of `_shifted`, by fixed point: place = image - shift(place).

    The shift changes by less than 3 % of the way between two places, so each round gains 1.5 digits and ten reach the
    end of a double (0.01° × 0.03¹⁰). Where a place at the rectangle's edge is the image of two points, one inside and
    shifted, one outside and not, the inside one is meant.
    """
    lon, lat = x, y
    for _ in range(10):
        east, north = _SHIFT[kind](np.clip(lon, *_SHIFTED_LON), np.clip(lat, *_SHIFTED_LAT))
        lon, lat = x - east, y - north
    near_lon, near_lat = np.clip(lon, *_SHIFTED_LON), np.clip(lat, *_SHIFTED_LAT)
    inside = (np.abs(lon - near_lon) < 1e-9) & (np.abs(lat - near_lat) < 1e-9)
    return np.where(inside, near_lon, x), np.where(inside, near_lat, y)


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return first, second
