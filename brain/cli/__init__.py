"""The command `citybrain`: what an administrator does at the server. One room per group of commands."""

from __future__ import annotations

import typer

from brain.cli import accounts, exports, imports, placing, server
from brain.cli.output import show_fault
from data.errors import CityError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("run")(server.run)
app.command("serve")(server.serve)
app.command("work")(server.work)
app.command("migrate")(server.migrate)
app.command("doctor")(server.doctor)
app.command("openapi")(server.openapi)
app.command("place")(placing.place)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(accounts.app, name="accounts")


def main() -> None:
    """The entry point: a fault is shown as a sentence, never as a traceback."""
    try:
        app()
    except CityError as fault:
        show_fault(fault)
        raise SystemExit(1) from None
