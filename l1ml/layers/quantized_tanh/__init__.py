"""Binary and ternary tanh behind a batch normalisation: comparisons with thresholds that hls4ml makes of both."""

from __future__ import annotations

from l1ml.layers.family import Family

FAMILY = Family(__name__, ("BatchNormalizationQuantizedTanh",))
