"""The anomaly trigger: hardware integers, a network, a score that says how odd an event is, thresholds.

The path is that of CMS's AXOL1TL (CMS DP-2023/079), whose score is the sum of the squares of the means μ of a latent
space, so that only the encoder of its autoencoder is in firmware. Other scores ask for more of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from l1ml.keras_setup import set_up_keras

ScoreLayers = Callable[[Any, Mapping[str, Any]], Any]
"""Makes the score, named ``score``, of the scaled inputs and of what each of the network's layers gives."""


def sum_of_squares(scaled: Any, outputs: Mapping[str, Any]) -> Any:
    """Σμ² of what the last layer gives."""
    from l1ml.layers.keras import SumOfSquares

    return SumOfSquares(name="score")(list(outputs.values())[-1])


def firmware_model(
    network: Any,
    offsets: Sequence[float],
    shifts: Sequence[int],
    thresholds: int,
    score: ScoreLayers = sum_of_squares,
) -> Any:
    """What becomes firmware: input scaler, network, score, decisions.

    Args:
        network: Keras model of the scaled inputs; its layers are used, not copied. Those that the score does not need
            are left out.
        offsets: Of the input scaler, one for each input.
        shifts: Places to the right, one for each input; negative ones to the left.
        thresholds: Number of thresholds.
        score: Makes the score.

    Returns:
        Model of the inputs ``objects`` (hardware integers) and ``thresholds``, and the outputs ``score`` (one element)
        and ``bits`` (one for each threshold).
    """
    set_up_keras()
    from tf_keras import Model
    from tf_keras.layers import Input

    from l1ml.layers.keras import InputScaler, Thresholds

    objects, levels = Input((len(offsets),), name="objects"), Input((thresholds,), name="thresholds")
    scaled = InputScaler(offsets, shifts, name="scaler")(objects)
    found = score(scaled, _applied(network, scaled))
    bits = Thresholds(name="bits")([found, levels])
    return Model([objects, levels], [found, bits], name="firmware")


def _applied(network: Any, values: Any) -> dict[str, Any]:
    """What the layers of a network of one input make of another tensor, by name, in their order."""
    from tf_keras.layers import InputLayer

    made = {id(network.inputs[0]): values}
    named = {}
    for layer in network.layers:
        if not isinstance(layer, InputLayer):
            before, after = layer.input, layer.output  # with a second call, Keras could not tell which
            sources = [made[id(t)] for t in before] if isinstance(before, list) else made[id(before)]
            named[layer.name] = made[id(after)] = layer(sources)
    return named
