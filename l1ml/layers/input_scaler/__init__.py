"""InputScaler: an offset and a power of two for each hardware integer."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family, Inverse


class _InputScaler(Family):
    """The scaler."""

    def bounds(self, layer: Any) -> Inverse:
        """The integer whose image is nearest to what is wanted."""
        from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic, inverse

        return Inverse(inverse(InputScalerArithmetic.of(layer)))


FAMILY = _InputScaler(__name__, ("InputScaler",), own=True)
