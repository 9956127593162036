"""The modules of a design, with what makes a difference in each."""

from __future__ import annotations

from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.faults.verilog.linear import Forms
from l1ml.faults.verilog.source import Source
from l1ml.faults.verilog.wiring import Wiring


def wire_design(folder: Path, design: Design) -> dict[str, Wiring]:
    """The wiring of all modules of a design but the top, by file, with what makes a difference in its outputs."""
    read: dict[str, set[int]] = {t.name: set(range(t.size)) for t in design.outputs}
    ranges = {name: found for module in design.modules for name, found in module.ranges.items()}
    wirings: dict[str, Wiring] = {}
    for module in reversed(design.modules):
        file = f"{module.name}.sv"
        wiring = wirings[file] = Wiring.of(Source.read(folder / file), module)
        wiring.find_live({t.name: read.get(t.name, set()) for t in module.outputs})
        wiring.ranges = {t: ranges[t.name] for t in module.inputs if t.name in ranges}
        for tensor in module.inputs:
            read.setdefault(tensor.name, set()).update(Forms(wiring, module.inputs).reads(tensor))
    return wirings
