"""CPU time and memory of writing Verilog against the width of a network: 16, five layers of that width, 5.

python bench/size.py                          # widths 50, 100, 200, 500; draws build/size.png
python bench/size.py --widths 500 --events 200

8-bit weights, 80 % of them zero, strategy Resource, each layer at the valid reuse factor nearest to 100. With
--events, the Verilog is also held against hls4ml's C++, which takes minutes for the widest.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any

from rich.table import Table

from l1ml.console import console

REUSE_FACTOR = 100
HIDDEN_LAYERS = 5
ZEROS = 0.8


def main() -> None:
    """Print the table and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", default="50,100,200,500", help="widths of the hidden layers")
    parser.add_argument("--events", type=int, default=0, help="events to compare with the C++")
    parser.add_argument("--figure", type=Path, default=Path("build/size.png"), help="where the figure goes")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.events)))
        return
    table = Table(
        "width", "nonzero weights", "multipliers", "CPU seconds", "µs / (n log2 n)", "GiB", "mismatches", box=None
    )
    points = []
    for width in map(int, options.widths.split(",")):
        # A process of its own, so that its memory is known.
        command = [sys.executable, __file__, "--one", str(width), "--events", str(options.events)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        point = json.loads(done.stdout.splitlines()[-1])
        points.append(point)
        n = point["nonzero"]
        table.add_row(
            str(width),
            f"{n:,}",
            f"{point['multipliers']:,}",
            f"{point['seconds']:.1f}",
            f"{1e6 * point['seconds'] / (n * log2(n)):.1f}",
            f"{point['gib']:.2f}",
            f"{point['mismatches']} of {options.events}" if options.events else "",
        )
    console.print(table)
    draw(points, options.figure)
    console.print(f"figure: {options.figure}")


def measure(width: int, events: int) -> dict[str, Any]:
    """Write one network's Verilog."""
    import hls4ml
    import numpy as np
    from _models import random_dense

    import l1ml
    from l1ml.compiler.design import Design
    from l1ml.frontends.hls4ml.backend import rtl_folder
    from l1ml.frontends.hls4ml.writing import write_rtl

    widths = (16, *[width] * HIDDEN_LAYERS, 5)
    backend = hls4ml.backends.get_backend("Verilog")
    factors = tuple(
        min(backend.get_valid_reuse_factors(n, m), key=lambda valid: abs(valid - REUSE_FACTOR))
        for n, m in pairwise(widths)
    )
    kinds: dict[str, Any] = {"weight_bits": 8, "zeros": ZEROS, "input_type": "fixed<8,3>", "write_rtl": False}
    with tempfile.TemporaryDirectory() as scratch, redirect_stdout(io.StringIO()):
        folder = Path(scratch, "project")
        graph = random_dense(folder, widths, strategy="Resource", reuse_factors=factors, **kinds)
        graph.write()
        weights = [layer.weights["weight"].data for layer in graph.get_layers() if layer.weights]
        started = time.process_time()
        write_rtl(graph, folder, rtl_folder(graph))
        seconds = time.process_time() - started
        gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        design = Design.load(rtl_folder(graph))
        text = [(rtl_folder(graph) / f"{m.name}.sv").read_text() for m in design.modules]
        mismatches = 0
        if events:
            graph.compile()
            x = np.random.default_rng(1).normal(0, 1, (events, 16)).astype(np.float32)
            mismatches = l1ml.verify(graph, x).mismatches
    return {
        "width": width,
        "nonzero": sum(int(np.count_nonzero(w)) for w in weights),
        "multipliers": sum(t.count("l1ml_mac #(") for t in text),
        "seconds": seconds,
        "gib": gib,
        "mismatches": mismatches,
    }


def draw(points: list[dict[str, Any]], file: Path) -> None:
    """CPU seconds and GiB against nonzero weights, with n log n through the first point for comparison."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    n = [p["nonzero"] for p in points]
    left.loglog(n, [p["seconds"] for p in points], "o-", label="writing Verilog")
    scale = points[0]["seconds"] / (n[0] * log2(n[0]))
    left.loglog(n, [scale * k * log2(k) for k in n], "--", color="0.5", label="n log n")
    for point in points:
        left.annotate(
            f"width {point['width']}", (point["nonzero"], point["seconds"]), (6, -10), textcoords="offset points"
        )
    left.set(xlabel="nonzero weights", ylabel="CPU seconds", xlim=(n[0] / 4, n[-1] * 2))
    left.legend()
    right.semilogx(n, [p["gib"] for p in points], "o-")
    right.set(xlabel="nonzero weights", ylabel="peak memory / GiB", ylim=(0, None))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)


if __name__ == "__main__":
    main()
