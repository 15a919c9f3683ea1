"""Registers as the API answers with them: what there are, and what a file of one changes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from web.errors import ProblemPart
from web.schemas.base import Answer, Names


class RegisterField(Answer):
    """A field of a register: whether a file must have it, and whether it is personal or closed."""

    field: str
    name: Names
    required: bool
    kind: Literal["open", "closed", "personal"]


class Register(Answer):
    """A register that a town may bring."""

    kind: str
    name: Names
    fields: list[RegisterField]


class FieldChanges(Answer):
    """How many records have another value of a field; `place`: lie elsewhere, or belong to something else."""

    field: str
    count: int


class Brought(Answer):
    """What a register's file has changed, or would change where it is not `committed`.

    `missing` are fields, `place`, `crs` that must be said first; then nothing was read. `vanished` are known records
    that the file has no more, `retired` whether they were retired. `rejects` are the refused rows as CSV, with reasons.
    """

    headings: list[str]
    mapping: dict[str, str] = Field(description="Field → heading.")
    missing: list[str]
    committed: bool
    rows: int
    new: int
    changed: int
    unchanged: int
    vanished: int
    retired: bool
    rejected: int
    fields: list[FieldChanges]
    faults: list[ProblemPart]
    rejects: str | None
