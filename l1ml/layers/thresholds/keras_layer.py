"""The decision of a trigger."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tf_keras.layers import Layer


class Thresholds(Layer):
    """Trigger bits, 1 where the score is no less than a threshold.

    Inputs: the score, (batch, 1), and the thresholds, (batch, thresholds): an input of the network, so that they can be
    set while the trigger runs. Output: (batch, thresholds). Firmware: ``l1ml.layers.thresholds.arithmetic``.
    """

    def call(self, inputs: Any) -> Any:
        """Compare."""
        score, thresholds = inputs
        return tf.cast(score >= thresholds, score.dtype)
