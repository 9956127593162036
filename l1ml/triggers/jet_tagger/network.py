"""The L1 jet tagger: a dense network on 16 jet features (arXiv:1804.06913), quantized as in arXiv:2006.10159."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from l1ml.keras_setup import set_up_keras


@dataclass(frozen=True)
class JetTaggerShape:
    """Sizes and bit widths.

    Attributes:
        inputs: Number of input features.
        hidden: Width of each hidden layer.
        classes: Number of jet classes.
        weight_bits: Bits of weights and biases, all but the sign right of the binary point.
        activation_bits: Bits of the unsigned activations, all right of the binary point.
    """

    inputs: int
    hidden: Sequence[int]
    classes: int
    weight_bits: int
    activation_bits: int


def float_model(shape: JetTaggerShape) -> Any:
    """The network in floating point, which quantization is compared with; it ends in logits."""
    set_up_keras()
    from tf_keras.layers import Dense, Input
    from tf_keras.models import Sequential

    layers = [Dense(n, activation="relu", name=f"fc{i}") for i, n in enumerate(shape.hidden, start=1)]
    return Sequential([Input((shape.inputs,), name="jet"), *layers, Dense(shape.classes, name="logits")], name="float")


def quantized_model(shape: JetTaggerShape) -> Any:
    """The network in QKeras: quantized weights, biases and activations; it ends in logits."""
    set_up_keras()
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu
    from tf_keras.layers import Input
    from tf_keras.models import Sequential

    def dense(size: int, name: str) -> Any:
        weights = {key: quantized_bits(shape.weight_bits, 0, alpha=1) for key in ("kernel_quantizer", "bias_quantizer")}
        return QDense(size, name=name, **weights)

    layers: list[Any] = [Input((shape.inputs,), name="jet")]
    for i, size in enumerate(shape.hidden, start=1):
        layers += [dense(size, f"fc{i}"), QActivation(quantized_relu(shape.activation_bits), name=f"relu{i}")]
    return Sequential([*layers, dense(shape.classes, "logits")], name="quantized")
