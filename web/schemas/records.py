"""Records of data sets, figures and corrections as the API answers with them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from brain.reports import Line, Title
from web.schemas.base import Answer, Id, Names, RegionRef


class DataSetField(Answer):
    """A field: seen with its record, closed, or personal; whose it is to correct."""

    field: str
    name: Names
    kind: Literal["open", "closed", "personal"]
    home_tier: str | None
    owner: Literal["here", "steward"]


class DataSet(Answer):
    """Records of one kind. From `home_tier` upwards they are seen by role alone."""

    data_set: str
    name: Names
    home_tier: str
    fields: list[DataSetField]


class Record(Answer):
    """One record with those of its fields that the asker may see; personal ones are masked."""

    id: Id
    region: RegionRef
    title: str
    place: str | None
    lon: float | None
    lat: float | None
    fields: dict[str, str | None]


class RecordPage(Answer):
    """Some records, and where the next page begins."""

    items: list[Record]
    next: str | None


class Share(Answer):
    """How many there are of a kind."""

    name: str
    number: int


class RegionFigures(Answer):
    """What lies in a region, counted at `as_of`. Null: not open to the asker, or too small a count to be shown."""

    as_of: datetime
    population: dict[str, int | None] | None
    ages: list[int | None] | None = Field(description="Men by five-year bands 0–4 … 85 and over, then women.")
    enterprises: list[Share] | None
    assets: list[Share] | None
    units: list[Share] | None


class Wish(BaseModel):
    """A correction: what it was when it was looked at, what it should be, and why."""

    field: Title
    before: Line | None
    after: Line | None
    reason: Line


class RevealWish(BaseModel):
    """Which personal field is to be seen in full, and why."""

    field: Title
    reason: Line


class Revealed(Answer):
    """A personal field in full."""

    value: str


class Outcome(Answer):
    """What became of a correction."""

    state: Literal["applied", "waiting"]


class Correction(Answer):
    """One correction of one field."""

    id: Id
    field: str
    before: str | None
    after: str | None
    reason: str
    state: Literal["applied", "waiting", "confirmed", "refused"]
    author_name: str
    at: datetime
    decided_at: datetime | None
    decided_by_name: str | None
    decided_why: str | None


class QueuedCorrection(Correction):
    """The same with what it is about."""

    data_set: str
    record_id: Id
    region: RegionRef


class CorrectionPage(Answer):
    """Some corrections, and where the next page begins."""

    items: list[QueuedCorrection]
    next: str | None


class Decision(BaseModel):
    """What a steward says of a correction that waits."""

    confirm: bool
    why: Line = ""
