"""How a network becomes Verilog."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EmitOptions:
    """How the Verilog is made.

    Attributes:
        stage_delay: Longest logic between two registers, in adders one after the other.
        part: FPGA part, for the record.
        clock_ns: Clock period in ns, for the record.
        model: Hash of the model, for the record; empty if there is none.
    """

    stage_delay: float = 5.0
    part: str = "xcvu13p-flga2577-2-e"
    clock_ns: float = 2.8
    model: str = ""
