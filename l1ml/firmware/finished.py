"""The Verilog and the C++ behind a firmware folder: those of a build, or of a model of any hls4ml user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from l1ml.compiler.design import Design
from l1ml.verification.finished import VECTORS, FinishedCore

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
    def date(self) -> str:
        """When the spec was changed last, or else hls4ml converted the model, in UTC; empty if no file tells."""
        for file in (self.root / "spec.yaml", self.project / "hls4ml_config.yml"):
            if file.is_file():
                return datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
        return ""

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
        core = FinishedCore.found_in(root)
        verdict = core.verdict()
        if verdict is None:
            verified = "not verified as it is now: run l1ml verify, or l1ml.verify in Python"
            return cls(root, core.verilog, core.project, core.design, None, verified)
        core.exact_verdict()
        verified = f"{verdict['events']:,} events × {verdict['outputs']} outputs, 0 mismatches with hls4ml's C++"
        return cls(root, core.verilog, core.project, core.design, root / "verify" / VECTORS, verified)
