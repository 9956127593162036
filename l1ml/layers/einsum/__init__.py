"""Einsum: products of two tensors, summed along the axes that an equation names."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("Einsum",), opens_segment=True)
