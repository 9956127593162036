"""Binary and ternary tanh behind a batch normalisation: comparisons with thresholds that hls4ml makes of both."""

from __future__ import annotations

from typing import Any

from l1ml.fixed import FixedType
from l1ml.layers.family import Family


class _QuantizedTanh(Family):
    """Comparisons."""

    def cast_types(self, layer: Any) -> list[FixedType]:
        """None."""
        return []


FAMILY = _QuantizedTanh(__name__, ("BatchNormalizationQuantizedTanh",))
