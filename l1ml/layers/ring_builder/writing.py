"""The Verilog of a ring builder: a network of one layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.compiler.emit import emit
from l1ml.compiler.network import Network, Segment, Step, Tensor
from l1ml.compiler.options import EmitOptions
from l1ml.layers.ring_builder import FAMILY
from l1ml.layers.ring_builder.plan import Grid, Plan, RingBuilderOptions


@dataclass(frozen=True)
class RingLayer:
    """The ring builder as a layer: from cells to rings."""

    plan: Plan
    name: str = "rings"
    class_name: str = "RingBuilder"
    inputs: tuple[str, ...] = ("cells",)
    outputs: tuple[str, ...] = ("rings",)


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
    cells = Tensor("cells", plan.words * plan.lanes, plan.cell, plan.words)
    rings = Tensor("rings", plan.rings, plan.ring_type)
    segment = Segment("rings", [Step(RingLayer(plan), FAMILY)], [cells], [rings])
    folder.mkdir(parents=True, exist_ok=True)
    made = EmitOptions(part=options.part, clock_ns=options.clock_ns)
    return emit(Network(options.name, [cells], [rings], [segment]), _no_tables, folder, made)


def _no_tables(layer: Any) -> Any:
    raise LookupError(f"{layer.name} has no tables")
