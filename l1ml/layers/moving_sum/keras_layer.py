"""A sum over a window that moves."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class MovingSum(Layer):
    """Each position and the ``window - 1`` before it, added channel by channel.

    Args:
        window: How many positions are added; fewer at the first ones.
        kwargs: As for any Keras layer.

    Input and output: (batch, positions, channels). Firmware: ``l1ml.layers.moving_sum.arithmetic``.

    Raises:
        ValueError: If the window is not a whole number from 1.
    """

    def __init__(self, window: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if window != int(window) or window < 1:
            raise ValueError(f"window must be a whole number from 1, got {window}")
        self.window = int(window)

    def call(self, inputs: Any) -> Any:
        """Add."""
        before = tf.pad(inputs, [[0, 0], [self.window - 1, 0], [0, 0]])
        positions = inputs.shape[1]
        return tf.add_n([before[:, start : start + positions] for start in range(self.window)])

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "window": self.window}
