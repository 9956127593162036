"""Commands that hold builds against each other: ``l1ml compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import app


@app.command()
def compare(
    one: Annotated[Path, typer.Argument(metavar="A", help="Folder of a finished build.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="Folder of another.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write `compare.json` and `compare.html` there, too.")
    ] = None,
) -> None:
    """Put two builds side by side: spec, verdict, latency, cells, physics."""
    from l1ml.console import console
    from l1ml.report.comparing import compare_builds, comparison_table, write_comparison

    found = compare_builds(one, other)
    console.print(comparison_table(found))
    if out is not None:
        write_comparison(found, out)
        console.print(f"Comparison: {out / 'compare.html'}", soft_wrap=True, markup=False)
