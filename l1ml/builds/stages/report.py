"""Stage 6: report.json, the HTML page and its figures."""

from __future__ import annotations

import shlex
from pathlib import Path

from l1ml.builds.build import Build
from l1ml.builds.specs import load_spec, projects
from l1ml.report.build import write_report
from l1ml.triggers import trigger_of


def run(build: Build, folder: Path) -> None:
    """Write ``report.json``, ``report.html`` and ``figures/``."""
    trigger = trigger_of(build.spec)
    write_report(build.root, folder, commands=_commands(build), trigger=trigger.report(), headline=trigger.headline)


def _commands(build: Build) -> list[str]:
    """Shell commands that make this build again from the folder where l1ml runs now."""
    project, root = build.spec.project, build.root
    if root.is_relative_to(Path.cwd()):
        root = root.relative_to(Path.cwd())
    shipped = project in projects() and load_spec(project) == build.spec
    spec = project if shipped else str(root / "spec.yaml")
    out = [] if root == Path("build") / project else ["--out", str(root)]
    return [shlex.join(["l1ml", command, spec, *out]) for command in ("build", "verify", "report")]
