"""Polygons made fit for use: repaired, measured on the ellipsoid, labelled. Nothing is rounded and nothing dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely import GeometryType

from data.errors import BadInput
from layers.crs import Floats, Geometries

BBox = tuple[float, float, float, float]
"""West, south, east, north in degrees (EPSG:4326)."""

WGS84_ELLIPSOID = Geod(ellps="WGS84")
_REASON = re.compile(r"(?P<reason>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)]")


class Unusable(BadInput):
    """Geometries of which no area can be made; `causes` has one fault for each, with its 1-based `number`."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What was wrong with the polygon at `index`, in the words of GEOS, and where: degrees, or units of its CRS."""

    index: int
    reason: str
    lon: float
    lat: float


def repair_polygons(geoms: Sequence[object] | Geometries) -> tuple[Geometries, list[Repair]]:
    """Valid polygons and multipolygons for `geoms`, in the same order, and what had to be repaired.

    Any shapely geometries or None, any CRS, shape (n,). A valid one comes back as it is, to the last bit; an invalid
    one through GEOS "structure" repair (shells add area, holes take it away), less what collapsed to lines and points.
    A third dimension is dropped, for area has none.

    Raises Unusable("geometry.unusable") naming each geometry that is missing, empty, not polygonal, not finite, or
    without area: all of them at once, so that a file is mended in one go.
    """
    given = np.asarray(geoms, dtype=np.object_)
    whole = shapely.force_2d(given)
    only_polygons = np.isin(shapely.get_type_id(whole), (GeometryType.POLYGON, GeometryType.MULTIPOLYGON))
    whole[~only_polygons] = _polygonal(whole[~only_polygons])
    _refuse(_unusable(given, whole))

    invalid = np.flatnonzero(~shapely.is_valid(whole))
    repairs = [
        Repair(int(index), "Not only polygons", *shapely.get_coordinates(whole[index])[0].tolist())
        for index in np.flatnonzero(~only_polygons)
    ]
    for index, said in zip(invalid, shapely.is_valid_reason(whole[invalid]), strict=True):
        found = _REASON.fullmatch(said)
        at = (float(found["x"]), float(found["y"])) if found else shapely.get_coordinates(whole[index])[0].tolist()
        repairs.append(Repair(int(index), found["reason"] if found else said, *at))
    whole[invalid] = _polygonal(shapely.make_valid(whole[invalid], method="structure", keep_collapsed=False))
    for index in invalid[~shapely.is_valid(whole[invalid])]:
        # Of rings that run back along themselves GEOS makes neighbours with an edge in common: those are one area.
        whole[index] = shapely.union_all(shapely.get_parts(whole[index]))
    _refuse([BadInput("geometry.no_area", number=i + 1) for i in invalid.tolist() if shapely.is_empty(whole[i])])
    return whole, sorted(repairs, key=lambda repair: repair.index)


def _unusable(given: Geometries, whole: Geometries) -> list[BadInput]:
    points, owner = shapely.get_coordinates(whole, return_index=True)
    infinite = np.isin(np.arange(len(whole)), owner[~np.isfinite(points).all(axis=1)])
    faults = []
    for index in np.flatnonzero(shapely.is_missing(given) | shapely.is_empty(whole) | infinite).tolist():
        if given[index] is None:
            faults.append(BadInput("geometry.missing", number=index + 1))
        elif infinite[index]:
            faults.append(BadInput("geometry.not_finite", number=index + 1))
        elif given[index].is_empty:
            faults.append(BadInput("geometry.empty", number=index + 1))
        else:
            faults.append(BadInput("geometry.not_polygonal", number=index + 1, type=given[index].geom_type))
    return faults


def _refuse(faults: list[BadInput]) -> None:
    if faults:
        raise Unusable("geometry.unusable", causes=tuple(faults), count=len(faults), first=faults[0])


