"""Stage 4: the Verilog, linted, with its resources estimated."""

from __future__ import annotations

import json
from pathlib import Path

from l1ml.builds.build import Build
from l1ml.console import console
from l1ml.frontends.hls4ml.saving import load_graph


def run(build: Build, folder: Path) -> None:
    """Write ``verilog/``, with a top that has registers for what is set, and ``resources.json``."""
    from l1ml.compiler.trigger_top import write_trigger
    from l1ml.estimation.synthesis import estimate, lint
    from l1ml.frontends.hls4ml.writing import write_rtl

    convert = build.folder("convert")
    graph = load_graph(convert / "graph.fml")
    graph.config.config["StageDelay"] = build.spec.rtl.stage_delay
    verilog = folder / "verilog"
    design = write_rtl(graph, convert / "hls", verilog)
    lint(verilog)
    for name, values in build.settings().items():
        (tensor,) = (t for t in design.inputs if t.name == name)
        lint(verilog, write_trigger(verilog, name, tensor.type.quantize(values).tolist()))
    resources = estimate(verilog)
    total, nanoseconds = resources["total"], design.latency * design.clock_ns
    console.print(f"    latency {design.latency} cycles ({nanoseconds:.1f} ns), II {design.initiation_interval}")
    counts = ", ".join(f"{total[key]} {key.upper()}" for key in ("lut", "ff", "dsp", "bram"))
    console.print(f"    {counts} ({resources['tool']})")
    timing = resources["timing"]
    path = f"longest path {timing['longest_path_ns']:.2f} ns ({timing['delays']})"
    console.print(f"    {path}, slowest module {timing['module']}")
    (folder / "resources.json").write_text(json.dumps(resources, indent=2))
