"""A town's own files, small and awkward: written in every format that registers come in."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from openpyxl import Workbook

from brain.actor import SYSTEM_ACTOR, Actor
from brain.context import Context
from brain.registers import Outcome, RegisterFile, bring
from data.engine import SYSTEM
from tests.worlds import at, become

BUILDINGS = ["楼栋编号", "地址", "名称", "用途", "层数", "经度", "纬度"]
HOUSEHOLDS = ["户编号", "楼栋编号", "房号"]
PERSONS = ["人员编号", "姓名", "身份证号", "手机号", "户籍地", "户编号"]
FIRMS = ["统一社会信用代码", "企业名称", "行业", "联系电话", "从业人数", "成立日期", "经度", "纬度"]
WOMAN, MAN = "11010519491231002X", "440101199001011233"
"""Identity numbers of nobody, whose check digits are right."""


def building(key: str, column: float, row: float, address: str = "和兴路5号") -> list[Any]:
    """A row of BUILDINGS at a place of the small city's lattice."""
    x, y = at(column, row)
    return [key, address, "1栋", "住宅", "6", f"{x:.8f}", f"{y:.8f}"]


def firm(key: str, column: float, row: float, **said: str) -> list[Any]:
    """A row of FIRMS at a place of the small city's lattice."""
    x, y = at(column, row)
    given = {
        "企业名称": "和兴餐饮",
        "行业": "餐饮业",
        "联系电话": "13800001234",
        "从业人数": "7",
        "成立日期": "2020-02-02",
    }
    return [key, *(given | said).values(), f"{x:.8f}", f"{y:.8f}"]


def as_csv(path: Path, headings: Sequence[str], rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> Path:
    """A CSV file."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def as_xlsx(path: Path, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """A spreadsheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (headings, *rows):
        sheet.append(list(row))
    book.save(path)
    return path


def as_geojson(path: Path, headings: Sequence[str], rows: Sequence[tuple[Sequence[Any], Any]]) -> Path:
    """GeoJSON of attributes and shapes."""
    features = [
        {
            "type": "Feature",
            "properties": dict(zip(headings, cells, strict=True)),
            "geometry": shape.__geo_interface__,
        }
        for cells, shape in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return path


async def brought(context: Context, actor: Actor, register: str, path: Path, **said: Any) -> Outcome:
    """A file taken in."""
    spec = {name: said.pop(name) for name in ("mapping", "crs", "encoding") if name in said}
    spec.setdefault("crs", "EPSG:4490" if path.suffix in (".csv", ".xlsx") else None)
    return await bring(context, actor, RegisterFile(path, register, **spec), **{"commit": True, **said})


def keys_of(outcome: Outcome) -> list[str]:
    """The keys of what was refused."""
    return [fault.key for fault in outcome.faults]


def asked(owner: psycopg.Connection, question: str) -> list[Any]:
    """What the database holds, seen by the installation itself."""
    become(owner, SYSTEM)
    return owner.execute(question.encode()).fetchall()


async def add_people(city: Context, tmp_path: Path) -> None:
    """Two buildings, a household, two persons."""
    rows = [building("B1", 0.2, 0.2), building("B2", 2.5, 0.5, "东路7号")]
    await brought(city, SYSTEM_ACTOR, "building", as_csv(tmp_path / "楼栋.csv", BUILDINGS, rows))
    file = as_csv(tmp_path / "户.csv", HOUSEHOLDS, [["H1", "B1", "101"], ["H2", "B2", "202"]])
    await brought(city, SYSTEM_ACTOR, "household", file)
    file = as_csv(
        tmp_path / "人.csv",
        PERSONS,
        [["P1", "王小明", MAN, "13812345678", "", "H1"], ["P2", "李芳", WOMAN, "", "湖南", "H2"]],
    )
    outcome = await brought(city, SYSTEM_ACTOR, "person", file)
    assert (outcome.new, outcome.rejected) == (2, 0), keys_of(outcome)
