"""How far the numbers of the jet tagger move with the processor that trains it: its sums differ in the last bits.

python bench/spread.py [--set key=value ...]

Each line is a build of its own, trained with another arithmetic: without fused multiplications, as older processors
have none, with another library of matrix products, and with other numbers of threads than the two that are set.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from l1ml.console import console

PROCESSORS = {
    "this one": {},
    "no FMA, no AVX2": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-FMA,-FMA4"},
    "oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "oneDNN, SSE 4.1": {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1"},
    "eight threads": {"TF_NUM_INTRAOP_THREADS": "8"},
}
"""Variables of the environment that change the arithmetic of the training."""


def main() -> None:
    """Print a line for each arithmetic."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for l1ml build")
    options = parser.parse_args()
    changes = [word for change in options.set for word in ("--set", change)]
    table = Table("trained with", "latency", "LUT", "FF", "accuracy, quantized", "HLS = RTL", "mismatches")
    for name, variables in PROCESSORS.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [str(Path(sys.executable).with_name("l1ml")), "build", "jet_tagger", "--out", folder, *changes]
            subprocess.run(command, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL)
            report = json.loads((Path(folder) / "report/report.json").read_text())
        used, model = report["resources"], report["model"]
        cells = [str(report["rtl"]["latency_cycles"]), f"{used['lut']:,}", f"{used['ff']:,}"]
        cells += [f"{100 * model[form]['accuracy']:.2f} %" for form in ("quantized", "hls")]
        table.add_row(name, *cells, str(report["verification"]["mismatches"]))
    console.print(table)


if __name__ == "__main__":
    main()
