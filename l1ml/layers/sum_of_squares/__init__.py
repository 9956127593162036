"""SumOfSquares: the score of an anomaly trigger."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("SumOfSquares",), own=True)
