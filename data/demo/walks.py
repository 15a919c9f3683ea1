"""How incidents of the demo city went: routes through the table of transitions, with the time of every deed.

A route is what would be done if there were time enough. What lies after the history's end has not been done yet: so
there are open incidents, in every state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from data.demo.division import Floats, Ints
from data.demo.rhythms import WorkingTime, invented
from data.dictionaries.transitions import Transition, states, transitions

SHARES = {
    "verified": 0.18,
    "returned": 0.036,
    "direct": 0.3,
    "suspended": 0.024,
    "extended": 0.03,
    "reworked": 0.046,
    "followed": 0.3,
}
"""Of incidents that are dispatched: what happens to them on the way, each by itself."""

SELF_HANDLED = 0.26
"""Of what grid workers report; they report less than half of everything."""

ENDED_EARLY = {"fail_verification": 0.012, "reject": 0.018, "merge": 0.012, "decline": 0.005, "cancel": 0.005}
"""Of what nobody handles himself: how it ends before anybody is sent."""

URGENT_PART = 0.12
"""Of the usual time, where it is urgent; and no hour is out of hours."""

FARTHEST = 3.0
"""Spreads from the median: nothing takes longer."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Routes:
    """Every route as places in the list of `deeds`: `steps` (routes, steps), −1 behind its end; and which is which."""

    deeds: list[Transition]
    steps: Ints
    handled: Ints
    """By the seven answers of SHARES as bits: which route."""

    self_handled: Ints
    """Not followed up, followed up."""

    ended_early: Ints
    """In the order of ENDED_EARLY."""


@dataclass(frozen=True, slots=True)
class Walks:
    """What was done to `count` incidents: for each deed its incident, ascending, when (Unix seconds), and which deed.

    `last` is the place of each incident's last deed in Routes.deeds, `closed_at` −1 where it is open.
    """

    incident: Ints
    at: Ints
    deed: Ints
    last: Ints
    closed_at: Ints


@cache
def routes() -> Routes:
    """Made from the table; a route that the table does not allow raises KeyError."""
    handled = [_handled(*answers) for answers in product((False, True), repeat=len(SHARES))]
    alone = [("report", "self_handle", "close"), ("report", "self_handle", "close", "follow_up", "archive")]
    early = [
        ("report", "request_verification", "fail_verification"),
        ("report", "submit", "reject"),
        ("report", "submit", "merge"),
        ("report", "submit", "accept", "decline"),
        ("report", "submit", "accept", "register", "cancel"),
    ]
    found = [_through_the_table(actions) for actions in (*handled, *alone, *early)]
    deeds = list(transitions().values())
    place = {deed: number for number, deed in enumerate(deeds)}
    steps = np.full((len(found), max(map(len, found))), -1, dtype=np.int64)
    for row, route in enumerate(found):
        steps[row, : len(route)] = [place[deed] for deed in route]
    bounds = np.cumsum([0, len(handled), len(alone), len(early)])
    return Routes(deeds, steps, *(np.arange(low, high) for low, high in pairwise(bounds)))


def _handled(
    verified: bool, returned: bool, direct: bool, suspended: bool, extended: bool, reworked: bool, followed: bool
) -> tuple[str, ...]:
    return (
        "report",
        *(("request_verification", "verify") if verified else ()),
        *("submit", "accept", "register", "dispatch"),
        *(("request_return", "approve_return", "dispatch") if returned else ()),
        "sign",
        *(() if direct else ("arrive",)),
        "start",
        *(("request_extension", "grant_extension") if extended else ()),
        *(("suspend", "resume") if suspended else ()),
        *("finish", "request_check"),
        *(("fail_check", "rework", "finish", "request_check") if reworked else ()),
        "close",
        *(("follow_up", "archive") if followed else ()),
    )


def _through_the_table(actions: tuple[str, ...]) -> list[Transition]:
    state: str | None = None
    found = []
    for action in actions:
        found.append(transitions()[state, action])
        state = found[-1].to_state
    return found


def choose_routes(by_patrol: Mask, urgent: Mask, random: np.random.Generator) -> Ints:
    """A route for each incident; what is urgent is neither suspended nor extended nor ended early."""
    table = routes()
    count = len(by_patrol)
    answers = random.random((count, len(SHARES))) < np.array(list(SHARES.values()))
    names = list(SHARES)
    answers[by_patrol, names.index("verified")] = False
    answers[urgent, names.index("suspended")] = answers[urgent, names.index("extended")] = False
    found = table.handled[answers @ (1 << np.arange(len(SHARES))[::-1])]
    shares = np.array(list(ENDED_EARLY.values()))
    early = (random.random(count) < shares.sum()) & ~urgent
    found[early] = random.choice(table.ended_early, int(early.sum()), p=shares / shares.sum())
    alone = by_patrol & ~urgent & (random.random(count) < SELF_HANDLED)
    found[alone] = table.self_handled[(random.random(int(alone.sum())) < SHARES["followed"]).astype(np.int64)]
    return found


def walk(
    route: Ints,
    reported_at: Ints,
    limit_s: Floats,
    urgent: Mask,
    working: WorkingTime,
    end: int,
    random: np.random.Generator,
) -> Walks:
    """Does what was done until `end`; limits are in seconds of working time, of any time where it is urgent."""
    table = routes()
    median, spread, of_limit, in_hours = _steps()
    steps = table.steps[route]
    times = np.empty(steps.shape, dtype=np.int64)
    now: Ints = reported_at
    times[:, 0] = now
    for column in range(1, steps.shape[1]):
        deed = steps[:, column]
        takes = median[deed] * np.exp(spread[deed] * np.clip(random.standard_normal(len(deed)), -FARTHEST, FARTHEST))
        takes *= np.where(of_limit[deed], limit_s, np.where(urgent, 60 * URGENT_PART, 60))
        waits = in_hours[deed] & ~urgent
        now = np.where(waits, working.later(now, takes), now + np.maximum(takes, 1).astype(np.int64))
        times[:, column] = now
    done = (steps >= 0) & (times <= end)
    incident, step = np.nonzero(done)
    last_column = done.sum(axis=1) - 1
    rows = np.arange(len(route))
    closes = np.array([states()[deed.to_state].is_closed for deed in table.deeds])
    closing = done & closes[steps]
    closed_at = np.where(closing.any(axis=1), times[rows, closing.argmax(axis=1)], -1)
    return Walks(incident, times[incident, step], steps[incident, step], steps[rows, last_column], closed_at)


def _steps() -> tuple[Floats, Floats, Mask, Mask]:
    """For each deed: median in minutes or parts of the limit, spread, whether a part, whether it waits out of hours."""
    found = [invented()["steps"].get(deed.action, [1.0, 0.5, "always"]) for deed in routes().deeds]
    median, spread, clock = zip(*found, strict=True)
    of_limit = np.array([name == "limit" for name in clock])
    return np.array(median), np.array(spread), of_limit, of_limit | np.array([name == "working" for name in clock])
