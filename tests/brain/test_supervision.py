"""A signal ends the process at whatever moment it comes."""

from __future__ import annotations

import signal
import weakref
from collections.abc import Iterator

import pytest

from brain.cli.supervision import SIGNALS, Ending


class Something:
    """A thing that can be referred to weakly."""


@pytest.fixture
def ending() -> Iterator[Ending]:
    """This process's signals, given back afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield Ending()
    for number, handler in before.items():
        signal.signal(number, handler)


def raise_where_python_drops_it() -> None:
    """SIGTERM while a weak reference's callback runs."""
    thing = Something()
    watcher = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
    del thing
    assert watcher() is None


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_process(ending: Ending, number: signal.Signals) -> None:
    """By SystemExit, with success."""
    with pytest.raises(SystemExit) as end:
        signal.raise_signal(number)
    assert end.value.code == 0


def test_work_that_is_left_undone_is_no_success(ending: Ending) -> None:
    """The status is the one that shells know."""
    Ending(leaves_undone=True)
    with pytest.raises(SystemExit) as end:
        signal.raise_signal(signal.SIGTERM)
    assert end.value.code == 128 + signal.SIGTERM


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_dropped_is_remembered(ending: Ending) -> None:
    """It was seen as `citybrain run` that did not end: one start in twenty, if the signal came at once."""
    ending.check()
    raise_where_python_drops_it()
    with pytest.raises(SystemExit):
        ending.check()
    ended: list[bool] = []
    with ending.by(lambda: ended.append(True)):
        assert ended == [True]


def test_what_ends_by_itself_is_asked_and_not_broken_off(ending: Ending) -> None:
    """A server is told; before and after it the signal raises."""
    ended: list[bool] = []
    with ending.by(lambda: ended.append(True)):
        assert ended == []
        raise_where_python_drops_it()
        signal.raise_signal(signal.SIGINT)
        assert ended == [True, True]
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGTERM)
