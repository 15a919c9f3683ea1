"""What the city knows, set by set: from which tier on it is seen without more, what is closed or personal in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from data.dictionaries.rights import read_rows

Kind = Literal["open", "closed", "personal"]
Owner = Literal["here", "steward"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Records of one kind. From `home_tier` upwards they are seen by role alone; below it they must be pushed down."""

    data_set: str
    name_zh: str
    name_en: str
    home_tier: str

    @property
    def right(self) -> str:
        """The right to see it."""
        return f"see_{self.data_set}"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a data set.

    An open one is seen with its record. A closed one has a home tier of its own, below which it must be pushed down. A
    personal one is masked, and shown to those who have the right to for a reason. A correction of it is applied at once
    where its `owner` is "here"; else a steward confirms it.
    """

    data_set: str
    field: str
    name_zh: str
    name_en: str
    kind: Kind
    home_tier: str | None
    owner: Owner

    @property
    def subject(self) -> str:
        """Its name among all fields."""
        return f"{self.data_set}.{self.field}"

    @property
    def held(self) -> str:
        """The name under which a scope holds it, where it is closed."""
        return f"field.{self.subject}"


@cache
def data_sets() -> dict[str, DataSet]:
    """Every data set by its name."""
    return {row["data_set"]: DataSet(**row) for row in read_rows("data_sets.tsv")}


@cache
def fields() -> dict[tuple[str, str], Field]:
    """Every field by its data set and name."""
    return {
        (row["data_set"], row["field"]): Field(
            row["data_set"],
            row["field"],
            row["name_zh"],
            row["name_en"],
            cast("Kind", row["kind"]),
            row["home_tier"] or None,
            cast("Owner", row["owner"]),
        )
        for row in read_rows("fields.tsv")
    }


@cache
def closed_fields() -> tuple[Field, ...]:
    """Those that are closed."""
    return tuple(field for field in fields().values() if field.kind == "closed")
