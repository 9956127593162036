"""Hardware integers brought to the range of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tf_keras.layers import Layer


class InputScaler(Layer):
    """An offset and a power of two for each input: ``(x_i - offset_i) / 2**shift_i``.

    Args:
        offsets: One for each input, in the unit of the inputs.
        shifts: Whole numbers, one for each input; negative ones multiply.
        kwargs: As for any Keras layer.

    Input and output: (batch, inputs). Firmware: ``l1ml.layers.input_scaler.arithmetic``.

    Raises:
        ValueError: If the numbers of offsets and shifts differ, or an offset is not finite or a shift not whole.
    """

    def __init__(self, offsets: Sequence[float], shifts: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offsets = [float(value) for value in offsets]
        self.shifts = [int(value) for value in shifts]
        if len(self.offsets) != len(self.shifts):
            raise ValueError(
                f"{len(self.offsets)} offsets and {len(self.shifts)} shifts; give one of each for an input"
            )
        if not np.all(np.isfinite(self.offsets)):
            raise ValueError("offsets must be finite")
        if not np.array_equal(self.shifts, np.asarray(shifts, dtype=np.float64)):
            raise ValueError("shifts must be whole numbers")

    def build(self, input_shape: Any) -> None:
        """Check that the inputs are as many."""
        if input_shape[-1] != len(self.offsets):
            raise ValueError(f"{input_shape[-1]} inputs, but {len(self.offsets)} offsets")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Scale."""
        return (inputs - tf.constant(self.offsets)) * tf.constant(np.exp2(-np.array(self.shifts, dtype=np.float32)))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "offsets": self.offsets, "shifts": self.shifts}
