"""The score of an anomaly trigger."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class SumOfSquares(Layer):
    """Sum of the squares of all inputs, such as the means μ of a latent space: (batch, inputs) to (batch, 1).

    Firmware: ``l1ml.layers.sum_of_squares.arithmetic``.
    """

    def call(self, inputs: Any) -> Any:
        """Square and add."""
        return tf.reduce_sum(tf.square(inputs), axis=-1, keepdims=True)
