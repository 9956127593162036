"""Firmware of finished builds in other tools: Verilator's lint with all warnings, Yosys for UltraScale+ and 7 series.

Cells of a trigger or wrapper are those that it adds to its core, which has a row of its own.

python bench/firmware.py BUILD...
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.firmware.checks import FAMILIES, lint_warnings, synthesis
from l1ml.firmware.writing import write_firmware

KEYS = ("lut", "ff", "dsp", "bram")


def main() -> None:
    """Print the table; exit code 1 if a module does not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builds", nargs="+", type=Path, metavar="BUILD", help="folder of a finished build")
    parser.add_argument("--lint", action="store_true", help="lint only")
    options = parser.parse_args()
    families = () if options.lint else FAMILIES
    heads = [f"{family}: LUT, FF, DSP, BRAM" for family in families]
    table = Table("build", "module", "warnings", *heads, "seconds", box=None)
    faults = 0
    for build in options.builds:
        with tempfile.TemporaryDirectory() as scratch:
            folder, tops = write_firmware(build, Path(scratch) / "firmware")
            for top in tops:
                started = time.monotonic()
                warnings = lint_warnings(folder, top)
                faults += bool(warnings)
                for line in warnings:
                    console.print(line, soft_wrap=True, markup=False)
                cells = []
                for family in families:
                    try:
                        found = synthesis(folder, top, family, None if top is tops[0] else tops[0].name)
                        cells.append(", ".join(f"{found[key]:,g}" for key in KEYS))
                    except L1mlError as error:
                        faults += 1
                        cells.append(str(error))
                seconds = f"{time.monotonic() - started:.0f}"
                table.add_row(build.name, top.name, str(len(warnings)), *cells, seconds)
    console.print(table)
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
