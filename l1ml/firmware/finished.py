"""The Verilog and the C++ behind a firmware folder: those of a build, or of a model of any hls4ml user."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l1ml.compiler.design import FILE_NAME, Design
from l1ml.errors import L1mlError

if TYPE_CHECKING:
    from l1ml.wrappers.options import WrapperOptions


@dataclass(frozen=True)
class Finished:
    """A core with its C++.

    Attributes:
        root: Folder of the build, or output folder of hls4ml.
        verilog: Folder of the Verilog.
        project: Folder of hls4ml's C++ project.
        vectors: Events with the RTL's answers as integers, if the build has verified it.
        verified: What came out of the comparison with the C++, in words.
    """

    root: Path
    verilog: Path
    project: Path
    design: Design
    vectors: Path | None
    verified: str

    @property
    def default_folder(self) -> Path:
        """Where its firmware folder is; hls4ml has a folder of that name itself, for its C++."""
        return self.root / ("l1ml_firmware" if self.project == self.root else "firmware")

    @property
    def trigger(self) -> str | None:
        """Module around the core with thresholds in registers, if there is one."""
        return self.design.trigger or None

    def wrapper_options(self) -> WrapperOptions:
        """What the spec says of wrappers; without a spec, everything by default."""
        from l1ml.builds.specs import load_spec
        from l1ml.triggers import load_settings
        from l1ml.wrappers.options import WrapperOptions, options_of

        if not (self.root / "spec.yaml").exists():
            return WrapperOptions()
        return options_of(load_spec(str(self.root / "spec.yaml")), self.design, load_settings(self.root / "train"))

    @classmethod
    def load(cls, root: Path) -> Finished:
        """Look into a folder.

        Args:
            root: Folder of a build (``l1ml build``) or an ``output_dir`` of hls4ml with the backend Verilog.

        Raises:
            L1mlError: If it is neither, or RTL and C++ differ.
        """
        for verilog, project in ((root / "rtl/verilog", root / "convert/hls"), (root / "verilog", root)):
            if (verilog / FILE_NAME).exists():
                design = Design.load(verilog)
                vectors, verified = _verification(root)
                return cls(root, verilog, project, design, vectors, verified)
        raise L1mlError(
            f"{root} has no Verilog: give the folder of a build (l1ml build), or the output_dir of an hls4ml model "
            "of backend Verilog that has been written"
        )


def _verification(root: Path) -> tuple[Path | None, str]:
    file = root / "verify/verification.json"
    if not file.exists():
        return None, "not verified: run l1ml verify, or l1ml.verify in Python"
    try:
        found: dict[str, Any] = json.loads(file.read_text())
        mismatches, events, outputs = (int(found[key]) for key in ("mismatches", "events", "outputs"))
    except (ValueError, KeyError, TypeError):
        raise L1mlError(f"{file} is damaged; verify the build again (l1ml verify)") from None
    if mismatches:
        raise L1mlError(f"RTL and C++ of {root} differ in {mismatches} outputs ({file}); no firmware is made of that")
    return root / "verify/vectors.npz", f"{events:,} events × {outputs} outputs, 0 mismatches with hls4ml's C++"
