"""How much the FPGAs hold, for the shares of a part that reports show."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """What a device holds.

    Attributes:
        bram: Block RAM in units of 36 kb.
        slr: Super logic regions: the dies, between which signals are slow and few.
        source: The vendor's data sheet.
    """

    lut: int
    ff: int
    dsp: int
    bram: int
    uram: int
    slr: int
    source: str


CAPACITIES: dict[str, Capacity] = {
    "xcvu13p": Capacity(1_728_000, 3_456_000, 12_288, 2_688, 1_280, 4, "DS890"),
    "xcvu9p": Capacity(1_182_240, 2_364_480, 6_840, 2_160, 960, 3, "DS890"),
    "xcvu7p": Capacity(788_160, 1_576_320, 4_560, 1_440, 640, 2, "DS890"),
    "xcku115": Capacity(663_360, 1_326_720, 5_520, 2_160, 0, 2, "DS890"),
    "xcu250": Capacity(1_728_000, 3_456_000, 12_288, 2_688, 1_280, 4, "DS962"),
    "xcu50": Capacity(871_680, 1_743_360, 5_952, 1_344, 640, 2, "DS965"),
    "xczu9eg": Capacity(274_080, 548_160, 2_520, 912, 0, 1, "DS891"),
    "xc7z020": Capacity(53_200, 106_400, 220, 140, 0, 1, "DS190"),
    "xc7vx690t": Capacity(433_200, 866_400, 3_600, 1_470, 0, 1, "DS180"),
}
"""By device. Data sheets round LUT and flip-flops to thousands; these are 8 LUT and 16 flip-flops for each CLB of
UltraScale, 4 and 8 for each slice of the 7 series. Of the cards (U50, U250) it is the whole FPGA, shell included."""


def device(part: str) -> str:
    """The FPGA of a part number, without package and speed grade.

    Vivado writes part numbers in several ways: ``xcvu9p-flga2104-2-e``, ``xc7z020clg484-1``, ``7z020clg484-1``.
    """
    name = part.lower().split("-")[0]
    name = f"xc{name}" if name.startswith("7") else name
    return next((known for known in CAPACITIES if re.fullmatch(rf"{known}([a-z]{{3,4}}\d{{3,4}})?", name)), name)


def share(part: str, kind: str, number: float) -> float | None:
    """Share of a part that is used, or None for a part that is not in the table.

    Args:
        part: Part number such as ``xcvu13p-flga2577-2-e``.
        kind: ``lut``, ``ff``, ``dsp``, ``bram`` or ``uram``.
        number: Cells used.
    """
    capacity = CAPACITIES.get(device(part))
    held = 0 if capacity is None else getattr(capacity, kind)
    return number / held if held else None
