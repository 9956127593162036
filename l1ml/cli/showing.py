"""Commands that show what is there."""

from __future__ import annotations

import typer

from l1ml.cli.application import app


@app.command("list")
def list_() -> None:
    """List the triggers that come with l1ml."""
    from rich.markup import escape
    from rich.table import Table

    from l1ml.builds.specs import load_spec, projects
    from l1ml.console import console
    from l1ml.errors import L1mlError

    table = Table("project", "trigger", "title", "spec", box=None)
    for name, file in projects().items():
        try:
            spec = load_spec(name)
            table.add_row(name, spec.trigger, escape(spec.title), str(file))
        except L1mlError as error:  # the others are right
            table.add_row(name, "[red]?[/]", f"[red]{escape(str(error))}[/]", str(file))
    console.print(table)


@app.command()
def doctor() -> None:
    """Check the programs and packages that l1ml needs, and say how to get what is missing."""
    from l1ml.doctor import check

    if not check():
        raise typer.Exit(1)
