"""Normalisation of calorimeter rings by their sum."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class Norm1(Layer):
    """ATLAS NeuralRinger's "norm1": each ring's energy by the size of their sum, ``x_i / |sum x|``.

    Args:
        smallest: The sum counts for no less than this in size, in the unit of the inputs. The firmware takes at least
            one LSB of its input.
        kwargs: As for any Keras layer.

    Input and output: (batch, rings). Firmware: ``l1ml.layers.norm1.arithmetic``.
    """

    def __init__(self, smallest: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not smallest >= 0:
            raise ValueError(f"smallest must not be negative, got {smallest}")
        self.smallest = float(smallest)

    def call(self, inputs: Any) -> Any:
        """Normalise; a sum of 0 gives large numbers of the elements' signs."""
        size = tf.abs(tf.reduce_sum(inputs, axis=-1, keepdims=True))
        return inputs / tf.maximum(size, max(self.smallest, tf.keras.backend.epsilon()))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "smallest": self.smallest}
