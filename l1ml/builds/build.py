"""A build: a spec and the folder that its stages fill, with what they leave there by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l1ml.errors import L1mlError
from l1ml.folders import MARKER
from l1ml.spec import Spec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from l1ml.compiler.design import Design
    from l1ml.compiler.network import Network
    from l1ml.datasets.parts import Prepared
    from l1ml.verification.emulator import Emulator

MANIFEST = "manifest.json"
"""File of a finished stage: the key of its inputs, and how long it took."""


@dataclass(frozen=True)
class Build:
    """A spec and the folder that its stages fill."""

    spec: Spec
    root: Path

    @classmethod
    def found_in(cls, folder: Path) -> Build:
        """The build in a folder of results, as it lies there.

        Raises:
            L1mlError: If the folder is none, or its build is not finished up to the Verilog.
        """
        from l1ml.builds.specs import load_spec

        if not (folder / MARKER).is_file() or not (folder / "spec.yaml").is_file():
            raise L1mlError(f"{folder} is no folder of a build: {MARKER} and spec.yaml are missing there")
        for stage in ("dataset", "train", "convert", "rtl"):
            if manifest(folder / stage) is None:
                raise L1mlError(f"the build in {folder} has no finished stage {stage}; finish it with l1ml build")
        return cls(load_spec(folder / "spec.yaml"), folder.resolve())

    def folder(self, stage: str) -> Path:
        """Folder of a finished stage."""
        return self.root / stage

    @property
    def verilog(self) -> Path:
        """Folder of the Verilog."""
        return self.folder("rtl") / "verilog"

    @property
    def cpp(self) -> Path:
        """Folder of hls4ml's C++ project."""
        return self.folder("convert") / "hls"

    def design(self) -> Design:
        """The core."""
        from l1ml.compiler.design import Design

        return Design.load(self.verilog)

    def emulator(self, network: Network | Design) -> Emulator:
        """The compiled C++, for the ports of a network or a core."""
        from l1ml.verification.emulator import Emulator

        return Emulator.of_project(self.cpp, network)

    def prepared(self) -> Prepared:
        """The data set in parts, real values."""
        from l1ml.datasets.parts import Prepared

        return Prepared.load(self.folder("dataset"))

    def settings(self) -> dict[str, NDArray[np.float64]]:
        """Inputs that are the same for all events, such as thresholds: real values of shape (elements,) by name."""
        from l1ml.triggers import load_settings

        return load_settings(self.folder("train"))

    def events(self, network: Network | Design, *parts: str) -> NDArray[np.int64]:
        """Events of the data set as the core gets them, settings included.

        Args:
            network: Whose inputs, which are found by their names.
            parts: Parts of the data set, one after the other.

        Returns:
            Integers in LSB, shape (events, elements of all inputs in order).
        """
        from l1ml.verification.emulator import quantize_inputs

        prepared = self.prepared()
        first, *more = (prepared.parts[part] for part in parts)
        for events in more:
            first = first.join(events)
        first = first.with_settings(self.settings())
        return quantize_inputs([first.inputs[t.name] for t in network.inputs], network)


def manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished stage; ``None`` if there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text())
        return found if {"key", "seconds"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None
