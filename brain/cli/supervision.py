"""Processes that end with the one that started them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated

import typer

SUPERVISED = "--supervised"
Supervised = Annotated[bool, typer.Option(SUPERVISED, help="End when standard input closes.")]


def end_with_input() -> None:
    """Watches standard input: a supervisor that is killed closes its end of the pipe, and nobody is left behind."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
