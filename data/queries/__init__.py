"""Every question to the database, by name: `query("incidents", "latest")` reads `incidents.sql`.

A file holds blocks that open with `-- name: NAME — one line saying what it answers`. Rooms ask for their
queries at import, so an unknown name fails at start.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from sqlalchemy import TextClause, text

_OPENING = re.compile(r"^-- name: (?P<name>[a-z_]+) — .+$", re.MULTILINE)


@cache
def _blocks(noun: str) -> dict[str, str]:
    source = resources.files(__package__).joinpath(f"{noun}.sql").read_text("utf-8")
    openings = list(_OPENING.finditer(source))
    ends = [opening.start() for opening in openings[1:]] + [len(source)]
    blocks = {o["name"]: source[o.end() : end].strip() for o, end in zip(openings, ends, strict=True)}
    if len(blocks) != len(openings):
        raise ValueError(f"{noun}.sql gives a name twice")
    return blocks


def query(noun: str, name: str) -> TextClause:
    """One named query; values are bound by `:name`. Raises KeyError for an unknown name."""
    return text(_blocks(noun)[name])
