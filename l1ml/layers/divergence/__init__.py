"""Divergence: the score of an anomaly trigger that knows the widths of its latent space."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Divergence",), own=True)
