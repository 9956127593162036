"""MovingSum: each position and some before it, added."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("MovingSum",), own=True, streams=True)
