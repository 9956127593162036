"""What happens at the ports of a core, clock by clock, as a drawing in the way of WaveDrom."""

from __future__ import annotations

from dataclasses import dataclass

from l1ml.compiler.design import Design

WIDTH, HEIGHT, ROW = 34, 20, 34
"""Of a clock cycle, of a signal and from one signal to the next, in px."""

LEFT = 84
"""Place for the names of the signals, in px."""

LETTER = 8
"""Width of a letter beside an arrow, in px."""


@dataclass(frozen=True)
class Slot:
    """What a signal has in one column: high or low, or for a bus what it carries.

    Attributes:
        level: Of a single bit; None for a bus.
        label: What a bus carries; empty where it does not matter.
        gap: Whether the column stands for clock cycles that are left out.
    """

    level: bool | None
    label: str = ""
    gap: bool = False


@dataclass(frozen=True)
class Waves:
    """The drawing.

    Attributes:
        cycles: Number of the clock cycle of each column, None where some are left out.
        signals: Name and columns of each signal; the clock is drawn by the template.
        arrows: Columns from which and to which time is measured, and what it is.
    """

    cycles: tuple[int | None, ...]
    signals: tuple[tuple[str, tuple[Slot, ...]], ...]
    arrows: tuple[tuple[int, int, str], ...]

    @property
    def width(self) -> int:
        """Of the drawing in px, with room for what is written beside the arrows."""
        texts = [LEFT + WIDTH * end + 16 + LETTER * len(text) for _, end, text in self.arrows]
        return max(LEFT + WIDTH * len(self.cycles) + 8, *texts)

    @property
    def height(self) -> int:
        """Of the drawing in px."""
        return 26 + ROW * (len(self.signals) + 1) + 24 * len(self.arrows) + 6


def waves(design: Design) -> Waves:
    """Two events through a core, the second as early as it may come; idle cycles in between are left out."""
    latency, interval = design.latency, design.initiation_interval
    first, second = 0, interval
    results = {first + latency: "y0", second + latency: "y1"}
    events = {first: "x0", second: "x1"}
    moments = sorted({*events, *results})
    shown = sorted({cycle for moment in moments for cycle in (moment, moment + 1)})
    cycles: list[int | None] = []
    for before, cycle in zip([None, *shown], shown, strict=False):
        if before is not None and cycle == before + 2:
            cycles.append(before + 1)
        elif before is not None and cycle > before + 1:
            cycles.append(None)
        cycles.append(cycle)

    def bit(high: dict[int, str]) -> tuple[Slot, ...]:
        return tuple(Slot(cycle in high, gap=cycle is None) for cycle in cycles)

    def bus(carried: dict[int, str]) -> tuple[Slot, ...]:
        return tuple(Slot(None, "" if cycle is None else carried.get(cycle, ""), cycle is None) for cycle in cycles)

    signals = (
        ("in_valid", bit(events)),
        ("in_data", bus(events)),
        ("out_valid", bit(results)),
        ("out_data", bus(results)),
    )
    plural = "s" if interval > 1 else ""
    arrows = (
        (cycles.index(first), cycles.index(second), f"II = {interval} cycle{plural}"),
        (cycles.index(first), cycles.index(latency), f"LATENCY = {latency} cycles"),
    )
    return Waves(tuple(cycles), signals, arrows)
