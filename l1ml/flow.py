"""The way from a spec to verified firmware: six stages, each kept on disk and done again only when it must be.

A stage is a function of the spec and of the stages before it. It writes to a temporary folder that takes its
place in one rename, so an interrupted stage leaves nothing behind and the next run carries on from there.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rich.markup import escape

from l1ml import interrupts
from l1ml.console import console
from l1ml.folders import MARKER, claimed, in_place, write_whole
from l1ml.paths import shared
from l1ml.spec import SPECS, Spec


@dataclass(frozen=True)
class Stage:
    """One step of a build.

    Attributes:
        name: Name of the stage, of its folder and of its module in ``l1ml.stages``.
        title: What it does, for the terminal.
        sections: Parts of the spec that it depends on.
        code: Packages of l1ml and shared folders whose change makes its result stale.
        artefacts: Files of earlier stages, as patterns, whose change by hand makes its result stale.
    """

    name: str
    title: str
    sections: tuple[str, ...]
    code: tuple[str, ...]
    artefacts: tuple[str, ...] = ()

    def run(self, build: Build, folder: Path) -> None:
        """Do the work, writing to ``folder``."""
        importlib.import_module(f"l1ml.stages.{self.name}").run(build, folder)


OWN_SECTIONS = tuple(sorted({key for spec in SPECS.values() for key in spec.model_fields} - {*Spec.model_fields}))
"""Parts that only the specs of some triggers have; they shape the network and what follows it."""

STAGES = (
    Stage("dataset", "Prepare events", ("trigger", "dataset"), ("triggers", "datasets")),
    Stage(
        "train",
        "Train and prune",
        ("trigger", "model", "training", "pruning", *OWN_SECTIONS),
        ("triggers", "models", "training", "fixed.py", "layers/*/keras_layer.py", "layers/*/hls4ml_layer.py"),
    ),
    Stage(
        "convert",
        "Convert with hls4ml",
        ("project", "hls"),
        (
            "triggers",
            "hls",
            "fixed.py",
            "frontends",
            *(f"layers/*/{part}" for part in ("arithmetic.py", "hls4ml_layer.py", "strategy.py", "nnet_*.h")),
        ),
    ),
    Stage(
        "rtl",
        "Write Verilog",
        ("rtl",),
        (
            "frontends",
            "layers",
            "compiler",
            "estimation",
            "reference",
            "fixed.py",
            *(f"firmware_templates/{part}" for part in ("rtl", "cells", "yosys", "cpp")),
        ),
    ),
    Stage(
        "verify",
        "Verify RTL against C++",
        ("verification",),
        ("verification", "sim"),
        ("rtl/verilog/*.sv", "convert/hls/firmware/*.so"),
    ),
    Stage(
        "report",
        "Report",
        ("title",),
        ("report", "vendor", "estimation/parts.py", "firmware_templates/report"),
        (
            "firmware/firmware.json",
            "firmware/vivado/results/*/*.rpt",
            "firmware/vitis/project/*/syn/report/*",
            "*.golden",
        ),
    ),
)
"""All stages in order; each may use what those before it left."""


@dataclass(frozen=True)
class Build:
    """A spec and the folder that its stages fill."""

    spec: Spec
    root: Path

    def folder(self, stage: str) -> Path:
        """Folder of a finished stage."""
        return self.root / stage

    def seconds(self) -> dict[str, float]:
        """How long each finished stage took."""
        manifests = {stage.name: _manifest(self.folder(stage.name)) for stage in STAGES}
        return {name: manifest["seconds"] for name, manifest in manifests.items() if manifest}


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
        write_whole(root / "spec.yaml", yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False))
        key = ""
        for number, stage in enumerate(STAGES, start=1):
            key = _key(stage, build, key)
            manifest = _manifest(build.folder(stage.name))
            label = f"[bold]{number}/{len(STAGES)} {stage.title}[/bold]"
            if manifest and manifest["key"] == key:
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


def _perform(stage: Stage, build: Build, key: str) -> float:
    """Run one stage and put its result in place. Returns the seconds it took."""
    with in_place(build.folder(stage.name)) as scratch:
        started = time.monotonic()
        stage.run(build, scratch)
        interrupts.check()
        seconds = time.monotonic() - started
        (scratch / "manifest.json").write_text(json.dumps({"key": key, "seconds": round(seconds, 2)}))
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
            if (_manifest(other / stage.name) or {}).get("key") == key:
                with in_place(build.folder(stage.name)) as scratch:
                    shutil.copytree(other / stage.name, scratch, symlinks=True, dirs_exist_ok=True)
                return other
    return None


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        return manifest if {"key", "seconds"} <= manifest.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _key(stage: Stage, build: Build, before: str) -> str:
    """What a stage's result depends on, in one hash."""
    spec, digest = build.spec, hashlib.sha256(before.encode())
    for section in stage.sections:
        value: Any = getattr(spec, section, None)  # None: of another trigger
        digest.update(json.dumps(value.model_dump(mode="json") if hasattr(value, "model_dump") else value).encode())
    if stage.name == "train":
        digest.update(json.dumps(_blocks(spec)).encode())
    for file in _dataset_files(spec) if stage.name == "dataset" else []:
        status = file.stat()
        digest.update(f"{file}{status.st_size}{status.st_mtime_ns}".encode())
    for part in (*stage.code, f"stages/{stage.name}.py"):
        digest.update(_code_digest(part))
    for file in sorted(file for pattern in stage.artefacts for file in build.root.glob(pattern)):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _dataset_files(spec: Spec) -> list[Path]:
    path = spec.dataset.path
    return [path] if path is not None and path.exists() else []


def _blocks(spec: Spec) -> dict[str, int]:
    """Sizes of the blocks of weights that are pruned together: that of most layers under no name, and exceptions."""
    if spec.pruning.block == "weight":
        return {}
    most = spec.hls.reuse_factor
    sizes = {layer: spec.reuse_factor(layer) for layer in sorted(spec.hls.layers)}
    return {"": most, **{layer: size for layer, size in sizes.items() if size != most}}


@lru_cache
def _code_digest(part: str) -> bytes:
    """Hash of the sources below a package of l1ml or a shared folder, or of those that match a pattern."""
    top = part.split("/")[0]
    shared_folders = ("firmware_templates", "sim")
    root = shared(top).parent if top in shared_folders else Path(__file__).parent
    files = sorted(file for start in root.glob(part) for file in (start, *start.rglob("*")) if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        if "__pycache__" not in file.parts:
            digest.update(os.fsencode(file.relative_to(root)) + file.read_bytes())
    return digest.digest()
