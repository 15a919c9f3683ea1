"""Forms that several rooms answer with."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

Id = Annotated[str, BeforeValidator(str)]
"""Ids, keys and codes travel as text: a JavaScript number loses the last digits of an 18-digit one."""


class Answer(BaseModel):
    """An answer made from a database row or another object's attributes."""

    model_config = ConfigDict(from_attributes=True)


class Names(Answer):
    """A name in both languages."""

    zh: str
    en: str


class RegionRef(Answer):
    """A region, named."""

    code: str
    name: str
    tier: str
