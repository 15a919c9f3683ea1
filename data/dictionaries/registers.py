"""The registers a town may bring: their fields, what each may be called in a file, and the words it may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from data.dictionaries.data_sets import Kind
from data.dictionaries.rights import read_rows


@dataclass(frozen=True, slots=True)
class RegisterField:
    """One field of a register.

    `kind` says where its value goes: an open one into `column` of the register's table, a personal one there masked and
    into the personal fields in full, a closed one into the closed fields. Without a column it says where a row lies.
    """

    field: str
    name_zh: str
    name_en: str
    is_required: bool
    kind: Kind
    type: str
    column: str
    aliases: tuple[str, ...]
    """What a file may call it, tidied: its own names first."""

    @property
    def is_place(self) -> bool:
        """Whether it says where a row lies, or what it belongs to."""
        return self.kind == "open" and not self.column and self.type != "key"


@dataclass(frozen=True, slots=True)
class Register:
    """A town's own list of things of one kind; its records are those of `table`, seen with `data_set` or by all."""

    register: str
    name_zh: str
    name_en: str
    table: str
    data_set: str
    asset: str
    fields: dict[str, RegisterField]

    @property
    def may_be_seen_by(self) -> str | None:
        """The right to see its records; None where all may."""
        return f"see_{self.data_set}" if self.data_set else None


@cache
def registers() -> dict[str, Register]:
    """Every register by its name."""
    of = read_rows("register_fields.tsv")
    return {
        row["register"]: Register(
            **row, fields={one["field"]: _field(one) for one in of if row["register"] in one["registers"].split()}
        )
        for row in read_rows("registers.tsv")
    }


@cache
def words_of(kind: str) -> dict[str, str]:
    """What may be said for each value of a type: word → value."""
    return {
        word: row["value"]
        for row in read_rows("register_words.tsv")
        if row["type"] == kind
        for word in row["words"].split("|")
    }


def tidy(heading: str) -> str:
    """A heading without what files add to it: case, spaces, stars, brackets with what is in them."""
    return re.sub(r"[\s*:：_-]|[(（\[【].*?[)）\]】]", "", heading).casefold()


def _field(row: dict[str, str]) -> RegisterField:
    names = (row["name_zh"], row["field"], *row["aliases"].split("|"))
    return RegisterField(
        row["field"],
        row["name_zh"],
        row["name_en"],
        row["required"] == "yes",
        cast("Kind", row["kind"]),
        row["type"],
        row["column"],
        tuple(map(tidy, names)),
    )
