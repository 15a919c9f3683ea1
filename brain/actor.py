"""Who acts: a signed-in account with the roles it has today, and what they allow where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from data.dictionaries.data_sets import closed_fields, data_sets
from data.dictionaries.rights import Right, rights
from data.engine import HOME, MOST_INTERVALS, SYSTEM, Intervals, Origin, Scope, Via
from data.errors import Forbidden, Words

__all__ = ["SYSTEM_ACTOR", "Actor", "HeldRole", "Origin", "Via", "actor_of", "merge_intervals", "rights"]


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role in a region and all below it; code "" is the whole main scheme."""

    role: str
    scheme: str
    code: str
    name: str | None
    tier: str | None
    key: int | None
    lo: int
    hi: int
    opened: frozenset[str]
    """Data sets, and closed fields as `enterprises.employees`, that are open to the region's tier there."""

    def allows(self, right: Right) -> bool:
        """Whether the role has this right there; to see a data set it must also be open."""
        data_set = right.right.removeprefix("see_")
        return self.role in right.roles and (data_set not in data_sets() or data_set in self.opened)


@dataclass(frozen=True, slots=True)
class Proof:
    """What an actor came in by: a browser's session or a connector's token."""

    kind: Literal["session", "token"]
    id: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the product as another account: their own account, and as whom they act when they end it."""

    account_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """One account for the length of a request."""

    account_id: int | None
    login: str
    name: str
    roles: tuple[HeldRole, ...]
    scope: Scope
    proof: Proof | None = None
    asleep: tuple[str, ...] = ()
    """Roles that the account has and that do not count until it has a second factor."""
    viewer: Viewer | None = None
    """Who really sits there, where it is not this account: then nothing is written."""

    @property
    def rights(self) -> list[str]:
        """Every right that this actor has anywhere."""
        return [right for right in rights() if self.may(right)]

    def may(self, right: str) -> bool:
        """Whether this actor has `right` anywhere."""
        return bool(self.scope.of(right))

    def coming_from(self, origin: Origin) -> Actor:
        """The same actor, seen to come from there: so the audit log says it of all they do."""
        return replace(self, scope=replace(self.scope, origin=origin))

    def must_be_able_to(self, right: str) -> None:
        """Raises Forbidden unless this actor has `right` somewhere; where, the policies ask."""
        if not self.may(right):
            raise Forbidden("actor.may_not", right=Words(rights()[right].name_zh, rights()[right].name_en))

    def limited(self, allowed: Iterable[str], regions: Intervals) -> Actor:
        """The same with the `allowed` rights and the closed fields of the data sets that they show, in `regions` alone.

        Raises Forbidden as `actor_of`.
        """
        kept = set(allowed)
        kept |= {field.held for field in closed_fields() if data_sets()[field.data_set].right in kept}
        left = {name: common(held, regions) for name, held in self.scope.rights.items() if name in kept}
        _refuse_too_many(left.values())
        return replace(self, scope=replace(self.scope, rights=left))


def actor_of(account_id: int, login: str, name: str, roles: tuple[HeldRole, ...]) -> Actor:
    """An actor who has each right, and each closed field, in the regions of the roles that allow it.

    Raises Forbidden if those are too many.
    """
    held = {
        right.right: merge_intervals((role.lo, role.hi) for role in roles if role.allows(right))
        for right in rights().values()
    }
    for field in closed_fields():
        held[field.held] = merge_intervals(
            (role.lo, role.hi)
            for role in roles
            if role.allows(rights()[data_sets()[field.data_set].right]) and field.subject in role.opened
        )
    held[HOME] = merge_intervals((role.lo, role.hi) for role in roles)
    _refuse_too_many(held.values())
    said = " ".join(f"{role.role}@{role.code}" if role.code else role.role for role in roles)
    return Actor(account_id, login, name, roles, Scope(account_id, name, held, said))


def _refuse_too_many(held: Iterable[Intervals]) -> None:
    if any(len(intervals) > MOST_INTERVALS for intervals in held):
        raise Forbidden("actor.too_many_regions", most=MOST_INTERVALS)


def merge_intervals(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """Closed integer intervals, ascending, with overlapping and adjoining ones joined."""
    merged: list[tuple[int, int]] = []
    for lo, hi in sorted(intervals):
        if merged and lo <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(hi, merged[-1][1]))
        else:
            merged.append((lo, hi))
    return tuple(merged)


def common(some: Intervals, others: Intervals) -> Intervals:
    """What two sets of merged intervals share."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return merge_intervals((lo, hi) for lo, hi in both if lo <= hi)


SYSTEM_ACTOR = Actor(None, "system", "system", (), SYSTEM)
"""The installation itself, at the command line of its server."""
