"""The way from a spec to verified firmware: six stages, each kept on disk and done again only when it must be.

A stage is a function of the spec and of the stages before it. It writes to a temporary folder that takes its
place in one rename, so an interrupted stage leaves nothing behind and the next run carries on from there.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import yaml
from rich.markup import escape

from l1ml import interrupts
from l1ml.builds.build import MANIFEST, Build, manifest
from l1ml.builds.stages import STAGES, Stage
from l1ml.console import console
from l1ml.folders import MARKER, claimed, in_place, write_whole
from l1ml.spec import Spec


def run(spec: Spec, root: Path, until: str = "report", others: Iterable[Path] = ()) -> Build:
    """Bring a build up to date.

    Args:
        spec: What to build.
        root: Folder for the results of this project alone.
        until: Last stage to run.
        others: Folders of other builds. A stage that one of them has finished from the same inputs is copied.

    Raises:
        L1mlError: If the folder belongs to another project or is in use, the disk is full, or a stage fails.
    """
    root = root.resolve()
    build = Build(spec, root)
    with claimed(root, spec.project):
        _keep(root / "spec.yaml", yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False))
        key = ""
        for number, stage in enumerate(STAGES, start=1):
            key = stage.key(build, key)
            made = manifest(build.folder(stage.name))
            label = f"[bold]{number}/{len(STAGES)} {stage.title}[/bold]"
            if made and made["key"] == key:
                console.print(f"{label} [dim]up to date[/dim]")
            elif donor := _copy(stage, build, key, others):
                console.print(f"{label} [dim]copied from {escape(donor.name)}[/dim]")
            else:
                console.print(label)
                seconds = _perform(stage, build, key)
                console.print(f"    done in {seconds:.1f} s")
            if stage.name == until:
                break
    return build


def _keep(file: Path, text: str) -> None:
    """Write the spec, unless it is there: its date is that of the last change."""
    if not file.is_file() or file.read_text() != text:
        write_whole(file, text)


def _perform(stage: Stage, build: Build, key: str) -> float:
    """Run one stage and put its result in place. Returns the seconds it took."""
    with in_place(build.folder(stage.name)) as scratch:
        started = time.monotonic()
        stage.run(build, scratch)
        interrupts.check()
        seconds = time.monotonic() - started
        (scratch / MANIFEST).write_text(json.dumps({"key": key, "seconds": round(seconds, 2)}))
    return seconds


def _copy(stage: Stage, build: Build, key: str, others: Iterable[Path]) -> Path | None:
    """Take over a stage from another build that has it with this key. Returns the folder of that build, if any."""
    if stage.name == "report":  # it names the folder of its own build
        return None
    for other in others:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError), (other / MARKER).open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:  # this build itself, or one that is being changed
                continue
            if (manifest(other / stage.name) or {}).get("key") == key:
                with in_place(build.folder(stage.name)) as scratch:
                    shutil.copytree(other / stage.name, scratch, symlinks=True, dirs_exist_ok=True)
                return other
    return None
