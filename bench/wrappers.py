"""What the wrappers of finished builds cost, by Yosys, without what they have inside; and what lint says of them.

Usage: python bench/wrappers.py BUILD...
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from l1ml.builds.specs import load_spec
from l1ml.compiler.design import Design
from l1ml.estimation.synthesis import synthesize
from l1ml.tools import set_up_verilator
from l1ml.triggers import load_settings
from l1ml.wrappers import write_wrappers
from l1ml.wrappers.options import options_of


def measure(build: Path) -> None:
    """Print a row for each wrapper of a build."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "verilog")
        shutil.copytree(build / "rtl/verilog", folder, ignore=shutil.ignore_patterns("sim"))
        design = Design.load(folder)
        options = options_of(load_spec(build / "spec.yaml"), design, load_settings(build / "train"))
        core = f"{design.name}_trigger" if options.registers else design.name
        inside = {file for file in design.files if not file.endswith("_pkg.sv")} - {f"{core}.sv"}
        for wrapper in write_wrappers(design, folder, options):
            files = [folder / file for file in wrapper.files if file not in inside]
            found = synthesize(files, wrapper.top, black_boxes=[core])
            command = ["verilator", "--lint-only", "-Wall", "--top-module", wrapper.top, *wrapper.files]
            warnings = subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr.count("%Warning")
            numbers = f"{found['lut']:6.0f} {found['ff']:6.0f} {found['path_ns']:9.2f} {warnings:9d}"
            print(f"{build.name:12} {wrapper.name:16} {numbers}", flush=True)


def main() -> None:
    """Measure all builds that are named."""
    set_up_verilator()
    print(f"{'build':12} {'wrapper':16} {'LUT':>6} {'FF':>6} {'path (ns)':>9} {'warnings':>9}")
    for build in sys.argv[1:]:
        measure(Path(build))


if __name__ == "__main__":
    main()
