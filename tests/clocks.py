"""A clock that tests turn by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from brain.context import Context
from brain.settings import Settings


class Clock:
    """Stands still until it is turned forward."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now

    def forward(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Lets time pass."""
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)


def by_the_clock(context: Context, **settings: object) -> tuple[Context, Clock]:
    """The same installation by a clock of the test's, and with other settings."""
    clock = Clock()
    changed: Settings = context.settings.model_copy(update=settings)
    return replace(context, clock=clock, settings=changed), clock
