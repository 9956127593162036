"""What an anomaly trigger can take for odd: each score in real numbers, in fixed point and as layers of firmware."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.divergence.arithmetic import DivergenceArithmetic
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.layers.sum_of_squares.arithmetic import exact_sum
from l1ml.triggers.anomaly_vae.autoencoder import AnomalyShape, Autoencoder, quantized_autoencoder, quantized_encoder
from l1ml.triggers.anomaly_vae.network import sum_of_squares

MISSED_INTEGER = 5
"""Bits left of the binary point, sign included, of what a reconstruction misses, in units of the spread of an input."""


class Score(ABC):
    """How odd an event is by what a network makes of its scaled inputs.

    The methods ``real`` and ``fixed`` take the network's outputs, shape (n, any), and its scaled inputs, shape
    (n, inputs), and return shape (n,).
    """

    @property
    @abstractmethod
    def dense(self) -> tuple[str, ...]:
        """Names of the network's dense layers."""

    @property
    @abstractmethod
    def type(self) -> FixedType:
        """Type of the score in firmware."""

    @property
    @abstractmethod
    def types(self) -> dict[str, FixedType]:
        """Types of layers that Keras does not know the type of, as for ``l1ml.hls.convert``."""

    @abstractmethod
    def reference(self, autoencoder: Autoencoder) -> Any:
        """The part of an autoencoder in floating point from whose outputs the score is computed."""

    @abstractmethod
    def quantized(self) -> Any:
        """A quantized network of the same outputs."""

    @abstractmethod
    def real(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """The score in real numbers."""

    @abstractmethod
    def fixed(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """The score of a quantized network as the firmware computes it."""

    @abstractmethod
    def layers(self, scaled: Any, outputs: Mapping[str, Any]) -> Any:
        """The score as layers of Keras, as for ``l1ml.triggers.anomaly_vae.network.firmware_model``."""

    def limited(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs of the reference as a quantized network can give them, to be learnt by it."""
        return outputs


@dataclass(frozen=True)
class Means(Score):
    """Σμ²: the squared distance from the origin of the latent space."""

    shape: AnomalyShape

    @property
    def dense(self) -> tuple[str, ...]:
        """Names of the encoder's dense layers."""
        return self.shape.dense

    @property
    def type(self) -> FixedType:
        """That of the exact sum."""
        return exact_sum(self.shape.latent, self.shape.mean)

    @property
    def types(self) -> dict[str, FixedType]:
        """Type of the means."""
        return _result("mu", self.shape.mean)

    def reference(self, autoencoder: Autoencoder) -> Any:
        """To the means."""
        return autoencoder.encoder

    def quantized(self) -> Any:
        """To the means."""
        return quantized_encoder(self.shape)

    def real(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Squares and their sum."""
        return np.asarray(np.sum(np.square(outputs), axis=1))

    def fixed(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same: nothing is lost."""
        return self.real(outputs, scaled)

    def layers(self, scaled: Any, outputs: Mapping[str, Any]) -> Any:
        """``SumOfSquares``."""
        return sum_of_squares(scaled, outputs)


@dataclass(frozen=True)
class Divergence(Score):
    """½ Σ (μ² + σ² - 1 - ln σ²): the divergence of the latent distribution from the unit normal one."""

    shape: AnomalyShape

    @property
    def dense(self) -> tuple[str, ...]:
        """Names of the encoder's dense layers, those to the logarithms of variances among them."""
        return (*self.shape.dense, "log_variance")

    @property
    def type(self) -> FixedType:
        """That of the exact sum."""
        return self._numbers.result

    @property
    def types(self) -> dict[str, FixedType]:
        """Types of means and logarithms of variances."""
        return _result("mu", self.shape.mean) | _result("log_variance", self.shape.log_variance)

    def reference(self, autoencoder: Autoencoder) -> Any:
        """To means and logarithms of variances."""
        return autoencoder.spreads

    def quantized(self) -> Any:
        """To means and logarithms of variances."""
        return quantized_encoder(self.shape, spreads=True)

    def limited(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Clip logarithms of variances to their type."""
        fixed, latent = self.shape.log_variance, self.shape.latent
        clipped = np.clip(outputs[:, latent:], fixed.lowest * fixed.lsb, fixed.maximum * fixed.lsb)
        return np.concatenate([outputs[:, :latent], clipped], axis=1)

    def real(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the formula, with the logarithms within the range of the type that they have in firmware."""
        means, logs = np.split(self.limited(outputs).astype(np.float64), 2, axis=1)
        return (np.sum(means**2 + np.expm1(logs) - logs, axis=1) / 2).astype(np.float32)

    def fixed(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the table."""
        means, logs = np.split(outputs, 2, axis=1)
        score = self._numbers.run(self.shape.mean.quantize(means), self.shape.log_variance.quantize(logs))
        return self.type.to_float(score)[:, 0].astype(np.float32)

    def layers(self, scaled: Any, outputs: Mapping[str, Any]) -> Any:
        """``Divergence``."""
        from l1ml.layers.keras import Divergence as Layer

        return Layer(name="score")([outputs["latent"], outputs["width"]])

    @property
    def _numbers(self) -> DivergenceArithmetic:
        return DivergenceArithmetic.default(self.shape.latent, self.shape.mean, self.shape.log_variance)


@dataclass(frozen=True)
class Reconstruction(Score):
    """Σ (2^k_i (x_i - x̂_i))²: what an autoencoder misses of its inputs, each in units of about its spread.

    Attributes:
        shape: Sizes and bit widths.
        scaled: Type of the scaled inputs.
        powers: k, for each input; shape (inputs,).
    """

    shape: AnomalyShape
    scaled: FixedType
    powers: NDArray[np.int64]

    @property
    def dense(self) -> tuple[str, ...]:
        """Names of all dense layers."""
        return (*self.shape.dense, *self.shape.decoder)

    @property
    def type(self) -> FixedType:
        """That of the exact sum."""
        return exact_sum(self.shape.inputs, self.weighted)

    @property
    def types(self) -> dict[str, FixedType]:
        """Types of the latent space, the reconstruction, and what is missed."""
        restored = _result("reconstruction", self.restored)
        missed = {"missed": self.missed, "weighted/work": self.work, "weighted": self.weighted}
        return _result("mu", self.shape.mean) | restored | missed

    @property
    def restored(self) -> FixedType:
        """Type of the reconstruction."""
        return self.shape.reconstruction(self.scaled)

    @property
    def missed(self) -> FixedType:
        """Type of the exact difference of input and reconstruction."""
        integer = max(self.scaled.integer + int(not self.scaled.signed), self.restored.integer) + 1
        return FixedType(integer + max(self.scaled.fraction, self.restored.fraction), integer)

    @property
    def work(self) -> FixedType:
        """Type in which that is multiplied by a power of two, without loss."""
        up, down = int(max(self.powers.max(), 0)), int(max(-self.powers.min(), 0))
        return FixedType(self.missed.width + up + down, self.missed.integer + up)

    @property
    def weighted(self) -> FixedType:
        """Type of what is squared."""
        return FixedType(self.shape.activation_bits, MISSED_INTEGER, True, "RND_CONV", "SAT")

    def reference(self, autoencoder: Autoencoder) -> Any:
        """To the reconstruction."""
        return autoencoder.model

    def quantized(self) -> Any:
        """To the reconstruction."""
        return quantized_autoencoder(self.shape, self.restored)

    def real(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the formula."""
        return np.asarray(np.sum(np.square((scaled - outputs) * 2.0**self.powers), axis=1), dtype=np.float32)

    def fixed(self, outputs: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """By the layers."""
        zero = FixedType(1, 1, signed=False)
        offsets = np.zeros(len(self.powers), dtype=np.int64)
        scaler = InputScalerArithmetic(self.missed, zero, self.work, self.weighted, offsets, -self.powers)
        missed = self.missed.quantize(scaled.astype(np.float64) - outputs)  # exact
        weighted = self.weighted.to_float(scaler.run(missed))
        return np.sum(weighted**2, axis=1).astype(np.float32)

    def layers(self, scaled: Any, outputs: Mapping[str, Any]) -> Any:
        """A difference, ``InputScaler`` for the powers of two, ``SumOfSquares``."""
        from tf_keras.layers import Subtract

        from l1ml.layers.keras import InputScaler, SumOfSquares

        missed = Subtract(name="missed")([scaled, outputs["restored"]])
        weighted = InputScaler([0.0] * len(self.powers), (-self.powers).tolist(), name="weighted")(missed)
        return SumOfSquares(name="score")(weighted)


def _result(dense: str, fixed: FixedType) -> dict[str, FixedType]:
    """Type of a dense layer's result.

    hls4ml would merge the cast to this type with the layers before it, and forget the type.
    """
    return dict.fromkeys((dense, f"{dense}_linear"), fixed)
