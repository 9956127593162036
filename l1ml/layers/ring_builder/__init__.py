"""The ring builder in firmware: from quantized cells of a region to sums in rings around each layer's hottest cell.

What it computes is `sum_rings` of the electron trigger's ``ring_builder.py`` on integers. Cells come as a stream, some
in each clock cycle. ``plan.py`` has its numbers, `writing.write` writes its Verilog.
"""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, (), streams=True, takes_words=True)
