"""The electron trigger: rings of calorimeter energy, their normalisation, a small dense network, thresholds.

After ATLAS's NeuralRinger (arXiv:1909.09082, J. Phys.: Conf. Ser. 1162 (2019) 012038).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from l1ml.keras_setup import set_up_keras
from l1ml.triggers.electron_rings.thresholds import ThresholdTable


@dataclass(frozen=True)
class RingerShape:
    """Sizes, bit widths and activation.

    Attributes:
        rings: Number of inputs.
        hidden: Width of each hidden layer.
        activation: ``relu`` or ``tanh``.
        weight_bits: Bits of weights and biases; two of them left of the binary point, one the sign.
        activation_bits: Bits of the activations.
    """

    rings: int
    hidden: Sequence[int]
    activation: str
    weight_bits: int
    activation_bits: int


def float_model(shape: RingerShape) -> Any:
    """The network in floating point on normalised rings; it ends in one logit."""
    set_up_keras()
    from tf_keras.layers import Dense, Input
    from tf_keras.models import Sequential

    hidden = [Dense(n, activation=shape.activation, name=f"fc{i}") for i, n in enumerate(shape.hidden, start=1)]
    return Sequential([Input((shape.rings,), name="normalised"), *hidden, Dense(1, name="score")], name="float")


def quantized_model(shape: RingerShape) -> Any:
    """The network in QKeras on normalised rings; it ends in one logit."""
    set_up_keras()
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu, quantized_tanh
    from tf_keras.layers import Input
    from tf_keras.models import Sequential

    def dense(size: int, name: str) -> Any:
        bits = {key: quantized_bits(shape.weight_bits, 2, alpha=1) for key in ("kernel_quantizer", "bias_quantizer")}
        return QDense(size, name=name, **bits)

    def activation(i: int) -> Any:
        bits = shape.activation_bits
        quantizer = quantized_relu(bits, 2) if shape.activation == "relu" else quantized_tanh(bits, use_real_tanh=True)
        return QActivation(quantizer, name=f"act{i}")

    layers: list[Any] = [Input((shape.rings,), name="normalised")]
    for i, size in enumerate(shape.hidden, start=1):
        layers += [dense(size, f"fc{i}"), activation(i)]
    return Sequential([*layers, dense(1, "score")], name="quantized")


def firmware_model(network: Any, rings: int, smallest: float, thresholds: ThresholdTable) -> Any:
    """What becomes firmware: normalisation, a trained network, decisions.

    Args:
        network: Result of ``quantized_model`` after training.
        rings: Number of rings.
        smallest: What a sum of energies closer to zero is taken for.
        thresholds: Of the network's output.

    Returns:
        Model of the inputs ``rings``, ``et``, ``eta`` and ``pileup`` (each of the last three of one element) and the
        outputs ``score`` and ``decision`` (one element for each working point).
    """
    from l1ml.layers.keras import BinnedThresholds, Norm1

    set_up_keras()
    from tf_keras.layers import Input
    from tf_keras.models import Model

    energies = Input((rings,), name="rings")
    context = [Input((1,), name=name) for name in ("et", "eta", "pileup")]
    values = Norm1(smallest, name="norm")(energies)
    for layer in network.layers:
        values = layer(values)
    decide = BinnedThresholds(
        thresholds.et_edges, thresholds.eta_edges, thresholds.intercept, thresholds.slope, name="decision"
    )
    return Model([energies, *context], [values, decide([values, *context])], name="firmware")
