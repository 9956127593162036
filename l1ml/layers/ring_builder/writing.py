"""The Verilog of a ring builder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from l1ml.compiler.circuit.saving import save_circuits
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.layers.ring_builder.core import core_module
from l1ml.layers.ring_builder.hottest import hottest_module
from l1ml.layers.ring_builder.lane import lane_module
from l1ml.layers.ring_builder.place import place_module
from l1ml.layers.ring_builder.plan import Grid, Plan, RingBuilderOptions
from l1ml.templates import render


def write(folder: Path, grids: Sequence[Grid], options: RingBuilderOptions) -> Design:
    """Write the Verilog of a ring builder.

    Args:
        folder: Where to write; made if absent.
        grids: The layers of a region, in the order of the stream.
        options: Types and lanes.

    Returns:
        The design, also saved as ``design.json``. Its latency counts from the last word of a region.
    """
    plan = Plan(tuple(grids), options.cell, options.lanes)
    name = options.name
    parts = [
        place_module(plan, f"{name}_place"),
        hottest_module(plan, f"{name}_hottest"),
        lane_module(plan, f"{name}_lane"),
    ]
    package = f"{name}_pkg.sv"
    design = Design(
        name=name,
        part=options.part,
        clock_ns=options.clock_ns,
        inputs=(Tensor("cells", plan.lanes, plan.cell),),
        outputs=(Tensor("rings", plan.rings, plan.ring_type),),
        modules=(),
        latency=plan.latency,
        initiation_interval=plan.words,
        words=plan.words,
        files=(package, *(part.file for part in parts), f"{name}.sv"),
    )
    circuits = [*parts, core_module(plan, design)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / package).write_text(render("rtl/package.sv.j2", design=design))
    for circuit in circuits:
        (folder / circuit.file).write_text(print_module(circuit))
    (folder / "files.f").write_text("".join(f"{file}\n" for file in design.files))
    design.save(folder)
    save_circuits(circuits, folder)
    return design
