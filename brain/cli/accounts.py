"""`citybrain accounts`: people who may sign in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from brain import account_files, account_keeping, accounts
from brain.account_files import Link
from brain.account_rules import Gift
from brain.accounts import Card
from brain.actor import SYSTEM_ACTOR
from brain.cli.database import in_context
from brain.cli.output import language, say
from data.dictionaries import MAIN_SCHEME
from data.errors import BadInput

app = typer.Typer(help="People who may sign in.", no_args_is_help=True)

Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="CITYBRAIN_PASSWORD")
]


@app.command("add")
def add(
    login: str,
    password: Password,
    name: Annotated[str, typer.Option(help="The person's real name.")],
    role: Annotated[str, typer.Option(help="staff, dispatcher, planner, administrator, …")],
    region: Annotated[list[str] | None, typer.Option(help="Code of a region they may see; without it, all.")] = None,
) -> None:
    """Adds a person who may sign in."""

    in_context(
        lambda context: accounts.add(
            context,
            SYSTEM_ACTOR,
            login=login,
            name=name,
            role=role,
            password=password,
            regions=[(MAIN_SCHEME, code) for code in region or []],
        )
    )
    say("accounts.added", login=login)


@app.command("invite")
def invite(
    login: str,
    name: Annotated[str, typer.Option(help="The person's real name.")],
    role: Annotated[str, typer.Option(help="staff, dispatcher, planner, administrator, …")],
    region: Annotated[list[str] | None, typer.Option(help="Code of a region they may see; without it, all.")] = None,
    staff_number: Annotated[str | None, typer.Option(help="Nobody else's.")] = None,
) -> None:
    """Adds a person who sets their own password by a link, shown this once."""

    gifts = [Gift(role, code) for code in region or [""]]
    card = Card(login, name, staff_number)
    _, token = in_context(lambda context: account_keeping.add(context, SYSTEM_ACTOR, card, gifts))
    say("accounts.invited", login=login, token=token)


@app.command("import")
def import_(
    file: Path,
    commit: Annotated[bool, typer.Option(help="Write; without it the file is only looked at.")] = False,
    links: Annotated[Path | None, typer.Option(help="A new CSV file for the invitations.")] = None,
) -> None:
    """Adds and changes people from a CSV file: all rows or none."""

    if commit and (links is None or links.exists()):
        raise BadInput("accounts.links_needed")
    taken = in_context(lambda context: account_files.import_accounts(context, SYSTEM_ACTOR, file, commit=commit))
    for fault in taken.faults:
        where = fault.where
        say("accounts.import_fault", line=where.line, field=where.field or "-", fault=fault.bare_said(language()))
    say("accounts.imported", rows=taken.rows, added=taken.added, changed=taken.changed, roles=taken.roles)
    if taken.faults:
        raise BadInput("account.faulty_rows")
    if links is None:
        say("accounts.looked")
        return
    links.touch(mode=0o600)
    with links.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([("login", "name", "link"), *_rows(taken.links)])
    say("accounts.links_written", path=links)


def _rows(links: list[Link]) -> list[tuple[str, str, str]]:
    return [(link.login, link.name, f"/invitation/{link.token}") for link in links]


@app.command("password")
def password(login: str, new: Password) -> None:
    """Gives a person a new password."""

    in_context(lambda context: accounts.set_password(context, login, new))
    say("accounts.password_set", login=login)


@app.command("factor-off")
def factor_off(login: str) -> None:
    """Turns off the second factor of somebody who has lost it."""

    in_context(lambda context: accounts.end_factor(context, login))
    say("accounts.factor_ended", login=login)
