"""The largest value over positions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class PositionMaximum(Layer):
    """The largest value of each channel over all positions: (batch, positions, channels) to (batch, channels).

    Firmware: ``l1ml.layers.position_maximum.arithmetic``.
    """

    def call(self, inputs: Any) -> Any:
        """Find the largest."""
        return tf.reduce_max(inputs, axis=1)
