"""Batch normalisation, and the scaling of QKeras: a factor and an offset for each element."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("BatchNormalization", "ApplyAlpha"))
