"""How a process ends: on a signal, or with the process that started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

SUPERVISED = "--supervised"
Supervised = Annotated[bool, typer.Option(SUPERVISED, help="End when standard input closes.")]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGINT too: a shell that starts a command in the background has it ignored, and Python leaves it so."""

SIGNALLED = 128
"""Shells add the signal's number."""


class Ending:
    """Turns the signals that end a process into SystemExit, so that what is open is closed in its order.

    Python drops an exception that is raised while a weak reference's callback or a finaliser runs. A signal that
    came at such a moment is remembered, and `check` raises again where nothing drops it. The process that is over with
    it ends with success; one that leaves its work undone with the status that shells give to a signal.
    """

    def __init__(self, *, leaves_undone: bool = False) -> None:
        self._leaves_undone = leaves_undone
        self._status: int | None = None
        self._end = self._exit
        for number in SIGNALS:
            signal.signal(number, self._heard)

    def _heard(self, number: int, _: Any) -> None:
        self._status = SIGNALLED + number if self._leaves_undone else 0
        self._end()

    def check(self) -> None:
        """Raises SystemExit if a signal has come before."""
        if self._status is not None:
            self._exit()

    @contextmanager
    def by(self, end: Callable[[], None]) -> Iterator[None]:
        """Meanwhile a signal calls `end` and raises nothing; so does one that came before."""
        self._end = end
        if self._status is not None:
            end()
        try:
            yield
        finally:
            self._end = self._exit

    def _exit(self) -> None:
        sys.exit(self._status)


def end_with_input() -> None:
    """Watches standard input: a supervisor that is killed closes its end of the pipe, and nobody is left behind."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
