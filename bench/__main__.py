"""`python -m bench NAME [--quick] [--json]`."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.form import Benchmark, Result
from bench.placing import placing

BENCHMARKS: dict[str, Benchmark] = {"placing": placing}


def main(
    name: Annotated[str, typer.Argument(help=", ".join(BENCHMARKS))],
    quick: Annotated[bool, typer.Option("--quick", help="The same sizes, fewer runs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Measures, and prints what came out."""
    if name not in BENCHMARKS:
        raise typer.BadParameter(f"there are: {', '.join(BENCHMARKS)}")
    results = BENCHMARKS[name](quick)
    if as_json:
        print(json.dumps({"name": name, "results": [asdict(result) for result in results]}))
        return
    table = Table(*(field.name for field in fields(Result)))
    for result in results:
        table.add_row(*("" if value is None else _shown(value) for value in asdict(result).values()))
    Console().print(table)


def _shown(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


typer.run(main)
