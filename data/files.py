"""Vector files in and out, in every common format, with their faults named."""

from __future__ import annotations

import codecs
import json
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import CRSError, DataLayerError, DataSourceError

from data.csv_files import known_encoding
from data.errors import BadInput, Where
from data.packed import unpacked_path

DRIVERS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSONSeq",
    ".geojsons": "GeoJSONSeq",
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
}
"""Ending of a file name (without .gz) → GDAL's driver."""

BEGINS = {
    "GeoJSON": (b"{",),
    "GeoJSONSeq": (b"{", b"\x1e"),
    "GPKG": (b"SQLite format 3\0",),
    "ESRI Shapefile": (b"\x00\x00\x27\x0a",),
    "FlatGeobuf": (b"fgb",),
}
"""How a file of each driver begins, after white space. GDAL chooses by content, whatever the name says, and some of
what it would choose are instructions to read other files of this machine, or of the network."""

POINTERS = (b"<OGRVRT", b"gdal_streamed_alg")
"""What such instructions hold near their beginning."""

HEAD = 2**20
"""Bytes that are looked at."""

LONGITUDE_LATITUDE = ("EPSG:4326", "EPSG:4490")
"""What a GeoJSON file may hold (RFC 7946, section 4)."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one file: geometries (unreadable ones None) and columns of text, all of the same length."""

    file: str
    geoms: NDArray[np.object_]
    columns: dict[str, list[str | None]]
    crs: str | None
    places: list[Where]
    """Where each stands: its line in a GeoJSON sequence, its number in other files."""

    def column(self, field: str) -> list[str | None]:
        """The values of a field. Raises BadInput naming the fields there are."""
        if field not in self.columns:
            raise BadInput("file.no_field", where=Where(self.file), field=field, fields=", ".join(self.columns))
        return self.columns[field]


def read_features(path: Path, *, encoding: str | None = None) -> Features:
    """All features of a GeoJSON, GeoJSONSeq, GeoPackage, Shapefile (also zipped) or FlatGeobuf file, `.gz` too.

    Geometries keep the file's coordinates and precision; `crs` is what the file says (WKT or EPSG), or None.
    Raises BadInput naming file and line, TooLarge for a packed file beyond the limits.
    """
    if not path.is_file():
        raise BadInput("file.missing", where=Where(str(path)))
    known_encoding(encoding)
    driver = _driver(path)
    with unpacked_path(path) as plain:
        if driver == "GeoJSONSeq":
            lines = _check_sequence(plain, path)
        meta, wkb, fields = _read(_checked(plain, path, driver), path, encoding)
    with np.errstate(invalid="ignore"):
        geoms = shapely.from_wkb(wkb, on_invalid="ignore")
    columns = {str(name): _as_text(values) for name, values in zip(meta["fields"], fields, strict=True)}
    if driver != "GeoJSONSeq":
        places = [Where(str(path), feature=number) for number in range(1, len(geoms) + 1)]
    elif len(lines) == len(geoms):
        places = [Where(str(path), line) for line in lines]
    else:
        raise BadInput("file.features_lost", where=Where(str(path)), given=len(lines), read=len(geoms))
    return Features(str(path), geoms, columns, meta["crs"], places)


def write_features(
    path: Path, geoms: NDArray[np.object_], columns: dict[str, list[str | None]], crs: str | None
) -> None:
    """Writes polygons and text columns in the format that the file's ending names. Raises BadInput.

    `crs` None: a system without a code (GCJ-02, BD-09); the file then says nothing rather than something untrue.
    """
    driver = _driver(path)
    if driver.startswith("GeoJSON") and crs not in LONGITUDE_LATITUDE:
        raise BadInput("file.geojson_crs", where=Where(str(path)), crs=crs or "GCJ-02/BD-09")
    if path.suffix in (".gz", ".zip"):
        raise BadInput("file.format", where=Where(str(path)), formats=", ".join(DRIVERS))
    # GeoJSON is longitude and latitude by its standard; 17 digits keep every bit of a double.
    options: dict[str, Any] = {"COORDINATE_PRECISION": "17"} if driver.startswith("GeoJSON") else {}
    if driver == "ESRI Shapefile":
        options["ENCODING"] = "UTF-8"
    with tempfile.TemporaryDirectory(prefix=".citybrain-", dir=path.absolute().parent) as directory:
        _write(Path(directory) / path.name, geoms, columns, crs, driver, options)
        for written in Path(directory).iterdir():
            written.replace(path.with_name(written.name))


def _write(
    path: Path,
    geoms: NDArray[np.object_],
    columns: dict[str, list[str | None]],
    crs: str | None,
    driver: str,
    options: dict[str, Any],
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*laundered.*|.*Normalized.*", category=RuntimeWarning)
        warnings.filterwarnings("ignore", message=".*'crs' was not provided.*", category=UserWarning)
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(geoms),
            field_data=[np.array(values, dtype=object) for values in columns.values()],
            fields=list(columns),
            driver=driver,
            geometry_type="MultiPolygon",
            crs=crs,
            **options,
        )


def _driver(path: Path) -> str:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    if name.suffix == ".zip":
        return "ESRI Shapefile"
    if name.suffix.lower() not in DRIVERS:
        raise BadInput("file.format", where=Where(str(path)), formats=", ".join(DRIVERS))
    return DRIVERS[name.suffix.lower()]


def _checked(plain: Path, path: Path, driver: str) -> Path:
    """The path for GDAL, of a file that begins as its driver's do; in a zip, of its one Shapefile. Raises BadInput."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".shp")]
            if len(names) != 1:
                raise BadInput("file.one_shapefile", where=Where(str(path)), count=len(names))
            with archive.open(names[0]) as member:
                head = member.read(HEAD)
        plain = plain / names[0]
    else:
        with plain.open("rb") as file:
            head = file.read(HEAD)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if not text.startswith(BEGINS[driver]) or any(pointer in head for pointer in POINTERS):
        raise BadInput("file.not_of_format", where=Where(str(path)), format=driver)
    return plain


def _read(plain: Path, path: Path, encoding: str | None) -> tuple[dict[str, Any], Any, Any]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            meta, _, wkb, fields = pyogrio.raw.read(plain, encoding=encoding, force_2d=True)
        except (DataSourceError, DataLayerError, CRSError, UnicodeDecodeError, ValueError) as fault:
            raise BadInput("file.unreadable", where=Where(str(path)), reason=str(fault).strip()) from fault
    lost = [str(warning.message) for warning in said if "unsupported OGR type" not in str(warning.message)]
    if wkb is None:
        raise BadInput("file.no_geometry", where=Where(str(path)))
    if lost and len(wkb) == 0:
        raise BadInput("file.unreadable", where=Where(str(path)), reason="; ".join(lost))
    return meta, wkb, fields


def _check_sequence(plain: Path, path: Path) -> list[int]:
    """The line of each feature. GDAL leaves broken lines out with a warning; here they stop the import."""
    lines = []
    with plain.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                is_feature = json.loads(line.lstrip(b"\x1e")).get("type") == "Feature"
            except (ValueError, AttributeError):
                is_feature = False
            if not is_feature:
                raise BadInput("file.not_a_feature", where=Where(str(path), number))
            lines.append(number)
    return lines


def _as_text(values: NDArray[Any]) -> list[str | None]:
    if values.dtype.kind == "f":
        return [
            None if np.isnan(value) else str(int(value)) if float(value).is_integer() else repr(float(value))
            for value in values
        ]
    return [None if value is None else str(value) for value in values.tolist()]
