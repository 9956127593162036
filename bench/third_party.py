"""A trained 6-bit jet tagger of somebody else: exactness, size against alkaid's own Verilog, time to verified RTL.

python bench/third_party.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import _alkaid
import numpy as np
from _models import SHARED, jet_6bit
from rich.table import Table

import l1ml
from l1ml.console import console
from l1ml.estimation.synthesis import estimate, synthesize
from l1ml.frontends.hls4ml.backend import rtl_folder


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="random events for each network")
    parser.add_argument("--latency-cutoff", type=float, default=5.0, help="pipelining of both, in adders")
    options = parser.parse_args()
    if not SHARED.exists():
        console.print(f"skipped: {SHARED} is not here")
        return
    x = np.random.default_rng(1).normal(0, 2, (options.events, 16)).astype(np.float32)
    table = Table("network", "events × outputs", "mismatches", "latency", "II", "seconds to verified RTL")
    with tempfile.TemporaryDirectory() as scratch:
        for softmax in (True, False):
            folder = Path(scratch, f"softmax_{softmax}")
            model = jet_6bit(folder, softmax=softmax, stage_delay=options.latency_cutoff)
            started = time.monotonic()
            model.compile()
            result = l1ml.verify(model, x)
            seconds = time.monotonic() - started
            table.add_row(
                "logits + softmax" if softmax else "logits",
                f"{result.events} × {result.outputs}",
                str(result.mismatches),
                str(result.simulation.latency),
                str(result.simulation.initiation_interval),
                f"{seconds:.1f}",
            )
        console.print(table)
        base = _alkaid.write(model, Path(scratch, "alkaid"), latency_cutoff=options.latency_cutoff)
        estimated = estimate(rtl_folder(model), dsps=False)
        ours = {**estimated["total"], "path_ns": estimated["timing"]["longest_path_ns"]}
        theirs = synthesize(_alkaid.files(Path(scratch, "alkaid")), "alkaid_core", dsps=False)
    keys = ("lut", "ff", "dsp", "carry", "path_ns")
    sizes = Table("RTL of the logits", "LUT", "FF", "DSP", "carry", "longest path / ns", "latency")
    sizes.add_row("alkaid", *(f"{theirs[k]:g}" for k in keys), f"{base.latency:g}")
    sizes.add_row("l1ml", *(f"{ours[k]:g}" for k in keys), str(result.simulation.latency))
    sizes.add_row("ratio", *(f"{ours[k] / theirs[k]:.3f}" if theirs[k] else "" for k in keys), "")
    console.print(sizes)


if __name__ == "__main__":
    main()
