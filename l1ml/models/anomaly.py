"""The anomaly trigger: hardware integers, an encoder, the distance from the origin of its latent space, thresholds.

The path is that of CMS's AXOL1TL (CMS DP-2023/079): only the encoder of the autoencoder is in firmware, and the score
is the sum of the squares of its means μ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l1ml.keras_setup import set_up_keras


def firmware_model(encoder: Any, offsets: Sequence[float], shifts: Sequence[int], thresholds: int) -> Any:
    """What becomes firmware: input scaler, encoder, score, decisions.

    Args:
        encoder: Keras model from scaled inputs to the means μ; its layers are used, in order, not copied.
        offsets: Of the input scaler, one for each input.
        shifts: Places to the right, one for each input; negative ones to the left.
        thresholds: Number of thresholds.

    Returns:
        Model of the inputs ``objects`` (hardware integers) and ``thresholds``, and the outputs ``score`` (one element)
        and ``bits`` (one for each threshold).
    """
    set_up_keras()
    from tf_keras import Model
    from tf_keras.layers import Input, InputLayer

    from l1ml.models.layers import InputScaler, SumOfSquares, Thresholds

    objects, levels = Input((len(offsets),), name="objects"), Input((thresholds,), name="thresholds")
    values = InputScaler(offsets, shifts, name="scaler")(objects)
    for layer in encoder.layers:
        if not isinstance(layer, InputLayer):
            values = layer(values)
    score = SumOfSquares(name="score")(values)
    bits = Thresholds(name="bits")([score, levels])
    return Model([objects, levels], [score, bits], name="firmware")
