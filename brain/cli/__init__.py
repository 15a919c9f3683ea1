"""The command `citybrain`: what an administrator does at the server. One room per group of commands."""

from __future__ import annotations

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from brain.cli import accounts, audit, demo, exports, imports, placing, server, simulation, tokens
from brain.cli.output import show_fault
from data.errors import BadInput, CityError, Unready

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("run")(server.run)
app.command("serve")(server.serve)
app.command("work")(server.work)
app.command("migrate")(server.migrate)
app.command("doctor")(server.doctor)
app.command("openapi")(server.openapi)
app.command("demo")(demo.load)
app.command("simulate")(simulation.simulate)
app.command("place")(placing.place)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(accounts.app, name="accounts")
app.add_typer(audit.app, name="audit")
app.add_typer(tokens.app, name="tokens")


def main() -> None:
    """The entry point: a fault is shown as a sentence, never as a traceback."""
    try:
        app()
    except (CityError, OSError, SQLAlchemyError, ValidationError) as fault:
        show_fault(_said(fault))
        raise SystemExit(1) from None


def _said(fault: Exception) -> CityError:
    """What went wrong outside the product's own rules, in its words: files, the database, the settings."""
    if isinstance(fault, CityError):
        return fault
    if isinstance(fault, ValidationError):
        first = fault.errors()[0]
        return BadInput("settings.invalid", name=str(first["loc"][0]).upper(), reason=first["msg"])
    if isinstance(fault, OSError):
        return BadInput("file.os", file=fault.filename or "-", reason=fault.strerror or str(fault))
    return Unready("database.unreachable", reason=str(getattr(fault, "orig", None) or fault).strip())
