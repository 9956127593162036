"""A factor for each position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class Taper(Layer):
    """Each position times a constant of its own, the same for all channels.

    Args:
        factors: One for each position.
        kwargs: As for any Keras layer.

    Input and output: (batch, positions, channels). Firmware: ``l1ml.layers.taper.arithmetic``.

    Raises:
        ValueError: If there are not as many factors as positions.
    """

    def __init__(self, factors: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factors = [float(value) for value in factors]

    def build(self, input_shape: Any) -> None:
        """Check that the positions are as many."""
        if input_shape[1] != len(self.factors):
            raise ValueError(f"{input_shape[1]} positions, but {len(self.factors)} factors")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Multiply."""
        return inputs * tf.constant(self.factors)[None, :, None]

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "factors": self.factors}
