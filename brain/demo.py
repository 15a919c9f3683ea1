"""Loads a demo city through the product's own doors: editions published, the ground filled, accounts added."""

from __future__ import annotations

import asyncio
import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brain import accounts, audit, boundaries, pushdown, regions
from brain.actor import SYSTEM_ACTOR
from brain.context import Context
from brain.demo_ground import add_ground
from brain.demo_history import load_history
from brain.pushdown import Opening
from brain.region_files import RegionSet
from data.demo.accounts import ACCOUNTS, demo_accounts
from data.demo.city import DemoCity, make_city, unusual
from data.demo.regions import DEPARTMENTS, DemoRegion, department_regions, make_regions
from data.dictionaries import MAIN_SCHEME
from data.engine import scoped_transaction
from data.errors import Conflict, Language, message
from data.queries import query
from data.replacing import unfinished_file
from layers.coverage import RegionLayer

PUSHED = (
    ("enterprises", "community", "日常走访"),
    ("enterprises", "grid", "日常走访"),
    ("enterprises", "micro_grid", "日常走访"),
    ("persons", "grid", "入户走访"),
)
"""Data set, tier, purpose."""

STEWARD = "数据管理员·演示"

_FIRST_NOTE = query("regions", "first_note")
_TRY_LOCK = query("ground", "try_lock")
_SCHEMES = query("regions", "schemes")
_ADD_ALIAS = query("regions", "add_alias")
_BY_LOGIN = query("accounts", "by_login")
_REGIONS_OF_LOGINS = query("accounts", "regions_of_logins")
_NOTED = re.compile(r"demo city (?P<city>\w+), seed (?P<seed>\d+), history of (?P<days>\d+) days, persons (?P<how>.+)")


@dataclass(frozen=True, slots=True)
class Demo:
    """Which city, from which seed, with how many days of history."""

    city: str = "chancheng"
    seed: int = 1
    days: int = 365
    in_full: bool = False
    """Whether persons are kept one by one, not only counted by building."""

    @property
    def note(self) -> str:
        """Marks the edition that holds it."""
        persons = "one by one" if self.in_full else "counted"
        return f"demo city {self.city}, seed {self.seed}, history of {self.days} days, persons {persons}"


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A demo account's name and password, to be printed."""

    login: str
    password: str
    name: str
    regions: str
    """The names of what it sees; empty: the whole city."""


async def in_place(context: Context) -> Demo | None:
    """The demo that an installation holds, finished or not. Raises Conflict where it holds something else."""
    note = await _first_note(context)
    if note is None:
        return None
    found = _NOTED.fullmatch(note)
    if found is None:
        raise Conflict("demo.not_empty")
    return Demo(found["city"], int(found["seed"]), int(found["days"]), found["how"] == "one by one")


async def _first_note(context: Context) -> str | None:
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        note: str | None = (await connection.execute(_FIRST_NOTE)).scalar_one_or_none()
    return note


async def wanted(context: Context, otherwise: Demo) -> Demo | None:
    """What is to be loaded: the demo whose loading was interrupted, or `otherwise` into an empty installation."""
    try:
        found = await in_place(context)
    except Conflict:
        return None
    return None if await is_loaded(context) else found or otherwise


async def is_loaded(context: Context) -> bool:
    """Whether a demo is there with its accounts: they come last."""
    if not _NOTED.fullmatch(await _first_note(context) or ""):
        return False
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        return (await connection.execute(_BY_LOGIN, {"login": ACCOUNTS[-1][0]})).one_or_none() is not None


async def load(context: Context, demo: Demo, progress: boundaries.Progress) -> None:
    """Everything; what an interrupted run has loaded already is not loaded again.

    Raises Conflict on another city, and while somebody else loads.
    """
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        if not (await connection.execute(_TRY_LOCK)).scalar_one():
            raise Conflict("demo.loading")
        await _load(context, demo, progress)
        details = {"seed": demo.seed, "days": demo.days, "in_full": demo.in_full}
        await audit.record(connection, "load_demo", kind="city", object_id=demo.city, details=details)


async def _load(context: Context, demo: Demo, progress: boundaries.Progress) -> None:
    before = await in_place(context)
    if before not in (None, demo):
        raise Conflict(
            "demo.another",
            city=before.city,
            seed=before.seed,
            days=before.days,
            persons="full" if before.in_full else "counts",
        )
    progress("make", 0, 0)
    city = await asyncio.to_thread(make_city, demo.city, demo.seed)
    progress("make", 1, 1)
    if before is None:
        planned = await asyncio.to_thread(lambda: region_set(make_regions(city.plan, city.codes, city.terrain)))
        await boundaries.publish(context, SYSTEM_ACTOR, MAIN_SCHEME, planned, note=demo.note, progress=progress)
    await add_ground(context, city, in_full=demo.in_full, progress=progress)
    await _add_zones(context, city)
    await _add_departments(context, city, demo, progress)
    if demo.days:
        await load_history(context, city, demo.days, progress)
    await _push_down(context)
    await _add_accounts(context, city)


def list_unusual(demo: Demo, path: Path, language: Language) -> None:
    """Writes the micro-grids beyond the bounds of households: code, households, reason in words."""
    with unfinished_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["code", "households", "reason"])
        for code, households, reason in unusual(make_city(demo.city, demo.seed)):
            rows.writerow([code, households, message(f"demo.unusual.{reason}", language)])


def password(context: Context, login: str) -> str:
    """Of a demo account: this installation's own, and always the same."""
    return context.settings.derived(f"demo password of {login}")[:12]


async def logins(context: Context) -> list[DemoLogin]:
    """The demo accounts, and what they see."""
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        found = {row.login: row.regions for row in await connection.execute(_REGIONS_OF_LOGINS)}
    return [
        DemoLogin(login, password(context, login), name, found[login])
        for login, name, _, _ in ACCOUNTS
        if login in found
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


async def _add_zones(context: Context, city: DemoCity) -> None:
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        for alias, codes in city.plan.place.zones.items():
            for code in codes:
                await connection.execute(_ADD_ALIAS, {"scheme": MAIN_SCHEME, "alias": alias, "code": code, "note": ""})


async def _add_departments(context: Context, city: DemoCity, demo: Demo, progress: boundaries.Progress) -> None:
    async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
        published = {row.scheme for row in await connection.execute(_SCHEMES) if row.edition_id is not None}
    for department in DEPARTMENTS:
        if department.scheme not in published:
            found = await asyncio.to_thread(department_regions, city.plan, city.codes, city.terrain, department)
            await boundaries.publish(
                context,
                SYSTEM_ACTOR,
                department.scheme,
                region_set(found),
                note=demo.note,
                names=(department.name_zh, department.name_en),
                progress=progress,
            )


async def _push_down(context: Context) -> None:
    """Opens to the lower tiers what people there work with every day."""
    if await pushdown.given_out(context, SYSTEM_ACTOR, before=None, limit=1):
        return
    steward = replace(SYSTEM_ACTOR, name=STEWARD)
    for root in await regions.children(context, SYSTEM_ACTOR, MAIN_SCHEME, None, "", 1000):
        for data_set, tier, purpose in PUSHED:
            await pushdown.push(context, steward, Opening(data_set, (), tier, MAIN_SCHEME, root["code"], purpose))


async def _add_accounts(context: Context, city: DemoCity) -> None:
    for account in demo_accounts(city):
        try:
            await accounts.add(
                context,
                SYSTEM_ACTOR,
                login=account.login,
                name=account.name,
                role=account.role,
                password=password(context, account.login),
                regions=[(MAIN_SCHEME, account.region)] if account.region else [],
            )
        except Conflict:
            continue
