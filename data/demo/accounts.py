"""Who may sign in at the demo: an account for each role, and for staff one at each tier."""

from __future__ import annotations

from dataclasses import dataclass

from data.demo.city import DemoCity

ACCOUNTS = (
    ("zhihui", "指挥长", "commander", "city"),
    ("diaodu", "派遣员", "dispatcher", "city"),
    ("guihua", "网格规划员", "planner", "city"),
    ("shuju", "数据管理员", "steward", "city"),
    ("shenji", "审计员", "auditor", "city"),
    ("guanli", "系统管理员", "administrator", "city"),
    ("shiji", "市级工作人员", "staff", "city"),
    ("quji", "区级工作人员", "staff", "district"),
    ("jiedao", "镇街工作人员", "staff", "subdistrict"),
    ("chuzhi", "处置人员", "handler", "subdistrict"),
    ("shequ", "社区工作人员", "staff", "community"),
    ("wangge", "网格员", "grid_worker", "grid"),
    ("weiwang", "微网格员", "grid_worker", "micro_grid"),
)
"""Log-in name, name, role, and the tier of the region it sees; at `city` it sees all."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account of the demo; `region` is a code of the main scheme, or None for the whole city."""

    login: str
    name: str
    role: str
    region: str | None


def demo_accounts(city: DemoCity) -> list[DemoAccount]:
    """One subdistrict's people: of it, of its last community by code, and of that one's first grid."""
    codes, place = city.codes, city.plan.place
    town = codes.subdistricts[0]
    community = max(code for code in codes.communities if code.startswith(town))
    grid = min(code for code in codes.grids if code.startswith(community))
    region = {
        "city": None,
        "district": (place.district or (place.seats[0].code,))[0],
        "subdistrict": town,
        "community": community,
        "grid": grid,
        "micro_grid": min(code for code in codes.micro_grids if code.startswith(grid)),
    }
    return [DemoAccount(login, f"{name}·演示", role, region[tier]) for login, name, role, tier in ACCOUNTS]
