"""`citybrain audit`: proving the audit log, and dropping what is over age."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brain import audit_checks, audit_months
from brain.cli.database import in_context
from brain.cli.output import say, show_fault
from brain.context import Context
from brain.seals import heads_files

app = typer.Typer(help="The audit log: is it as it was written?", no_args_is_help=True)


@app.command("verify")
def verify(
    heads: Annotated[
        Path | None, typer.Option(help="The heads to compare with; those in the installation's home by default.")
    ] = None,
) -> None:
    """Computes every seal anew; names the first that does not fit, and a head that is missing or differs."""

    async def work(context: Context) -> audit_checks.Verdict:
        return await audit_checks.verify(context, heads or heads_files(context)[0])

    found = in_context(work)
    say("audit.compared", seals=found.seals, rows=found.rows, unsealed=found.unsealed)
    if found.pruned:
        say("audit.pruned_before", months=", ".join(f"{month:%Y-%m}" for month in sorted(found.pruned)))
    for fault in found.faults:
        show_fault(fault)
    if found.faults:
        raise SystemExit(1)
    say("audit.intact")


@app.command("prune")
def prune() -> None:
    """Drops the months that are over age, as the database's owner; it is recorded and sealed."""
    dropped = in_context(audit_months.prune)
    for month, rows in dropped.items():
        say("audit.month_dropped", month=month[:7], rows=rows)
    if not dropped:
        say("audit.nothing_to_prune")
