"""The one console through which the command line speaks, and progress bars for long work."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from threading import RLock

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


_capturing = RLock()


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """What other packages print meanwhile. One thread at a time: standard output is that of the whole process."""
    with _capturing, redirect_stdout(io.StringIO()) as said:
        yield said


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
