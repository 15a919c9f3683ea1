"""`citybrain export`: data taken away as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brain import exports
from brain.actor import SYSTEM_ACTOR
from brain.cli.database import in_context
from brain.cli.output import say
from data.dictionaries import MAIN_SCHEME

app = typer.Typer(help="Take data away as files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `export` a group of commands while it has one."""


@app.command("regions")
def regions(
    out: Annotated[Path, typer.Argument(help="The ending names the format: .geojson .geojsonl .gpkg .shp .fgb")],
    scheme: Annotated[str, typer.Option(help="Which scheme.")] = MAIN_SCHEME,
    tier: Annotated[str | None, typer.Option(help="Only this tier.")] = None,
    crs: Annotated[str, typer.Option(help="EPSG:4326, EPSG:4490, EPSG:4547, GCJ-02, …")] = "EPSG:4326",
) -> None:
    """Writes the regions of a scheme's current edition, parents first."""
    count = in_context(lambda context: exports.export_regions(context, SYSTEM_ACTOR, scheme, tier, crs, out))
    say("export.done", count=count, file=out)
