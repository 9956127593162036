"""BinnedThresholds: thresholds on a score in bins of transverse energy and pseudorapidity."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("BinnedThresholds",), own=True)
