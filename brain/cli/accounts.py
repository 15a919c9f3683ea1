"""`citybrain accounts`: people who may sign in."""

from __future__ import annotations

from typing import Annotated

import typer

from brain import accounts
from brain.actor import SYSTEM_ACTOR
from brain.cli.database import in_context
from brain.cli.output import say
from data.dictionaries import MAIN_SCHEME

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
