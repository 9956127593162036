"""How much the FPGAs hold, for the shares of a part that a report shows."""

from __future__ import annotations

CAPACITIES: dict[str, dict[str, int]] = {
    "xcvu13p": {"lut": 1_728_000, "ff": 3_456_000, "dsp": 12_288, "bram": 2_688},
    "xcu250": {"lut": 1_728_000, "ff": 3_456_000, "dsp": 12_288, "bram": 2_688},
    "xcvu9p": {"lut": 1_182_240, "ff": 2_364_480, "dsp": 6_840, "bram": 2_160},
    "xcku115": {"lut": 663_360, "ff": 1_326_720, "dsp": 5_520, "bram": 2_160},
    "xcu50": {"lut": 871_680, "ff": 1_743_360, "dsp": 5_952, "bram": 1_344},
}
"""Cells by device; block RAM in units of 36 kb. The part number goes on with package and speed grade."""


def device(part: str) -> str:
    """The FPGA of a part number, without package and speed grade."""
    return part.lower().split("-")[0]


def share(part: str, kind: str, number: float) -> float | None:
    """Share of a part that is used, or None for a part that is not in the table.

    Args:
        part: Part number such as ``xcvu13p-flga2577-2-e``.
        kind: ``lut``, ``ff``, ``dsp`` or ``bram``.
        number: Cells used.
    """
    capacity = CAPACITIES.get(device(part))
    return None if capacity is None else number / capacity[kind]
