"""The one console through which the command line speaks, and progress bars for long work."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(highlight=False)
"""Standard output. Library code logs or raises; only the command line and progress bars print."""


def progress_bar() -> Progress:
    """Progress bars for long work; they draw nothing when the output is not a terminal.

    Returns:
        An unstarted bar, to be used as a context manager.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
