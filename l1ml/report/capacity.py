"""How much of its part a core takes, kind by kind, with the borders of the super logic regions."""

from __future__ import annotations

from dataclasses import dataclass

from l1ml.estimation import parts
from l1ml.report import formats
from l1ml.report.records import Cells

KINDS = {"lut": "LUT", "ff": "Flip-flops", "dsp": "DSP", "bram": "Block RAM (36 kb)"}
"""Keys of resources, and their names on the page."""


@dataclass(frozen=True)
class Bar:
    """One kind of cell.

    Attributes:
        fill: Width of the used part in percent of the bar.
        over: Whether more is used than the part has.
        of_region: Share of one super logic region, in words; empty for a part of one region.
    """

    label: str
    used: str
    held: str
    share: str
    of_region: str
    fill: float
    over: bool


@dataclass(frozen=True)
class FloorPlan:
    """All kinds of cells of a device.

    Attributes:
        borders: Places between super logic regions, in percent of a bar.
        fitting: Cores of this kind that the cells of the part are enough for.
    """

    device: str
    regions: int
    borders: tuple[float, ...]
    bars: tuple[Bar, ...]
    source: str
    fitting: int


def floor_plan(part: str, cells: Cells) -> FloorPlan | None:
    """The bars of a part, or None for a part whose size is not known.

    Args:
        part: Part number such as ``xcvu13p-flga2577-2-e``.
        cells: What the core takes.
    """
    device = parts.device(part)
    held = parts.CAPACITIES.get(device)
    if held is None:
        return None
    bars, fitting = [], []
    for kind, label in KINDS.items():
        used, there = getattr(cells, kind), getattr(held, kind)
        share = used / there
        of_region = f"{formats.percent(share * held.slr, 2)} of one SLR" if held.slr > 1 else ""
        fitting += [int(there // used)] if used else []
        bars.append(
            Bar(
                label=label,
                used=formats.count(used),
                held=formats.count(there),
                share=formats.percent(share, 2),
                of_region=of_region,
                fill=round(100 * min(share, 1), 3),
                over=share > 1,
            )
        )
    borders = tuple(round(100 * k / held.slr, 3) for k in range(1, held.slr))
    return FloorPlan(device, held.slr, borders, tuple(bars), held.source, min(fitting, default=0))
