"""What the audit log knows to say that somebody did."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of deed, with its name in both languages."""

    deed: str
    name_zh: str
    name_en: str


@cache
def deeds() -> dict[str, Deed]:
    """Every deed by its key, in the order in which they are offered."""
    text = resources.files(__package__).joinpath("deeds.tsv").read_text("utf-8")
    return {row["deed"]: Deed(**row) for row in csv.DictReader(text.splitlines(), delimiter="\t")}
