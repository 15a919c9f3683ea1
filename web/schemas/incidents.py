"""Incidents as the API answers with them."""

from __future__ import annotations

from datetime import datetime

from web.errors import ProblemPart
from web.schemas.base import Answer, Id, Names, RegionRef


class SchemeRegionRef(RegionRef):
    """A region with its scheme."""

    scheme: str


class IncidentSummary(Answer):
    """One incident in a list. Unassigned: `region` is the nearest one, `nearest_m` its distance in metres."""

    id: Id
    source: str
    source_id: str
    title: str
    taxonomy: str
    category: str
    category_name: str | None
    state: str
    open: bool
    assigned: bool
    nearest_m: float | None
    occurred_at: datetime | None
    reported_at: datetime
    lon: float
    lat: float
    place: str | None
    region: SchemeRegionRef


class Original(Answer):
    """The coordinates as they came."""

    x: float
    y: float
    crs: str


class EditionUsed(Answer):
    """The edition an incident was placed in."""

    id: Id
    seq: int


class DepartmentPlace(Answer):
    """Where an incident lies in a department's scheme."""

    scheme: str
    name: Names
    region: RegionRef
    edition: EditionUsed
    on_border: bool


class IncidentEvent(Answer):
    """One deed done to an incident."""

    id: Id
    at: datetime
    action: str
    actor: str


class Incident(IncidentSummary):
    """Everything known of one incident."""

    description: str | None
    closed_at: datetime | None
    original: Original
    attributes: dict[str, str] | None
    edition: EditionUsed
    placed_code: str | None
    on_border: bool
    path: list[RegionRef]
    departments: list[DepartmentPlace]
    events: list[IncidentEvent]


class Reported(Incident):
    """An incident just taken in, and what to look at twice."""

    warnings: list[str]


class IncidentPage(Answer):
    """Some incidents, newest first, and where the next page begins."""

    items: list[IncidentSummary]
    next: str | None


class IncidentPoints(Answer):
    """Incidents as columns of equal length, newest first: for drawing many."""

    ids: list[str]
    lon: list[float]
    lat: list[float]
    open: list[bool]
    assigned: list[bool]
    truncated: bool


class OpenCounts(Answer):
    """Open incidents by region code; regions without any are left out."""

    tier: str
    counts: dict[str, int]


class BatchResult(Answer):
    """What became of a batch: numbers of reports, and the rejected ones (the first thousand) by line."""

    accepted: int
    known: int
    unassigned: int
    far: int
    rejected: int
    faults: list[ProblemPart]


class Figures(Answer):
    """Incidents the caller may see: open, reported today, open and outside every region, all."""

    open: int
    today: int
    unassigned: int
    total: int
