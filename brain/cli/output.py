"""How the command line speaks: the caller's language, faults as sentences, progress as bars."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from brain.boundaries import Progress as Step
from data.errors import CityError, Language, message

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def language() -> Language:
    """Chinese where the locale is Chinese, else English."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def say(key: str, **values: object) -> None:
    """Prints one message of the catalogue."""
    console.print(message(key, language()).format_map(values), markup=False, soft_wrap=True)


def show_fault(fault: CityError) -> None:
    """Prints a fault, and its causes one a line, on the error stream."""
    errors.print(fault.said(language()), style="bold red", markup=False, soft_wrap=True)
    for cause in fault.causes:
        errors.print(f"  {cause.said(language())}", markup=False, soft_wrap=True)


@contextmanager
def progress_bars() -> Iterator[Step]:
    """A function to report steps to; each step gets a bar, or its name on a line where no terminal shows it."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(message(f"step.{name}", language()), total=total)
                if bars.disable:
                    errors.print(message(f"step.{name}", language()), markup=False)
            bars.update(tasks[name], completed=done, total=total or None)

        yield step
