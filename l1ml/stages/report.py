"""Stage 6: report.json, the HTML page and its figures."""

from __future__ import annotations

import json
from pathlib import Path

from l1ml.flow import Build
from l1ml.report.build import write_report


def run(build: Build, folder: Path) -> None:
    """Write ``report.json``, ``report.html`` and ``figures/``."""
    (build.root / "seconds.json").write_text(json.dumps(build.seconds()))
    name = build.spec.project
    commands = [
        f"l1ml build {name} --out {build.root.name}",
        f"l1ml verify {name} --out {build.root.name}",
        f"l1ml report {name} --out {build.root.name}",
    ]
    write_report(build.root, folder, commands=commands, resources=build.folder("rtl") / "resources.json")
