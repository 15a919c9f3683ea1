"""`python -m bench NAME [--quick] [--json]` and `python -m bench chart RESULTS PICTURE`."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.chart import draw
from bench.demo import load
from bench.form import Benchmark, Result
from bench.intake import intake
from bench.placing import placing
from bench.rights import policies

WIDTH = 140
"""Characters of the table, however narrow the terminal."""

BENCHMARKS: dict[str, Benchmark] = {"placing": placing, "intake": intake, "demo": load, "rights": policies}

app = typer.Typer(help="Measures ours and its peers in the same run.", no_args_is_help=True)


def _add(name: str, benchmark: Benchmark) -> None:
    @app.command(name, help=benchmark.__doc__)
    def run(
        quick: Annotated[bool, typer.Option("--quick", help="Fewer runs, fewer or smaller inputs.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
    ) -> None:
        results = benchmark(quick)
        if as_json:
            print(json.dumps({"name": name, "results": [asdict(result) for result in results]}))
        else:
            _show(results)


def _show(results: list[Result]) -> None:
    """As wide as it needs to be: a figure cut off is a wrong figure."""
    table = Table()
    for field in fields(Result):
        table.add_column(field.name, no_wrap=True, overflow="ignore")
    for result in results:
        table.add_row(*("" if value is None else _shown(value) for value in asdict(result).values()))
    Console(width=max(Console().width, WIDTH)).print(table)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@app.command()
def chart(
    results: Annotated[Path, typer.Argument(exists=True, help="What `placing --json` printed.")],
    picture: Annotated[Path, typer.Argument(help="The SVG to write.")],
) -> None:
    """A picture of the bulk figures, for docs/performance.md."""
    draw(results, picture)


for _name, _benchmark in BENCHMARKS.items():
    _add(_name, _benchmark)

if __name__ == "__main__":
    app()
