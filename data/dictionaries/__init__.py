"""Versioned dictionaries shipped with the product: tiers, taxonomies and their categories."""

from __future__ import annotations

import csv
import tomllib
from importlib import resources

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from data.dictionaries.data_sets import data_sets, fields
from data.tables import Category, HomeTier, Scheme, Taxonomy, Tier

MAIN_SCHEME = "main"
_KIND_IN_FILE = {"component": "管理部件", "matter": "管理事项"}

SCHEME_WIDTH = 2**48
"""Keys of one scheme. With 2^48, 31 schemes stay below 2^53, where a JavaScript number is still exact."""

MOST_SCHEMES = 31


def load_dictionaries(connection: Connection) -> None:
    """Adds what is not there yet; what an installation has changed stays as it is."""
    shipped = tomllib.loads(resources.files(__package__).joinpath("dictionaries.toml").read_text("utf-8"))
    connection.execute(insert(Tier).on_conflict_do_nothing(), shipped["tier"])
    connection.execute(
        insert(Scheme).on_conflict_do_nothing(),
        [{**shipped["main_scheme"], "is_main": True, "key_lo": 0, "key_hi": SCHEME_WIDTH - 1}],
    )
    homes = {data_set.data_set: data_set.home_tier for data_set in data_sets().values()}
    homes |= {field.subject: field.home_tier for field in fields().values() if field.home_tier}
    connection.execute(
        insert(HomeTier).on_conflict_do_nothing(),
        [{"subject": subject, "tier": tier} for subject, tier in homes.items()],
    )
    for taxonomy in shipped["taxonomy"]:
        file = taxonomy.pop("file", None)
        connection.execute(insert(Taxonomy).on_conflict_do_nothing(), [taxonomy])
        if file is not None:
            connection.execute(insert(Category).on_conflict_do_nothing(), _categories(taxonomy, file))


def _categories(taxonomy: dict[str, str], file: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return [
        {
            "taxonomy": taxonomy["taxonomy"],
            "code": row["code5"],
            "major_code": row["major_code"],
            "major_name": row["major_name"],
            "name": row["name"],
        }
        for row in rows
        if row["kind"] == _KIND_IN_FILE[taxonomy["kind"]]
    ]
