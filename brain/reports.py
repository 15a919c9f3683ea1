"""What somebody reports: the form of an incident on its way in, from HTTP, a batch or a file alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from data.errors import BadInput, CityError, Where, message_keys

DEFAULT_TAXONOMY = "gbt47678.5-2026-matters"


def _writable(text: str) -> str:
    """The same text. Raises for what no PostgreSQL text can hold."""
    if "\0" in text:
        raise PydanticCustomError("text_unwritable", "a NUL character")
    return text


Writable = AfterValidator(_writable)
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Writable]
Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Writable]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000), Writable]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000), Writable]
Attributes = Annotated[dict[Short, Line], Field(max_length=50)]


class IncidentReport(BaseModel):
    """One report. `x`, `y` are in `crs` (longitude or easting first) and are kept as they came."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=True)

    source: Short = Field(description="The reporting system or channel.")
    source_id: Short = Field(description="The report's own id there: the same one again is not a second incident.")
    taxonomy: Short = DEFAULT_TAXONOMY
    category: Short = Field(description="A code of the taxonomy.")
    title: Title = ""
    description: Long | None = None
    occurred_at: datetime | None = None
    reported_at: datetime | None = Field(default=None, description="When it was reported there; now by default.")
    closed_at: datetime | None = None
    x: float
    y: float
    crs: Short = "EPSG:4326"
    place: Line | None = None
    axes_confirmed: bool = Field(default=False, description="The axes are right although they look swapped.")
    attributes: Attributes | None = None


def read_report(fields: Mapping[str, Any], where: Where) -> IncidentReport:
    """A report from loose fields. Raises BadInput with one cause for every field that is wrong."""
    try:
        return IncidentReport.model_validate(fields)
    except ValidationError as fault:
        raise validation_fault(fault.errors(include_url=False), where) from None


def validation_fault(details: list[Any], where: Where) -> BadInput:
    """Pydantic's findings as one fault of ours, each field a cause."""
    causes: list[CityError] = []
    for detail in details:
        field = ".".join(str(part) for part in detail["loc"] if part != "body") or None
        key = f"field.{detail['type']}"
        values = {**detail.get("ctx", {}), "given": _shortened(detail.get("input"))}
        place = Where(where.file, where.line, field)
        causes.append(BadInput(key if key in message_keys() else "field.invalid", where=place, **values))
    if len(causes) == 1:
        return BadInput(causes[0].key, where=causes[0].where, **causes[0].values)
    return BadInput("input.faults", where=where, causes=tuple(causes), count=len(causes))


def _shortened(given: object) -> str:
    text = str(given).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else text[:57] + "…"
