"""Random small networks with reuse factors of their own, side by side in one model: one compilation serves them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import INT, INT64_BITS, ROUNDING_MODES, SATURATION_MODES, FixedType

STRATEGIES = ("Latency", "Resource", "ResourceUnrolled", "distributed_arithmetic", "auto")

SPECIAL_WEIGHTS = ("ufixed<1,1>", "fixed<1,1>", "fixed<1,0>", "fixed<2,2>", "int<2>")
"""Binary and ternary weights; hls4ml multiplies by the last one in a way of its own."""

DSP_BITS, DSP_WIDE = 34, 26
"""Bits of an input and a weight, and of the wider one, that a DSP multiplies and an ``accum_t`` of 48 bits sums."""


@dataclass(frozen=True)
class Layer:
    """A dense layer and the activation behind it.

    Attributes:
        name: Of the dense layer.
        weights: Shape (n_in, n_out).
        biases: Shape (n_out,).
        types: hls4ml's precisions of the dense layer.
        linear: Type to which hls4ml casts its results.
        activation: ``relu``, ``prelu`` or nothing.
        activated: Type of the activation's results.
        strategy: hls4ml's strategy.
        reuse_factor: Clock cycles.
        given: Whether these values are an output of the model.
    """

    name: str
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    types: dict[str, str]
    linear: str
    activation: str
    activated: FixedType
    strategy: str
    reuse_factor: int
    given: bool

    def __str__(self) -> str:
        n_in, n_out = self.weights.shape
        types = " ".join(f"{key}={value}" for key, value in self.types.items())
        return (
            f"{self.name}: {n_in}x{n_out}, {np.count_nonzero(self.weights)} weights, {self.strategy} "
            f"R={self.reuse_factor}, {types} linear={self.linear} {self.activation}={self.activated}"
        )

    @property
    def options(self) -> dict[str, Any]:
        """hls4ml's options."""
        options: dict[str, Any] = {
            self.name: {"precision": self.types, "Strategy": self.strategy, "ReuseFactor": self.reuse_factor},
            f"{self.name}_linear": {"precision": {"result": self.linear}},
        }
        if self.activation:
            options[f"{self.name}_{self.activation}"] = {"precision": {"result": str(self.activated)}}
        return options


@dataclass(frozen=True)
class Limits:
    """How large networks may become.

    Attributes:
        reuse_factor: Largest one.
        weights: Weights of a layer that are not zero.
    """

    reuse_factor: int
    weights: int


WIDE = 32
"""Bits of types that are wider than they need to be."""

WIDE_SUM = FixedType(48, 24, True, "RND", "SAT")
"""An accumulator that is wider than it needs to be."""

Source = tuple[int, FixedType]
"""Number of elements of an input, and their type."""


