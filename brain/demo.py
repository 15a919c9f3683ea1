"""Loads the demo city through the product's own doors: an edition published, incidents reported, accounts added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from brain import accounts, boundaries
from brain.actor import SYSTEM_ACTOR, Actor
from brain.context import Context
from brain.intake import report_many
from brain.region_files import RegionSet
from brain.reports import DEFAULT_TAXONOMY, read_report
from data.demo.ground import DemoRegion, demo_regions
from data.demo.life import DEMO_ACCOUNTS, demo_incidents
from data.dictionaries import MAIN_SCHEME
from data.engine import scoped_transaction
from data.errors import Conflict, Where
from data.queries import query
from layers.coverage import RegionLayer

CHUNK = 500
NOTE = "demo city"
"""Marks the edition that holds the demo."""

_CATEGORIES = query("categories", "names")
_MAIN_EDITION = query("regions", "main_edition_id")
_NOTE = query("regions", "edition_note")
_BY_LOGIN = query("accounts", "by_login")


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A demo account's name and password, to be printed."""

    login: str
    password: str
    name: str
    region: str | None


async def is_wanted(context: Context) -> bool:
    """Whether there are no borders yet, or a demo whose loading was interrupted."""
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        edition_id = (await connection.execute(_MAIN_EDITION)).scalar_one_or_none()
        if edition_id is None:
            return True
        note = (await connection.execute(_NOTE, {"edition_id": edition_id})).scalar_one()
        last_account = (await connection.execute(_BY_LOGIN, {"login": DEMO_ACCOUNTS[-1][0]})).one_or_none()
        return bool(note == NOTE) and last_account is None


async def load(context: Context, progress: boundaries.Progress) -> None:
    """Regions, incidents and accounts; what an interrupted run has loaded already is not loaded again."""
    if await _has_no_borders(context):
        regions = region_set(demo_regions())
        await boundaries.publish(context, SYSTEM_ACTOR, MAIN_SCHEME, regions, note=NOTE, progress=progress)
    await _report(context, SYSTEM_ACTOR, progress)
    for login in logins(context):
        _, name, role, region = next(account for account in DEMO_ACCOUNTS if account[0] == login.login)
        try:
            await accounts.add(
                context,
                SYSTEM_ACTOR,
                login=login.login,
                name=name,
                role=role,
                password=login.password,
                regions=[(MAIN_SCHEME, region)] if region else [],
            )
        except Conflict:
            continue


async def is_loaded(context: Context) -> bool:
    """Whether the demo accounts are there."""
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        return (await connection.execute(_BY_LOGIN, {"login": DEMO_ACCOUNTS[-1][0]})).one_or_none() is not None


def logins(context: Context) -> list[DemoLogin]:
    """The demo accounts; their passwords are this installation's own."""
    return [
        DemoLogin(login, context.settings.derived(f"demo password of {login}")[:12], name, region)
        for login, name, _, region in DEMO_ACCOUNTS
    ]


def region_set(regions: list[DemoRegion]) -> RegionSet:
    """The generated regions in the form that is published."""
    found = RegionSet([], [], [], [])
    upper: dict[str, int] = {}
    for tier in dict.fromkeys(region.tier for region in regions):
        here = [region for region in regions if region.tier == tier]
        parents = np.array([upper.get(region.parent or "", -1) for region in here], dtype=np.intp)
        geoms = np.array([region.geom for region in here], dtype=object)
        found.layers.append(RegionLayer(tier, [region.code for region in here], parents, geoms))
        found.names.append([region.name for region in here])
        found.parents.append([region.parent for region in here])
        found.repairs.append([])
        upper = {region.code: place for place, region in enumerate(here)}
    return found


async def _has_no_borders(context: Context) -> bool:
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        return (await connection.execute(_MAIN_EDITION)).scalar_one_or_none() is None


async def _report(context: Context, actor: Actor, progress: boundaries.Progress) -> None:
    async with scoped_transaction(context.engine, actor.scope) as connection:
        rows = await connection.execute(_CATEGORIES, {"taxonomy": DEFAULT_TAXONOMY})
        categories = [(row.code, row.name) for row in rows]
    reports = [read_report(fields, Where()) for fields in demo_incidents(categories, datetime.now(UTC))]
    for start in range(0, len(reports), CHUNK):
        await report_many(context, actor, [(Where(), one) for one in reports[start : start + CHUNK]])
        progress("report", min(start + CHUNK, len(reports)), len(reports))
