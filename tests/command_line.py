"""Running l1ml as its users do: as a command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l1ml.builds.flow import STAGES

L1ML = str(Path(sys.executable).with_name("l1ml"))
"""The command, as installed beside this Python."""


def own_environment() -> dict[str, str]:
    """That of a user's shell with this Python's environment active: nothing of the run of the tests around it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return env | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@dataclass(frozen=True)
class SmallBuild:
    """A finished build of a small spec, to be read only.

    Attributes:
        spec: The spec file.
        folder: The results.
        output: What the build printed.
        trigger: The trigger of the spec.
        opened: Files of the project that each stage opened.
    """

    spec: Path
    folder: Path
    output: str
    trigger: str
    opened: dict[str, list[str]]


def l1ml(
    *arguments: str | Path,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    program: Sequence[str | Path] = (L1ML,),
) -> subprocess.CompletedProcess[str]:
    """Run the command line, in the folder ``cwd``; ``env`` changes variables of the environment.

    ``program`` is the start of another command that takes the same arguments.
    """
    command = [*map(str, program), *map(str, arguments)]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, timeout=300)


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The message of a run that must have failed in one line, without a traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


def manifests(folder: Path) -> dict[str, int]:
    """When each finished stage was written."""
    files = {stage.name: folder / stage.name / "manifest.json" for stage in STAGES}
    return {name: file.stat().st_mtime_ns for name, file in files.items() if file.exists()}


def left_in(folder: Path) -> set[str]:
    """What a build folder holds besides its own records."""
    return {path.name for path in folder.iterdir()} - {"l1ml.json", "spec.yaml"}
