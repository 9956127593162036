"""Stage 1: events, split into training, validation and test."""

from __future__ import annotations

from pathlib import Path

from l1ml.builds.build import Build
from l1ml.triggers import trigger_of


def run(build: Build, folder: Path) -> None:
    """Write ``data.npz`` and ``dataset.json``."""
    trigger = trigger_of(build.spec)
    trigger.check()
    trigger.prepare(build.spec).save(folder)
