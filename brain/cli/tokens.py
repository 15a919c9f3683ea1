"""`citybrain tokens`: what connectors sign their requests with."""

from __future__ import annotations

from typing import Annotated

import typer

from brain import tokens
from brain.actor import SYSTEM_ACTOR
from brain.cli.database import in_context
from brain.cli.output import say
from data.dictionaries import MAIN_SCHEME

app = typer.Typer(help="Tokens for connectors.", no_args_is_help=True)


@app.command("add")
def add(
    login: str,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    right: Annotated[list[str], typer.Option(help="A right of the account; may be given several times.")],
    region: Annotated[
        list[str] | None, typer.Option(help="Code of a region; without it, all of the account's.")
    ] = None,
    days: Annotated[int, typer.Option(help="After so many days it ends.")] = 365,
) -> None:
    """Makes a token of an account, limited to some of its rights, and shows it this once."""

    token = in_context(
        lambda context: tokens.add(
            context,
            SYSTEM_ACTOR,
            login,
            name=name,
            rights=right,
            regions=[(MAIN_SCHEME, code) for code in region or []],
            days=days,
        )
    )
    say("tokens.added", token=token)


@app.command("list")
def list_(login: str) -> None:
    """Shows an account's tokens."""

    for token in in_context(lambda context: tokens.list_tokens(context, SYSTEM_ACTOR, login)):
        used = token.last_used_at
        say(
            "tokens.line",
            id=token.id,
            name=token.name,
            rights=", ".join(token.rights),
            regions="、".join(token.regions) or "*",
            expires=f"{token.expires_at:%Y-%m-%d}",
            used=f"{used:%Y-%m-%d %H:%M}" if used else "-",
        )


@app.command("revoke")
def revoke(token: Annotated[int, typer.Argument(help="Its number, as shown by list.")]) -> None:
    """Ends a token at once."""

    in_context(lambda context: tokens.revoke(context, SYSTEM_ACTOR, token))
    say("tokens.revoked", id=token)
