"""Who may do what: the roles of the field, and the one table that says which rights each of them has."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody is in a region."""

    role: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that can be allowed, and the roles that are; the installation itself has every right."""

    right: str
    name_zh: str
    name_en: str
    roles: frozenset[str]


@cache
def roles() -> dict[str, Role]:
    """Every role by its name."""
    return {row["role"]: Role(**row) for row in read_rows("roles.tsv")}


@cache
def rights() -> dict[str, Right]:
    """Every right by its name."""
    return {
        row["right"]: Right(row["right"], row["name_zh"], row["name_en"], frozenset((row["roles"] or "").split()))
        for row in read_rows("rights.tsv")
    }


def read_rows(file: str) -> list[dict[str, str]]:
    """The rows of a table beside this file."""
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))
