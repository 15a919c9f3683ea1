"""The table of transitions: one way of reading it, no dead end but the closed states, no state that nothing leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.dictionaries.transitions import actions, state_after, states, transitions

STAGES = ["collect", "file", "dispatch", "handle", "feed_back", "check", "evaluate"]


def test_the_table_and_the_lists_of_names_hold_the_same() -> None:
    """No state or action without a Chinese name, none that the table does not use; the state before says what comes."""
    table = transitions().values()
    assert {deed.to_state for deed in table} | {deed.from_state for deed in table} == {*states(), None}
    assert {deed.action for deed in table} == set(actions())
    assert all(deed.stage == states()[deed.to_state].stage for deed in table)
    assert list(dict.fromkeys(state.stage for state in states().values())) == STAGES


def test_every_state_is_reached_and_every_open_one_can_be_closed() -> None:
    """From the report on; and from every open state some way leads to a closed one."""
    reached: set[str | None] = {None}
    for _ in transitions():
        reached |= {deed.to_state for deed in transitions().values() if deed.from_state in reached}
    assert reached == {None, *states()}
    ending = {name for name, state in states().items() if state.is_closed}
    for _ in transitions():
        ending |= {deed.from_state for deed in transitions().values() if deed.to_state in ending and deed.from_state}
    assert ending == set(states())


def test_what_is_closed_stays_closed_and_stops_the_clock() -> None:
    """Closing happens once: what comes after is evaluation."""
    for deed in transitions().values():
        was_closed = deed.from_state is not None and states()[deed.from_state].is_closed
        is_closed = states()[deed.to_state].is_closed
        assert is_closed or not was_closed
        assert (deed.timer == "stop") == (is_closed and not was_closed)


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        ("report", "reported"),
        ("report self_handle close", "closed"),
        ("report self_handle refuse_self_handling reject", "rejected"),
        ("report request_verification fail_verification", "verify_failed"),
        ("report request_verification verify submit merge", "merged"),
        ("report submit accept register cancel", "void"),
        ("report submit accept register dispatch request_return approve_return", "pending_dispatch"),
        ("report submit accept register queue dispatch sign start request_extension grant_extension", "in_progress"),
        ("report submit accept register dispatch sign arrive start suspend", "suspended"),
        ("report submit accept register dispatch sign start finish request_check fail_check rework", "in_progress"),
        ("report submit accept register dispatch sign start finish request_check close follow_up archive", "archived"),
        ("", None),
        ("submit", None),
        ("report close", None),
        ("report report", None),
        ("report self_handle close dispatch", None),
        ("report submit accept register dispatch sign arrive start suspend finish", None),
    ],
)
def test_a_log_leads_to_a_state_or_is_no_legal_walk(deeds: str, state: str | None) -> None:
    """The fast path, the usual one, the ways out; and what must not be done."""
    assert state_after(deeds.split()) == state


@given(st.lists(st.integers(0, 50), max_size=40))
def test_whoever_follows_the_table_walks_legally(choices: list[int]) -> None:
    """Any choice among what is allowed at each step; and one step that is not allowed spoils it."""
    state: str | None = None
    log: list[str] = []
    for choice in choices:
        allowed = [deed for deed in transitions().values() if deed.from_state == state]
        if not allowed:
            break
        deed = allowed[choice % len(allowed)]
        state = deed.to_state
        log.append(deed.action)
        assert state_after(log) == state
    forbidden = set(actions()) - {deed.action for deed in transitions().values() if deed.from_state == state}
    assert all(state_after([*log, action]) is None for action in forbidden)
