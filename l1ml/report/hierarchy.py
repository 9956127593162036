"""The modules of a core as a tree, with what each of them takes."""

from __future__ import annotations

from dataclasses import dataclass

from l1ml.report.inputs import BuildData
from l1ml.report.records import ModuleCells


@dataclass(frozen=True)
class Node:
    """A line of the tree.

    Attributes:
        depth: Steps below the top.
        last: Whether it is the last one below its parent.
        name: Module, or layer.
        instance: Name of the instance, empty for the top.
        note: What it is.
        cells: What it takes by itself, without what is below it; for the top, what the flattened core takes.
        share: Its LUTs in percent of those of the flattened core. Their sum need not be 100.
    """

    depth: int
    last: bool
    name: str
    instance: str
    note: str
    cells: ModuleCells | None
    share: float


def hierarchy(data: BuildData) -> list[Node]:
    """The tree of a core: its modules, and in each its layers; what the core adds to them comes last."""
    design, counted = data.design, data.resources
    total = ModuleCells(**counted.total.model_dump(), path_ns=None)
    lut = max(total.lut, 1)
    nodes = [Node(0, True, design.name, "", f"core: {len(design.modules)} modules", total, 100.0)]
    for module in design.modules:
        cells = counted.modules.get(module.name)
        folded = f", reuse factor {module.reuse_factor} by {module.strategy}" if module.strategy else ""
        share = 100 * cells.lut / lut if cells else 0.0
        note = f"cycles {module.start} to {module.start + module.latency}{folded}"
        nodes.append(Node(1, False, module.name, f"u_{module.segment}", note, cells, share))
        kinds = {layer.name: layer.kind for layer in data.layers}
        for layer in module.layers:
            nodes.append(Node(2, layer == module.layers[-1], layer, "", kinds.get(layer, "layer"), None, 0.0))
    own = counted.modules.get(design.name)
    share = 100 * own.lut / lut if own else 0.0
    nodes.append(Node(1, True, "core itself", "", "valid bits, waiting tensors", own, share))
    return nodes
