"""Public projects of Vitis HLS: is their RTL, Verilog and VHDL, what their own C++ says, and what ours is?

python bench/vitis_projects.py PROJECT...

A PROJECT is an `output_dir` of hls4ml in which Vitis HLS has worked. Ours is made of the model of HGQ 1 beside it,
which needs the package HGQ, or of the weights and types in its C++, if that is a chain of Dense, ReLU and softmax. The
softmax of older versions of hls4ml gives other numbers than today's: there, our Verilog gives what goes into it, and
the older softmax is computed of that.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _vitis_models import Ours, ours
from rich.table import Table

import l1ml
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.network import network_of
from l1ml.vendor import vendor_summary
from l1ml.verification.vectors import make_vectors
from l1ml.verification.vitis.project import ProjectCpp


def main() -> None:
    """Print mismatches, and what the RTL and the reports say of the timing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="+", type=Path, help="folders of hls4ml projects")
    parser.add_argument("--events", type=int, default=10_000, help="events for each")
    options = parser.parse_args()
    table = Table("project", "held", "against", "events × outputs", "mismatches", "timing")
    for project in options.projects:
        for language in ("verilog", "vhdl") if shutil.which("ghdl") else ("verilog",):
            for rtl in sorted(project.glob(f"**/syn/{language}")):
                done = l1ml.verify(project, rtl=rtl, events=options.events)
                table.add_row(project.name, language, "its C++", *told(done))
        with tempfile.TemporaryDirectory() as folder:
            if (made := ours(project, Path(folder))) is not None:
                add_ours(table, project, made, options.events)
        table.add_row("", "C synthesis", "", "", "", reported(project))
    console.print(table)


def add_ours(table: Table, project: Path, made: Ours, events: int) -> None:
    """Hold a project's Verilog, and ours, against our C++."""
    against = f"our C++ of {made.source}"
    if made.softmax is None:
        done = l1ml.verify(made.graph, rtl=project, events=events)
        table.add_row("", "its Verilog", against, *told(done))
    else:
        design, cpp = network_of(made.graph), ProjectCpp(project)
        inputs = make_vectors(design, events, seed=1).inputs
        sums = l1ml.simulate(made.graph, design.inputs[0].type.to_float(inputs)).outputs
        expected = cpp.run(inputs)
        wrong = int(np.sum(made.softmax(design.outputs[0].type.quantize(np.asarray(sums))) != expected))
        table.add_row("", "our Verilog, older softmax", "its C++", f"{events:,} × {expected.shape[1]}", str(wrong), "")
    table.add_row("", "our Verilog", against, *told(l1ml.verify(made.graph, events=events)))


def told(done: Any) -> tuple[str, str, str]:
    """Cells of a verdict."""
    return f"{done.events:,} × {done.outputs}", str(done.mismatches), done.simulation.timing


def reported(project: Path) -> str:
    """What C synthesis says."""
    try:
        found = vendor_summary(project)["synthesis"]
    except L1mlError as error:
        return f"not read: {str(error).rpartition('/')[2]}"
    used = ", ".join(f"{found['used'][key]:,} {key.upper()}" for key in ("lut", "ff", "dsp"))
    return f"latency {found['latency_max']}, II {found['interval_max']}; {used}; {found['tool']} {found['version']}"


if __name__ == "__main__":
    main()
