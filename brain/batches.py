"""Many reports at once, streamed: a batch over HTTP, and whatever else comes line by line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from brain.actor import Actor
from brain.context import Context
from brain.intake import Outcome, report_chunks
from brain.report_checks import Given
from brain.reports import IncidentReport, read_report
from data.errors import BadInput, CityError, TooLarge, Where

CHUNK = 5_000
"""Reports to a transaction."""

MOST_FAULTS = 1_000
"""Faults that are kept; beyond that they are counted only."""


@dataclass(slots=True)
class Tally:
    """What became of many reports."""

    accepted: int = 0
    known: int = 0
    unassigned: int = 0
    far: int = 0
    rejected: int = 0
    faults: list[CityError] = field(default_factory=list)

    def reject(self, fault: CityError) -> None:
        """Counts a refused report; keeps its fault while there is room."""
        self.rejected += 1
        for cause in fault.causes or (fault,):
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(cause)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Adds the outcomes of some reports."""
        for outcome in outcomes:
            if outcome.fault is not None:
                self.reject(outcome.fault)
            elif outcome.is_new:
                self.accepted += 1
                self.unassigned += not outcome.assigned
                self.far += outcome.far
            else:
                self.known += 1


async def report_stream(context: Context, actor: Actor, blocks: AsyncIterator[bytes]) -> Tally:
    """Takes NDJSON in, a transaction for every few thousand lines. Raises Forbidden, Conflict, TooLarge."""
    tally = Tally()
    chunks = _chunks(_lines(blocks, context.settings.batch_line_limit))
    async with aclosing(report_chunks(context, actor, chunks)) as done:
        async for faults, outcomes in done:
            for fault in faults:
                tally.reject(fault)
            tally.count(outcomes)
    return tally


async def _chunks(lines: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[tuple[list[CityError], Given]]:
    """The lines as reports, chunk by chunk, each with the faults of those that are none."""
    waiting: list[tuple[int, bytes]] = []
    async for numbered in lines:
        waiting.append(numbered)
        if len(waiting) == CHUNK:
            yield await asyncio.to_thread(_parsed, waiting)
            waiting = []
    if waiting:
        yield await asyncio.to_thread(_parsed, waiting)


def _parsed(lines: list[tuple[int, bytes]]) -> tuple[list[CityError], Given]:
    faults: list[CityError] = []
    reports: list[tuple[Where, IncidentReport]] = []
    for number, line in lines:
        if line.strip():
            try:
                reports.append((Where(line=number), _parse(line, number)))
            except CityError as fault:
                faults.append(fault)
    return faults, reports


def _parse(line: bytes, number: int) -> IncidentReport:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise BadInput("batch.not_json", where=Where(line=number)) from None
    if not isinstance(fields, dict):
        raise BadInput("batch.not_json", where=Where(line=number))
    return read_report(fields, Where(line=number))


async def _lines(blocks: AsyncIterator[bytes], limit: int) -> AsyncIterator[tuple[int, bytes]]:
    """Numbered lines of a stream of bytes; a line longer than `limit` is refused, not gathered."""
    number, rest = 1, b""
    async for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield number, line
            number += 1
        if len(rest) > limit:
            raise TooLarge("batch.line_too_long", where=Where(line=number), limit=limit)
    if rest:
        yield number, rest
