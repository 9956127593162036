"""Thresholds: a bit for each threshold that a score reaches."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Thresholds",), own=True)
