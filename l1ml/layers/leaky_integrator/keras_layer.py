"""A sum that forgets."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class LeakyIntegrator(Layer):
    """For one position after the other ``s = s - s / 2**leak + x``, from 0 on: (batch, positions, channels) to
    (batch, channels).

    Args:
        leak: How many bits are forgotten, a whole number from 1.
        kwargs: As for any Keras layer.

    Firmware: ``l1ml.layers.leaky_integrator.arithmetic``.

    Raises:
        ValueError: If the leak is not a whole number from 1.
    """

    def __init__(self, leak: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if leak != int(leak) or leak < 1:
            raise ValueError(f"leak must be a whole number from 1, got {leak}")
        self.leak = int(leak)

    def call(self, inputs: Any) -> Any:
        """Integrate."""
        total = tf.zeros_like(inputs[:, 0])
        for position in range(inputs.shape[1]):
            total = total * (1 - 0.5**self.leak) + inputs[:, position]
        return total

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "leak": self.leak}
