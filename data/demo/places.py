"""The cities that the product can show: their real names and codes, and how large they are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

CITIES = ("nanpu", "chancheng", "shunde", "chengdu")


@dataclass(frozen=True, slots=True)
class Seat:
    """A part of the city with a centre of its own: a subdistrict, or, where it has `towns`, a district."""

    code: str
    name: str
    x_km: float
    y_km: float
    households: int
    area_km2: float
    communities: int
    is_urban: bool = False
    """Whether all its communities are residents' committees (社区), none villages."""

    towns: tuple[tuple[str, str], ...] = ()
    """Codes and names of its subdistricts."""


@dataclass(frozen=True, slots=True)
class Place:
    """One city. Kilometres are counted from `centre` (longitude, latitude), east and north."""

    name: str
    city: tuple[str, str]
    district: tuple[str, str] | None
    """The one district, where only that is shown."""

    centre: tuple[float, float]
    area_km2: float
    aspect: float
    """Width by height."""

    block_m: int
    """Between main roads."""

    grids: int
    micro_grids: int
    river_y_km: float
    river_m: int
    old_towns: tuple[tuple[float, float, float], ...]
    """East, north and radius of each, in kilometres."""

    seats: tuple[Seat, ...]
    named: dict[str, str]
    """Communities whose names are known, by code."""

    zones: dict[str, list[str]]
    """Names of zones without a code of their own, and the codes of the regions that each holds: aliases."""

    first_serial: int = 1
    """Of the communities."""

    @property
    def households(self) -> int:
        """Of the whole city."""
        return sum(seat.households for seat in self.seats)


def read_place(name: str) -> Place:
    """One of CITIES."""
    text = resources.files(__package__).joinpath("places", f"{name}.toml").read_text("utf-8")
    found = tomllib.loads(text)
    seats = tuple(
        Seat(**{**seat, "towns": tuple((code, town) for code, town in seat.get("towns", ()))})
        for seat in found.pop("seat")
    )
    district = found.pop("district", None)
    return Place(
        name=name,
        city=tuple(found.pop("city")),
        district=tuple(district) if district else None,
        centre=tuple(found.pop("centre")),
        old_towns=tuple(tuple(town) for town in found.pop("old_towns")),
        seats=seats,
        named=found.pop("named", {}),
        zones=found.pop("zones", {}),
        **found,
    )
