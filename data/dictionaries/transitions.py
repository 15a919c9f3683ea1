"""How an incident goes from state to state: the seven stages as a table, and what a log of deeds leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from data.dictionaries.rights import read_rows


@dataclass(frozen=True, slots=True)
class State:
    """What an incident may be in. One that `is_closed` has a time of closing; work goes on in the others."""

    state: str
    name_zh: str
    stage: str
    stage_zh: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Transition:
    """What `action` does to an incident in `from_state` (None: there is none yet), and who may do it.

    `stage` is the one it leads into, `who` a role, `reporter` or `system`. `guard` says in words what must hold.
    `timer` is what happens to the clock of the whole case: start, pause, resume, extend, stop, or nothing.
    """

    from_state: str | None
    action: str
    to_state: str
    stage: str
    who: str
    guard: str | None
    timer: str | None


@cache
def states() -> dict[str, State]:
    """Every state by its name."""
    return {
        row["state"]: State(row["state"], row["name_zh"], row["stage"], row["stage_zh"], row["is_closed"] == "yes")
        for row in read_rows("states.tsv")
    }


@cache
def actions() -> dict[str, str]:
    """The Chinese name of every action."""
    return {row["action"]: row["name_zh"] for row in read_rows("actions.tsv")}


@cache
def transitions() -> dict[tuple[str | None, str], Transition]:
    """The table, by the state before and the action: together they say which state comes after."""
    found = [
        Transition(
            row["from_state"] or None,
            row["action"],
            row["to_state"],
            row["stage"],
            row["who"],
            row["guard"] or None,
            row["timer"] or None,
        )
        for row in read_rows("transitions.tsv")
    ]
    return {(transition.from_state, transition.action): transition for transition in found}


def state_after(deeds: Iterable[str]) -> str | None:
    """The state that a log of actions, oldest first, leads to; None if it is empty or no legal walk."""
    state: str | None = None
    for action in deeds:
        transition = transitions().get((state, action))
        if transition is None:
            return None
        state = transition.to_state
    return state
