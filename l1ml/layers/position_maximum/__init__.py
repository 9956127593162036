"""PositionMaximum: the largest value over all positions."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("PositionMaximum",), own=True, streams=True)
