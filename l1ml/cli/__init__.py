"""The command line. It imports nothing heavy before a command needs it, so that ``--help`` answers at once.

A module for each family of commands; importing it adds them to the application, in the order of ``--help``.
"""

from __future__ import annotations

import logging
import sys

from l1ml.cli import building, showing  # isort: skip
from l1ml.cli import comparing  # isort: skip
from l1ml.cli import firmware  # isort: skip
from l1ml.cli import golden  # isort: skip
from l1ml.cli import faults  # isort: skip
from l1ml.cli import data  # isort: skip
from l1ml.cli import cleaning  # isort: skip
from l1ml.cli.application import app

__all__ = ["app", "building", "cleaning", "comparing", "data", "faults", "firmware", "golden", "main", "showing"]


def main() -> None:
    """Run the command line; a mistake of the user ends in one line and exit code 1."""
    from l1ml.errors import L1mlError
    from l1ml.extras import named_extras

    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        with named_extras():
            app()
    except L1mlError as error:
        from rich.console import Console
        from rich.markup import escape

        Console(stderr=True, highlight=False).print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
