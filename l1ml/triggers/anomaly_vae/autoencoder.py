"""The autoencoders of the anomaly trigger (arXiv:1312.6114, arXiv:2108.03986): for training, and in fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras

HIDDEN_INTEGER, MEAN_INTEGER, LOG_VARIANCE_INTEGER = 4, 4, 3
"""Bits left of the binary point, without sign."""
FINER = 2
"""Bits that a reconstruction has more than other outputs: its errors are what an event is judged by."""


@dataclass(frozen=True)
class AnomalyShape:
    """Sizes and bit widths.

    Attributes:
        inputs: Number of scaled inputs.
        hidden: Widths of the encoder's hidden layers; the decoder has them in reverse order.
        latent: Dimensions of the latent space.
        weight_bits: Bits of weights and biases; two of them left of the binary point, one the sign.
        activation_bits: Bits of hidden activations, four of them left of the binary point, and of what an encoder
            gives.
    """

    inputs: int
    hidden: Sequence[int]
    latent: int
    weight_bits: int
    activation_bits: int

    @property
    def trunk(self) -> tuple[str, ...]:
        """Names of the encoder's hidden layers."""
        return tuple(f"fc{i}" for i in range(1, len(self.hidden) + 1))

    @property
    def dense(self) -> tuple[str, ...]:
        """Names of the dense layers that lead to the means μ."""
        return (*self.trunk, "mu")

    @property
    def decoder(self) -> tuple[str, ...]:
        """Names of the decoder's dense layers."""
        return (*(f"decoder{i}" for i in range(1, len(self.hidden) + 1)), "reconstruction")

    @property
    def mean(self) -> FixedType:
        """Type of the means μ of a quantized encoder."""
        return _output(self.activation_bits, MEAN_INTEGER + 1)

    @property
    def log_variance(self) -> FixedType:
        """Type of the logarithms of the variances, ln σ²."""
        return _output(self.activation_bits, LOG_VARIANCE_INTEGER + 1)

    def reconstruction(self, scaled: FixedType) -> FixedType:
        """Type of what a quantized decoder makes of inputs of some type."""
        return _output(self.activation_bits + FINER, scaled.integer + int(not scaled.signed))


@dataclass(frozen=True)
class Autoencoder:
    """Networks for training, of scaled inputs; they share their layers.

    Attributes:
        model: To the reconstruction of the inputs; it adds what else is to be small to its losses.
        encoder: To the means μ.
        spreads: To means μ and logarithms of variances ln σ², side by side; None if there are none.
    """

    model: Any
    encoder: Any
    spreads: Any = None


def float_autoencoder(shape: AnomalyShape, beta: float | None) -> Autoencoder:
    """In floating point; ``beta`` is the weight of the latent space's divergence, None an autoencoder without one."""
    set_up_keras()
    from tf_keras.layers import Concatenate, Dense, Input
    from tf_keras.models import Model

    scaled = values = Input((shape.inputs,), name="scaled")
    for name, size in zip(shape.trunk, shape.hidden, strict=True):
        values = Dense(size, activation="relu", name=name)(values)
    hidden, spreads = values, None
    means = values = Dense(shape.latent, name=shape.dense[-1])(hidden)
    if beta is not None:
        widths = Dense(shape.latent, name="log_variance")(hidden)
        values = _sampler()(beta, name="sampler")([means, widths])
        spreads = Model(scaled, Concatenate(name="spreads")([means, widths]), name="spreads")
    for name, size in zip(shape.decoder, reversed(shape.hidden), strict=False):
        values = Dense(size, activation="relu", name=name)(values)
    reconstruction = Dense(shape.inputs, name=shape.decoder[-1])(values)
    return Autoencoder(Model(scaled, reconstruction, name="autoencoder"), Model(scaled, means, name="encoder"), spreads)


def quantized_encoder(shape: AnomalyShape, *, spreads: bool = False) -> Any:
    """The encoder in QKeras, from scaled inputs to means of the type ``shape.mean``.

    Args:
        shape: Sizes and bit widths.
        spreads: Whether logarithms of variances, of the type ``shape.log_variance``, follow the means side by side.
    """
    set_up_keras()
    from tf_keras.layers import Concatenate, Input
    from tf_keras.models import Model

    scaled = Input((shape.inputs,), name="scaled")
    values = _hidden(shape, shape.trunk, shape.hidden, scaled)
    outputs = means = _head(shape, "mu", shape.latent, shape.mean, "latent")(values)
    if spreads:
        widths = _head(shape, "log_variance", shape.latent, shape.log_variance, "width")(values)
        outputs = Concatenate(name="spreads")([means, widths])
    return Model(scaled, outputs, name="quantized")


def quantized_autoencoder(shape: AnomalyShape, restored: FixedType) -> Any:
    """Encoder and decoder in QKeras, from scaled inputs to their reconstruction.

    Args:
        shape: Sizes and bit widths.
        restored: Type of the reconstruction.
    """
    set_up_keras()
    from tf_keras.layers import Input
    from tf_keras.models import Model

    scaled = Input((shape.inputs,), name="scaled")
    values = _hidden(shape, shape.trunk, shape.hidden, scaled)
    values = _head(shape, "mu", shape.latent, shape.mean, "latent")(values)
    values = _hidden(shape, shape.decoder[:-1], tuple(reversed(shape.hidden)), values)
    restored_inputs = _head(shape, shape.decoder[-1], shape.inputs, restored, "restored")(values)
    return Model(scaled, restored_inputs, name="quantized")


def copy_weights(source: Any, target: Any) -> None:
    """Give the layers of a model the weights of those of the same name of another."""
    for layer in source.layers:
        if layer.get_weights():
            target.get_layer(layer.name).set_weights(layer.get_weights())


def _output(bits: int, integer: int) -> FixedType:
    return FixedType(bits, integer, True, "RND_CONV", "SAT")


def _dense(shape: AnomalyShape, size: int, name: str) -> Any:
    from qkeras import QDense, quantized_bits

    bits = {key: quantized_bits(shape.weight_bits, 1, alpha=1) for key in ("kernel_quantizer", "bias_quantizer")}
    return QDense(size, name=name, **bits)


def _hidden(shape: AnomalyShape, names: Sequence[str], sizes: Sequence[int], values: Any) -> Any:
    """Hidden layers with ReLU, one after the other."""
    from qkeras import QActivation, quantized_relu

    for name, size in zip(names, sizes, strict=True):
        relu = QActivation(quantized_relu(shape.activation_bits, HIDDEN_INTEGER), name=f"{name}_relu")
        values = relu(_dense(shape, size, name)(values))
    return values


def _head(shape: AnomalyShape, name: str, size: int, fixed: FixedType, rounded: str) -> Any:
    """A dense layer whose results, in the layer ``rounded``, are of a signed type."""
    from qkeras import QActivation, quantized_bits

    dense = _dense(shape, size, name)
    cast = QActivation(quantized_bits(fixed.width, fixed.integer - 1, alpha=1), name=rounded)
    return lambda values: cast(dense(values))


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
