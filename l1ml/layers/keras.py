"""Keras layers of l1ml's own: trigger blocks that hls4ml does not have.

Importing this package loads TensorFlow, so import it where it is needed. Each layer computes in real numbers; what
the firmware computes is defined in the module ``arithmetic`` beside it.
"""

from __future__ import annotations

from l1ml.keras_setup import set_up_keras

set_up_keras()  # before tf_keras and hls4ml are imported

from l1ml.layers import register_handlers  # noqa: E402
from l1ml.layers.binned_thresholds.keras_layer import BinnedThresholds  # noqa: E402
from l1ml.layers.divergence.keras_layer import Divergence  # noqa: E402
from l1ml.layers.input_scaler.keras_layer import InputScaler  # noqa: E402
from l1ml.layers.norm1.keras_layer import Norm1  # noqa: E402
from l1ml.layers.sum_of_squares.keras_layer import SumOfSquares  # noqa: E402
from l1ml.layers.thresholds.keras_layer import Thresholds  # noqa: E402

__all__ = ["BinnedThresholds", "Divergence", "InputScaler", "Norm1", "SumOfSquares", "Thresholds", "custom_objects"]

register_handlers()  # whoever has such a layer can have hls4ml convert it


def custom_objects() -> dict[str, type]:
    """The layers by name, for ``load_model`` of Keras and ``load_qmodel`` of QKeras."""
    layers = (BinnedThresholds, Divergence, InputScaler, Norm1, SumOfSquares, Thresholds)
    return {layer.__name__: layer for layer in layers}
