"""Taper: each position times a constant of its own."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Taper",), own=True, streams=True)
