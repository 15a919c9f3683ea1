"""Categories as the API answers with them."""

from __future__ import annotations

from web.schemas.base import Answer


class Category(Answer):
    """One entry of a taxonomy."""

    code: str
    name: str
    major_name: str