class Generator:
    """Draws networks; the same seed gives the same ones."""

    def __init__(self, seed: int, limits: Limits) -> None:
        import hls4ml

        self.rng = np.random.default_rng(seed)
        self.limits = limits
        self.backend = hls4ml.backends.get_backend("Verilog")
        modes = list(product(ROUNDING_MODES, SATURATION_MODES))
        self.rng.shuffle(modes)
        strategies = list(STRATEGIES)
        self.rng.shuffle(strategies)
        self.modes: Iterator[tuple[str, str]] = cycle(modes)
        self.strategies: Iterator[str] = cycle(strategies)

    def networks(self, count: int, sources: Sequence[Source]) -> list[list[Layer]]:
        """So many networks, which take turns at the inputs."""
        return [self._network(number, *sources[number % len(sources)]) for number in range(count)]

    def _network(self, number: int, n_in: int, source: FixedType) -> list[Layer]:
        layers: list[Layer] = []
        count = int(self.rng.choice([1, 1, 1, 2, 2, 3, 4]))
        for index in range(count):
            layer = self._layer(f"n{number}d{index}", n_in, source, last=index == count - 1)
            layers.append(layer)
            n_in, source = layer.weights.shape[1], layer.activated
        return layers

    def _layer(self, name: str, n_in: int, source: FixedType, *, last: bool) -> Layer:
        n_out = self._size()
        weight, weights = self._weights(n_in, n_out, source)
        bias = self._type(8, signed=True, modes=("TRN", "WRAP"))
        wide = source.width + weight.width > DSP_BITS or max(source.width, weight.width) > DSP_WIDE
        strategy = next(self.strategies)
        strategy = "auto" if wide and strategy == "Resource" else strategy
        reuse_factor = self._reuse_factor(n_in, n_out, strategy)
        top, fraction = source.integer + weight.integer, max(source.fraction + weight.fraction, bias.fraction)
        lossless = wide and reuse_factor > 1
        fits = fraction <= WIDE_SUM.fraction and top + n_in.bit_length() < WIDE_SUM.integer
        rounds = strategy == "distributed_arithmetic" or reuse_factor == 1
        accum = None if lossless else self._accum(min(top, bias.integer), rounds=rounds, fits=fits or rounds)
        summed = FixedType(fraction + top, top) if accum is None else accum
        widest, kept = 16 if last else 9, last and self._chance(0.2) and summed.width <= INT64_BITS - 8
        result = summed if kept else self._rounded(summed, widest)
        linear = self._rounded(result, widest) if kept or self._chance(0.3) else result
        activation = str(self.rng.choice(["relu", "relu", "", "prelu"]))
        activated = self._rounded(linear, widest) if activation else linear
        if activation == "prelu":  # its products have more bits
            activated = self._type(8, modes=("TRN", "SAT"))
        types = {
            "weight": f"int<{weight.width}>" if weight.integer == weight.width == 2 and self._chance(0.5) else weight,
            "bias": bias,
            "accum": "auto" if accum is None else accum,
            "result": "auto" if kept else result,
        }
        return Layer(
            name=name,
            weights=weights,
            biases=bias.to_float(self.rng.integers(bias.minimum, bias.maximum + 1, n_out)) * self._chance(0.8),
            types={key: str(value) for key, value in types.items()},
            linear=str(linear),
            activation=activation,
            activated=activated,
            strategy=strategy,
            reuse_factor=reuse_factor,
            given=last or self._chance(0.15),
        )

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _size(self) -> int:
        low, high = [(1, 4), (5, 12), (5, 12), (5, 12), (13, 40)][self.rng.integers(5)]
        return int(self.rng.integers(low, high + 1))

    def _type(self, widest: int, *, modes: tuple[str, str], signed: bool | None = None) -> FixedType:
        width = int(self.rng.integers(1, widest + 1))
        integer = int(self.rng.integers(-1, min(width, 8) + 2))
        return FixedType(width, integer, self._chance(0.6) if signed is None else signed, *modes)

    def _rounded(self, source: FixedType, widest: int) -> FixedType:
        """A type for values of another: an integer type, or one in the next of all modes."""
        if source.integer > 0 and self._chance(0.12):
            width = int(self.rng.integers(1, widest + 1))
            return FixedType(width, width, self._chance(0.6), INT)
        rounding, saturation = next(self.modes)
        widest = WIDE if self._chance(0.1) else widest
        return in_reach(self._type(widest, modes=(rounding, saturation)), source.integer)

    def _weights(self, n_in: int, n_out: int, source: FixedType) -> tuple[FixedType, NDArray[np.float64]]:
        """Weights with zeros, empty rows and columns, and at times nothing else."""
        if self._chance(0.3):
            kind = FixedType.parse(str(self.rng.choice(SPECIAL_WEIGHTS)))
        else:
            widest = WIDE if self._chance(0.1) else 12
            kind = self._type(widest, modes=("TRN", "WRAP"), signed=not self._chance(0.2))
        values = kind.to_float(self.rng.integers(kind.minimum, kind.maximum + 1, (n_in, n_out)))
        density = min(float(self.rng.choice([0.2, 0.5, 1.0])), self.limits.weights / values.size)
        values[self.rng.random(values.shape) >= density] = 0
        if self._chance(0.4):
            values[self.rng.integers(n_in)] = 0
            values[:, self.rng.integers(n_out)] = 0
        return kind, values * (not self._chance(0.06))

    def _reuse_factor(self, n_in: int, n_out: int, strategy: str) -> int:
        valid = self.backend.get_valid_reuse_factors(n_in, n_out)
        if not strategy.startswith("Resource"):
            valid = range(1, n_in * n_out + 1)
        valid = [r for r in valid if r <= self.limits.reuse_factor]
        if self._chance(0.15):
            return 1
        return int(self.rng.choice(valid[1:] or [1]) if self._chance(0.8) else valid[-1])

    def _accum(self, top: int, *, rounds: bool, fits: bool) -> FixedType | None:
        """None for ``auto`` as a rule, a wide type that ``fits``, or a narrow one, of any mode if ``rounds``."""
        if self._chance(0.65):
            return None
        if self._chance(0.2) and fits:
            return WIDE_SUM
        return in_reach(self._type(16, modes=next(self.modes) if rounds else ("TRN", "WRAP")), top)


def in_reach(target: FixedType, integer: int) -> FixedType:
    """A type whose LSB is not worth more than twice the highest bit of what is cast to it: AMD's ``ap_fixed`` stops
    the program at a rounding that looks at a bit above the highest one."""
    return replace(target, integer=min(target.integer, target.width + integer))


def keras_model(keras: Any, networks: list[list[Layer]], sources: Sequence[Source]) -> tuple[Any, dict[str, Any]]:
    """One Keras model of some networks that take turns at the inputs, and hls4ml's options for it."""
    inputs = [keras.layers.Input((n_in,), name=f"x{i}") for i, (n_in, _) in enumerate(sources)]
    options: dict[str, Any] = {f"x{i}": {"precision": {"result": str(kind)}} for i, (_, kind) in enumerate(sources)}
    outputs = []
    rng = np.random.default_rng(len(networks))
    for number, network in enumerate(networks):
        values = inputs[number % len(inputs)]
        for layer in network:
            n_out = layer.weights.shape[1]
            dense = keras.layers.Dense(n_out, name=layer.name)
            values = dense(values)
            dense.set_weights([layer.weights, layer.biases])
            if layer.activation == "relu":
                values = keras.layers.Activation("relu", name=f"{layer.name}_relu")(values)
            elif layer.activation == "prelu":
                slopes = keras.layers.PReLU(name=f"{layer.name}_prelu")
                values = slopes(values)
                slopes.set_weights([rng.integers(-8, 9, n_out) / 8])
            options |= layer.options
            if layer.given:
                outputs.append(values)
    return keras.Model(inputs, outputs), options
