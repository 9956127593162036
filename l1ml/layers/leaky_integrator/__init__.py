"""LeakyIntegrator: a sum over all positions that forgets."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("LeakyIntegrator",), own=True, streams=True)
