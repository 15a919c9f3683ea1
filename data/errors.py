"""What can go wrong, said once: every error is a kind, a message key and the values that fill the message."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a fault in what somebody gave us: file name, 1-based line or feature, field or column."""

    file: str | None = None
    line: int | None = None
    field: str | None = None
    feature: int | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A value of a message that is itself words."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """In `language`."""
        return self.zh if language == "zh" else self.en


class CityError(Exception):
    """An expected fault, to be shown to a person in their language.

    `key` names an entry of `data/messages/messages.toml`; `values` fill its placeholders;
    `where` says in which file, line and field; `causes` are the faults it is made of, if several.
    """

    def __init__(
        self,
        key: str,
        *,
        where: Where | None = None,
        causes: tuple[CityError, ...] = (),
        **values: Any,
    ) -> None:
        super().__init__(key)
        self.key = key
        self.where = where or Where()
        self.causes = causes
        self.values = values

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: Language) -> str:
        """The message in `language`, with file, line and field in front where they are known."""
        text = self.bare_said(language)
        place = [
            message(f"where.{name}", language).format(value)
            for name, value in (
                ("file", self.where.file),
                ("line", self.where.line),
                ("feature", self.where.feature),
                ("field", self.where.field),
            )
            if value is not None
        ]
        return f"{', '.join(place)}: {text}" if place else text

    def bare_said(self, language: Language) -> str:
        """The message alone, for those who show the place elsewhere."""
        values = {
            name: value.said(language) if isinstance(value, CityError | Words) else value
            for name, value in self.values.items()
        }
        return message(self.key, language).format_map(values)

    def at(self, where: Where) -> CityError:
        """The same fault, with what `where` knows filled in where the fault itself does not say."""
        merged = Where(
            file=self.where.file or where.file,
            line=self.where.line if self.where.line is not None else where.line,
            field=self.where.field or where.field,
            feature=self.where.feature if self.where.feature is not None else where.feature,
        )
        return type(self)(self.key, where=merged, causes=self.causes, **self.values)


class BadInput(CityError):
    """What was given cannot be understood or breaks a rule."""


class TooLarge(BadInput):
    """What was given is larger than a stated limit."""


class NotFound(CityError):
    """There is no such thing, or not for this person."""


class Forbidden(CityError):
    """This person may not do this."""


class Unauthenticated(CityError):
    """Nobody is signed in, or the name and password do not fit."""


class TooMany(CityError):
    """It was tried too often: to be tried again after `seconds`, one of its values."""


class Conflict(CityError):
    """It does not fit what is there already."""


class Unready(CityError):
    """The installation lacks something: a program, the database, a migration, a built file."""


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    text = resources.files("data.messages").joinpath("messages.toml").read_text("utf-8")
    return tomllib.loads(text)


def message(key: str, language: Language) -> str:
    """The text of one message. Raises KeyError for a key that the catalogue does not hold."""
    return _catalogue()[key][language]


def message_keys() -> frozenset[str]:
    """Every key of the catalogue."""
    return frozenset(_catalogue())
