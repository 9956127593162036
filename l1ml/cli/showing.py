"""Commands that show what is there."""

from __future__ import annotations

from pathlib import Path

import typer

from l1ml.cli.application import app


@app.command("list")
def list_() -> None:
    """List the triggers that come with l1ml."""
    from rich.markup import escape

    from l1ml.builds.specs import load_spec, projects
    from l1ml.console import console
    from l1ml.errors import L1mlError

    rows = []
    for name, file in projects().items():
        shown = str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
        try:
            rows.append((name, load_spec(name).title, shown, ""))
        except L1mlError as error:  # the others are right
            rows.append((name, str(error), shown, "red"))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, title, shown, style in rows:
        line = f"{name:<{widths[0]}}  {title:<{widths[1]}}  {shown}"
        console.print(escape(line), style=style, soft_wrap=True)  # no path is cut, however narrow the terminal


@app.command()
def doctor() -> None:
    """Check the programs and packages that l1ml needs, and say how to get what is missing."""
    from l1ml.doctor import check

    if not check():
        raise typer.Exit(1)
