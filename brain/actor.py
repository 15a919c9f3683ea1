"""Who acts: a signed-in account with its role and the regions it may see."""

from __future__ import annotations

from dataclasses import dataclass

from data.engine import MOST_INTERVALS, SYSTEM, Scope
from data.errors import Forbidden

ROLES = ("staff", "dispatcher", "handler", "grid_worker", "planner", "steward", "commander", "auditor", "administrator")
"""The roles of the field; what each may do is said by `MAY`."""

MAY: dict[str, frozenset[str]] = {
    "report incidents": frozenset({"system", "staff", "dispatcher", "handler", "grid_worker", "administrator"}),
    "publish borders": frozenset({"system", "planner", "administrator"}),
    "keep accounts": frozenset({"system", "administrator"}),
}
"""Action → roles. Which rows is said by the database's policies, which hold borders and accounts to the same roles."""


@dataclass(frozen=True, slots=True)
class ScopeRegion:
    """One region subtree that an actor may see; code "" is the whole main scheme."""

    scheme: str
    code: str
    name: str | None
    tier: str | None
    key: int | None
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Actor:
    """One account for the length of a request."""

    account_id: int | None
    login: str
    name: str
    role: str
    regions: tuple[ScopeRegion, ...]
    scope: Scope

    def must_be_able_to(self, action: str) -> None:
        """Raises Forbidden unless this actor's role may do `action`, a key of `MAY`."""
        if self.role not in MAY[action]:
            raise Forbidden("actor.may_not", action=action, role=self.role)


def actor_of(account_id: int, login: str, name: str, role: str, regions: tuple[ScopeRegion, ...]) -> Actor:
    """An actor whose scope is the merged intervals of its regions. Raises Forbidden if they are too many."""
    intervals = merge_intervals([(region.lo, region.hi) for region in regions])
    if len(intervals) > MOST_INTERVALS:
        raise Forbidden("actor.too_many_regions", most=MOST_INTERVALS)
    return Actor(account_id, login, name, role, regions, Scope(account_id, name, role, intervals))


def merge_intervals(intervals: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Closed integer intervals, ascending, with overlapping and adjoining ones joined."""
    merged: list[tuple[int, int]] = []
    for lo, hi in sorted(intervals):
        if merged and lo <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(hi, merged[-1][1]))
        else:
            merged.append((lo, hi))
    return tuple(merged)


SYSTEM_ACTOR = Actor(None, "system", "system", "system", (), SYSTEM)
"""The installation itself, at the command line of its server."""
