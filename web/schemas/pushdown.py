"""What is pushed down, and to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from brain.reports import Line, Title
from web.schemas.base import Answer, Id, RegionRef


class Opening(BaseModel):
    """What is to be opened: a data set with some of its closed fields, to a tier in a region, when and why."""

    data_set: Title
    fields: list[Title] = []
    tier: Title
    scheme: Title = "main"
    region: Title
    purpose: Line
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    replaces: Title | None = None


class Pushdown(Answer):
    """One version of what is opened."""

    id: Id
    data_set: str
    fields: list[str]
    tier: str
    region: RegionRef
    purpose: str
    valid_from: datetime
    valid_to: datetime | None
    given_at: datetime
    given_by_name: str
    withdrawn_at: datetime | None
    withdrawn_by_name: str | None
    replaces: Id | None


class GivenOut(Pushdown):
    """The same with how many have received and opened it."""

    replaced_by: Id | None
    received: int
    opened: int


class GivenOutPage(Answer):
    """Some of them, and where the next page begins."""

    items: list[GivenOut]
    next: str | None


class Received(Pushdown):
    """What the asker was given, when they were first shown it and when they opened it."""

    received_at: datetime | None
    opened_at: datetime | None


class Receipt(Answer):
    """Who has received a pushdown."""

    account_name: str
    received_at: datetime
    opened_at: datetime | None


class ReceivingRegion(Answer):
    """A region whose people would see it; its shape as GeoJSON, simplified for a sketch."""

    code: str
    name: str
    geometry: dict[str, Any]


class Receiver(Answer):
    """An account that would see it."""

    name: str
    role: str
    code: str
    region_name: str


class Preview(Answer):
    """Whom an opening would reach."""

    regions: list[ReceivingRegion]
    receivers: list[Receiver]


class Version(Answer):
    """One version, and what changed from the one before it."""

    pushdown: Pushdown
    changed: list[str]


class Made(Answer):
    """The id of something new."""

    id: Id
