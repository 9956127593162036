"""The variational autoencoder whose encoder is the anomaly trigger's network (arXiv:1312.6114, arXiv:2108.03986)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras

HIDDEN_INTEGER, MEAN_INTEGER = 4, 4
"""Bits left of the binary point, without sign."""


@dataclass(frozen=True)
class AnomalyShape:
    """Sizes and bit widths.

    Attributes:
        inputs: Number of scaled inputs.
        hidden: Widths of the encoder's hidden layers; the decoder has them in reverse order.
        latent: Dimensions of the latent space.
        weight_bits: Bits of weights and biases; two of them left of the binary point, one the sign.
        activation_bits: Bits of hidden activations, four of them left of the binary point, and of the means μ.
    """

    inputs: int
    hidden: Sequence[int]
    latent: int
    weight_bits: int
    activation_bits: int

    @property
    def dense(self) -> tuple[str, ...]:
        """Names of the encoder's dense layers."""
        return (*(f"fc{i}" for i in range(1, len(self.hidden) + 1)), "mu")

    @property
    def mean(self) -> FixedType:
        """Type of the means μ of a quantized encoder."""
        return FixedType(self.activation_bits, MEAN_INTEGER + 1, True, "RND_CONV", "SAT")


HIDDEN_INTEGER, MEAN_INTEGER = 4, 4
"""Bits left of the binary point, without sign."""


@dataclass(frozen=True)
class Autoencoder:
    """A network for training and the part of it that tells how odd an event is; they share their layers.

    Attributes:
        model: From scaled inputs to their reconstruction; it adds the divergence of the latent space to its losses.
        encoder: From scaled inputs to the means μ.
    """

    model: Any
    encoder: Any


def float_autoencoder(shape: AnomalyShape, beta: float) -> Autoencoder:
    """In floating point; ``beta`` is the weight of the latent space's divergence."""
    set_up_keras()
    from tf_keras.layers import Dense, Input
    from tf_keras.models import Model

    scaled = values = Input((shape.inputs,), name="scaled")
    for name, size in zip(shape.dense, shape.hidden, strict=False):
        values = Dense(size, activation="relu", name=name)(values)
    means = Dense(shape.latent, name=shape.dense[-1])(values)
    widths = Dense(shape.latent, name="log_variance")(values)
    values = _sampler()(beta, name="sampler")([means, widths])
    for i, size in enumerate(reversed(shape.hidden), start=1):
        values = Dense(size, activation="relu", name=f"decoder{i}")(values)
    reconstruction = Dense(shape.inputs, name="reconstruction")(values)
    return Autoencoder(Model(scaled, reconstruction, name="autoencoder"), Model(scaled, means, name="encoder"))


def quantized_encoder(shape: AnomalyShape) -> Any:
    """The encoder in QKeras, from scaled inputs to means of the type ``shape.mean``."""
    set_up_keras()
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu
    from tf_keras.layers import Input
    from tf_keras.models import Sequential

    def dense(size: int, name: str) -> Any:
        bits = {key: quantized_bits(shape.weight_bits, 1, alpha=1) for key in ("kernel_quantizer", "bias_quantizer")}
        return QDense(size, name=name, **bits)

    bits, layers = shape.activation_bits, [Input((shape.inputs,), name="scaled")]
    for i, size in enumerate(shape.hidden, start=1):
        relu = QActivation(quantized_relu(bits, HIDDEN_INTEGER), name=f"act{i}")
        layers += [dense(size, shape.dense[i - 1]), relu]
    means = QActivation(quantized_bits(bits, MEAN_INTEGER, alpha=1), name="latent")
    return Sequential([*layers, dense(shape.latent, shape.dense[-1]), means], name="quantized")


def copy_weights(source: Any, target: Any) -> None:
    """Give the layers of a model the weights of those of the same name of another."""
    for layer in source.layers:
        if layer.get_weights():
            target.get_layer(layer.name).set_weights(layer.get_weights())


def _sampler() -> type[Any]:
    """A layer that draws from the latent space in training; made here, as importing TensorFlow takes seconds."""
    import tensorflow as tf
    from tf_keras.layers import Layer

    class Sampler(Layer):
        """Means and logarithms of variances to points of the latent space, which are the means when not training.

        It adds beta times the divergence from the unit normal distribution, ½ Σ(μ² + σ² - 1 - ln σ²), to the losses.
        """

        def __init__(self, beta: float, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.beta = beta

        def call(self, inputs: Any, training: Any = None) -> Any:
            means, widths = inputs[0], tf.clip_by_value(inputs[1], -10.0, 10.0)
            divergence = tf.reduce_sum(tf.square(means) + tf.exp(widths) - 1.0 - widths, axis=-1) / 2
            self.add_loss(self.beta * tf.reduce_mean(divergence))
            return means + tf.exp(widths / 2) * tf.random.normal(tf.shape(means)) if training else means

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "beta": self.beta}

    return Sampler
