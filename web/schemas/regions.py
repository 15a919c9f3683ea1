"""Regions and the city as the API answers with them."""

from __future__ import annotations

from datetime import datetime

from web.schemas.base import Answer, Id, Names, RegionRef

BBox = tuple[float, float, float, float]


class EditionRef(Answer):
    """A published set of borders."""

    id: Id
    seq: int
    valid_from: datetime
    published_at: datetime


class Tier(Answer):
    """A level of the tree."""

    tier: str
    depth: int
    name: Names
    min_zoom: int


class TierPresent(Tier):
    """A level as one scheme has it."""

    count: int


class Scheme(Answer):
    """One way of cutting the city."""

    scheme: str
    name: Names
    is_main: bool
    edition: EditionRef | None
    bbox: BBox | None
    tiers: list[TierPresent]


class City(Answer):
    """What a map needs to know before it draws."""

    name: Names
    version: str
    tiers: list[Tier]
    schemes: list[Scheme]
    home: BBox | None


class Counts(Answer):
    """Incidents in a region."""

    open: int
    total: int


class RegionCard(Answer):
    """One region. `incidents` is null for those who may not see what lies in it."""

    scheme: str
    code: str
    name: str
    tier: str
    parent: str | None
    path: list[RegionRef]
    children: int
    area_km2: float
    bbox: BBox
    label: tuple[float, float]
    edition: EditionRef
    in_scope: bool
    incidents: Counts | None


class RegionChild(RegionRef):
    """One region of a list."""

    children: int | None = None


class RegionPage(Answer):
    """Some regions, and where the next page begins."""

    items: list[RegionChild]
    next: str | None
