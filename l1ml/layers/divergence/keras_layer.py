"""The score of an anomaly trigger that knows the widths of its latent space, too."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class Divergence(Layer):
    """Kullback-Leibler divergence of a normal distribution from the unit one, ½ Σ (μ² + σ² - 1 - ln σ²).

    Inputs: means μ and logarithms of the variances ln σ², each (batch, dimensions). Output: (batch, 1). Firmware:
    ``l1ml.layers.divergence.arithmetic``.
    """

    def call(self, inputs: Any) -> Any:
        """Add the terms of all dimensions."""
        means, log_variances = inputs
        terms = tf.square(means) + tf.math.expm1(log_variances) - log_variances
        return tf.reduce_sum(terms, axis=-1, keepdims=True) / 2
