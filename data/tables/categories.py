"""What an incident is about: versioned dictionaries of categories."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.tables.base import Base, Code


class Taxonomy(Base):
    """A dictionary of components (部件) or of matters (事项) in one edition, with its source.

    An open one accepts labels it does not list.
    """

    __tablename__ = "taxonomy"

    taxonomy: Mapped[Code] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]
    edition: Mapped[str]
    source: Mapped[str]
    is_open: Mapped[bool]


class Category(Base):
    """One entry of a taxonomy."""

    __tablename__ = "category"

    taxonomy: Mapped[Code] = mapped_column(ForeignKey("taxonomy.taxonomy"), primary_key=True)
    code: Mapped[Code] = mapped_column(primary_key=True)
    major_code: Mapped[Code]
    major_name: Mapped[str]
    name: Mapped[str]