def _polygonal(geoms: Geometries) -> Geometries:
    """The polygonal parts of each geometry: one polygon, a multipolygon, or an empty polygon."""
    parts, owner = shapely.get_parts(geoms, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    is_polygon = shapely.get_type_id(parts) == GeometryType.POLYGON
    gathered = np.full(len(geoms), shapely.Polygon(), dtype=np.object_)
    owners = owner[inner[is_polygon]]
    shapely.multipolygons(parts[is_polygon], indices=owners, out=gathered)
    alone = shapely.get_num_geometries(gathered) == 1
    gathered[alone] = shapely.get_geometry(gathered[alone], 0)
    return gathered


def as_multipolygon(geoms: Geometries) -> Geometries:
    """The same areas, each as a multipolygon, for columns of that type. `geoms` are polygonal, shape (n,)."""
    parts, owner = shapely.get_parts(geoms, return_index=True)
    return np.asarray(shapely.multipolygons(parts, indices=owner, out=np.empty(len(geoms), dtype=np.object_)))


def geodesic_area_m2(geoms: Geometries) -> Floats:
    """Areas in square metres on the WGS 84 ellipsoid of polygonal geometries in EPSG:4326, shape (n,).

    Edges run straight in longitude and latitude, as GeoJSON (RFC 7946, 3.1.1) and placing take them, so that the areas
    of a coverage add up to that of their union. Were they geodesics, a vertex in the middle of a neighbour's edge of
    450 m would make a sliver of 0.4 m² out of nothing. Missing and empty geometries have area 0.

    The area under an edge is the integral of M N cos φ (Snyder, "Map Projections: A Working Manual", 1987, formulas
    4-18 to 4-20) from the ring's own latitude, by Gauss-Legendre quadrature: right to 1e-9 for polygons and edges of up
    to some degrees, and without cancellation, so for slivers of a square centimetre too. 181,408 polygons take 2.7 s.
    """
    parts, owner = shapely.get_parts(geoms, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    lon, lat = np.radians(corners).T
    own_lat = lat[np.searchsorted(ring, np.arange(len(rings)))][ring]
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    base, start, rise = own_lat[edges], (lat - own_lat)[edges], (lat[1:] - lat[:-1])[edges]
    under = np.zeros(len(edges))
    for along, weight in _GAUSS_2:
        height = start + along * rise
        under += weight * height * sum(share * _areal_scale(base + up * height) for up, share in _GAUSS_3)
    signed = np.bincount(ring[edges], weights=under * (lon[1:] - lon[:-1])[edges], minlength=len(rings))
    is_shell = np.diff(part, prepend=-1) != 0
    areas = np.where(is_shell, np.abs(signed), -np.abs(signed))
    return np.bincount(owner[part], weights=areas, minlength=len(geoms)).astype(np.float64)


_GAUSS_2, _GAUSS_3 = (
    [((1 + node) / 2, weight / 2) for node, weight in zip(*np.polynomial.legendre.leggauss(count), strict=True)]
    for count in (2, 3)
)


def _areal_scale(lat: Floats) -> Floats:
    """Square metres per square radian of longitude and latitude at a latitude in radians."""
    a, e2 = WGS84_ELLIPSOID.a, WGS84_ELLIPSOID.es
    scale: Floats = a * a * (1 - e2) * np.cos(lat) / (1 - e2 * np.sin(lat) ** 2) ** 2
    return scale


def label_points(geoms: Geometries) -> NDArray[np.object_]:
    """A point inside each valid polygonal geometry in EPSG:4326, near the middle of its widest place: for labels.

    The centre of the largest inscribed circle on the ground (longitudes are shrunk by the cosine of the latitude
    first), sought to a twentieth of the polygon's extent; where that point is not strictly inside, as in slivers,
    GEOS's point on surface. 181,408 polygons of 24 vertices take 9 s (point on surface alone 0.2 s, but off-centre
    in bent shapes; the circle to a thousandth of the extent 31 s, and nobody sees the difference).
    """
    points, owner = shapely.get_coordinates(geoms, return_index=True)
    shrink = np.cos(np.radians(shapely.bounds(geoms)[:, [1, 3]].mean(axis=1)))
    ground = shapely.set_coordinates(geoms.copy(), points * np.column_stack((shrink[owner], np.ones(len(owner)))))
    west, south, east, north = shapely.bounds(ground).T
    circles = shapely.maximum_inscribed_circle(ground, np.maximum(east - west, north - south) / 20.0)
    centre = shapely.get_coordinates(shapely.get_point(circles, 0))
    labels = np.asarray(shapely.points(centre[:, 0] / shrink, centre[:, 1]), dtype=np.object_)
    outside = ~shapely.contains(geoms, labels)
    labels[outside] = shapely.point_on_surface(geoms[outside])
    return labels
