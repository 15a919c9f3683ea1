"""`citybrain import register`: a town's own registers from files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brain import registers
from brain.actor import SYSTEM_ACTOR
from brain.cli.database import in_context
from brain.cli.output import language, progress_bars, say, show_fault
from brain.context import Context
from brain.registers import Outcome, RegisterFile, bring
from data.errors import BadInput
from data.rejects import rejects_beside

SHOWN = 12


def register(
    kind: Annotated[str, typer.Argument(help="building, household, person, enterprise, compound, facility …")],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, XLS, ODS, GeoJSON, GeoPackage, Shapefile.")],
    field_map: Annotated[
        list[str] | None, typer.Option("--map", help="HEADING=FIELD, where a heading is not understood by itself.")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="Of its coordinates: EPSG:4490, GCJ-02, BD-09 …")] = None,
    encoding: Annotated[str | None, typer.Option(help="Found out where not given.")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Write; without it nothing is written.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Retire what the file does not hold any more.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where rows that cannot be taken go.")] = None,
) -> None:
    """Says what a register would change and, with --commit, takes in all of its good rows at once, by their numbers."""
    spec = RegisterFile(file, kind, crs=crs, encoding=encoding).with_headings(_headings(field_map or []))
    kept = rejects or rejects_beside(file)

    async def take_in(context: Context) -> Outcome:
        with progress_bars() as step:
            return await bring(
                context,
                SYSTEM_ACTOR,
                spec,
                commit=commit,
                retire_vanished=retire,
                rejects=kept,
                language=language(),
                progress=lambda rows: step("register", rows, 0),
            )

    outcome = in_context(take_in)
    _show(spec, outcome)
    for fault in outcome.faults[:SHOWN]:
        show_fault(fault)
    if outcome.rejected:
        say("import.rejects", file=kept)
    if outcome.plan.missing or (outcome.rejected and outcome.rejected == outcome.rows):
        raise SystemExit(1)


def _show(spec: RegisterFile, outcome: Outcome) -> None:
    fields = spec.known.fields
    names = {name: one.name_zh if language() == "zh" else one.name_en for name, one in fields.items()}
    for name, heading in outcome.plan.mapping.items():
        say("import.register_mapped", field=names[name], heading=heading)
    if outcome.plan.missing:
        show_fault(registers.missing_fault(spec, outcome.plan))
        return
    say(
        "import.register_done" if outcome.committed else "import.register_dry_run",
        register=spec.known.name_zh if language() == "zh" else spec.known.name_en,
        new=outcome.new,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        vanished=outcome.vanished,
        retired=outcome.vanished if outcome.retired else 0,
        rejected=outcome.rejected,
    )
    for name, count in outcome.fields.most_common():
        say("import.register_changes", field=names.get(name, name), count=count)


def _headings(given: list[str]) -> dict[str, str]:
    """Heading → field of `HEADING=FIELD`. Raises BadInput."""
    found = {}
    for one in given:
        heading, equals, name = one.rpartition("=")
        if not (heading and equals and name):
            raise BadInput("register.map_malformed", given=one)
        found[heading] = name
    return found
