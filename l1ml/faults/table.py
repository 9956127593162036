"""What became of faults, as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from l1ml.faults.fault import KINDS
from l1ml.faults.mutate import DETECTED, EQUIVALENT, MISSED, Mutation

COLUMNS = ("injected", "detected", "proved equivalent", "neither", "detected of the others")


def table(mutation: Mutation) -> Table:
    """A row for each kind of fault, and one for all of them."""
    title = f"{mutation.design}, reuse factor {mutation.reuse_factor}: {len(mutation.verdicts)} of"
    grid = Table(title=f"{title} {mutation.available:,} possible faults, {mutation.events:,} events", min_width=80)
    grid.add_column("kind")
    for column in COLUMNS:
        grid.add_column(column, justify="right")
    for kind in (*KINDS, None):
        counts = [mutation.count(state, kind) for state in (DETECTED, EQUIVALENT, MISSED)]
        detected, equivalent, missed = counts
        share = f"{100 * detected / (detected + missed):.1f} %" if detected + missed else "-"
        style = "red" if missed else ""
        if kind is None:
            grid.add_section()
        grid.add_row(kind or "all", str(sum(counts)), str(detected), str(equivalent), str(missed), share, style=style)
    return grid
