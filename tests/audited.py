"""The command line in a process that writes down which of the project's files each stage of a build opens.

python audited.py RECORD ARGUMENTS...
"""

from __future__ import annotations

import json
import sys
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from l1ml.builds import stages
from l1ml.builds.build import Build
from l1ml.builds.dependencies import PACKAGE
from l1ml.cli import main
from l1ml.paths import shared

ROOTS = (PACKAGE, shared("firmware_templates"), shared("sim"))

opened: dict[str, list[str]] = {}
stage: list[str] = []


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """Write down an opened file while a stage runs."""
    if event != "open" or not stage or not isinstance(arguments[0], str):
        return
    file = Path(arguments[0])
    if file.suffix == ".pyc" and file.parent.name == "__pycache__":
        file = Path(source_from_cache(str(file)))
    if file.is_absolute() and any(file.is_relative_to(root) for root in ROOTS):
        opened[stage[-1]].append(str(file))


def run(self: stages.Stage, build: Build, folder: Path, plain: Any = stages.Stage.run) -> None:
    """As `Stage.run`, under watch."""
    opened[self.name] = []
    stage.append(self.name)
    plain(self, build, folder)
    stage.pop()


if __name__ == "__main__":
    record, sys.argv = Path(sys.argv[1]), ["l1ml", *sys.argv[2:]]
    stages.Stage.run = run  # type: ignore[method-assign]
    sys.addaudithook(note)
    try:
        sys.exit(main())
    finally:
        record.write_text(json.dumps(opened))
