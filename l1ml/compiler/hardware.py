"""What every way to make hardware of a segment hands to the core."""

from __future__ import annotations

from dataclasses import dataclass, field

from l1ml.compiler.circuit import Module, Section
from l1ml.compiler.programs.trace import Interval

MULTIPLIER_PRICE = 140
"""LUTs that one DSP is worth: the ratio of the two on a Virtex UltraScale+ VU13P (1,728,000 / 12,288)."""


@dataclass(frozen=True)
class Hardware:
    """What its module and the core need.

    Attributes:
        about: What it does: lines of text for the head of its module.
        sections: Its hardware, but for the ports.
        latency: Clock cycles from the input, or its first word, to the result, or its first word.
        register_bits: Flip-flops of pipelines and accumulators, before synthesis.
        intervals: What each element of each output tensor can be.
        notes: What each control input means.
        strobes: Clock cycle of each control input, counted from the one in which the input is there; -1 is the one
            before it.
        strategy: How it was folded, by hls4ml's name of the strategy; empty if it was not.
        luts: LUTs, estimated for the choice between strategies.
        multipliers: DSPs.
        holds: Whether the outputs stay until the next result takes their place.
        sums: Of accumulators, as `Module` has them.
        cells: Files of ``firmware_templates/cells`` that it is built of.
        controls: Ports of the core that it reads, too.
        parts: Modules that it is built of.
    """

    about: tuple[str, ...]
    sections: tuple[Section, ...]
    latency: int
    register_bits: int
    intervals: dict[str, list[Interval]]
    notes: dict[str, str] = field(default_factory=dict)
    strobes: dict[str, int] = field(default_factory=dict)
    strategy: str = ""
    luts: float = 0.0
    multipliers: int = 0
    holds: bool = True
    sums: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    parts: tuple[Module, ...] = ()

    @property
    def price(self) -> float:
        """LUTs, and for each DSP as many as a part has for each of its DSPs."""
        return self.luts + MULTIPLIER_PRICE * self.multipliers
