"""The audit log, as an auditor reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from brain.reports import Line
from web.schemas.base import Answer, Id, Names, RegionRef


class Deed(BaseModel):
    """One kind of deed."""

    deed: str
    name: Names


class AuditRecord(Answer):
    """Who did what, when, from where and why; `details` hold `before` and `after` where something changed."""

    id: Id
    at: datetime
    actor_id: Id | None = Field(description="Empty: the installation itself, or somebody at its database.")
    actor_name: str
    roles: str = Field(description="Roles at that moment, each with its region: `staff@440604012 planner`.")
    action: str
    object_kind: str | None
    object_id: str | None
    region: RegionRef | None
    reason: str | None
    address: str | None
    via: Literal["session", "token", "command_line", "job", "database"]
    details: dict[str, Any] | None


class AuditPage(BaseModel):
    """Deeds newest first; `next` is the `cursor` of the next page."""

    items: list[AuditRecord]
    next: str | None


class AuditExport(BaseModel):
    """Which deeds are taken away, and why."""

    reason: Line
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    person: Line | None = None
    action: Line | None = None
    object: Line | None = None
    region: Line | None = None


class AuditSeal(Answer):
    """One seal of the chain."""

    seq: int
    at: datetime
    rows: int
    digest: str


class AuditHealth(Answer):
    """The newest seal, and what it does not cover yet; overdue after a minute."""

    last: AuditSeal | None
    unsealed: int
    oldest: datetime | None
    is_overdue: bool
