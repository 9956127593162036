"""Random networks of QKeras layers, side by side in one model: all quantizers that hls4ml converts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

STRATEGIES = ("Latency", "Resource", "distributed_arithmetic", "auto")

INPUTS = ("fixed<8,4>", "fixed<6,1>", "ufixed<7,3>", "fixed<9,0>", "fixed<10,7,RND,SAT>", "uint<1>", "int<4>")

NARROW = "quantized_relu(9, 3, negative_slope=0.5)"
"""What comes before a table. hls4ml drops `quantized_bits` there, if the layer before it has an automatic type."""

KERNELS = (
    "quantized_bits({bits}, {integer}, alpha=1)",
    "quantized_bits({bits}, {integer})",
    "quantized_bits({bits}, 0, alpha='auto')",
    "quantized_bits({bits}, 0, alpha='auto_po2')",
    "quantized_bits({bits}, 0, keep_negative=False, alpha=1)",
    "quantized_po2({few})",
    "quantized_po2({few}, max_value=2)",
    "quantized_relu_po2({few})",
    "binary(alpha=1)",
    "binary()",
    "binary(alpha='auto')",
    "ternary(alpha=1)",
    "ternary()",
    "ternary(alpha='auto')",
    "stochastic_binary(alpha=1)",
    "stochastic_ternary(alpha=1)",
    "stochastic_binary()",
    "stochastic_ternary(alpha='auto_po2')",
    "bernoulli(alpha=1)",
)

BIASES = ("quantized_bits({bits}, {integer}, alpha=1)", "quantized_bits({bits}, {integer})", "ternary(alpha=1)", None)

ACTIVATIONS = (
    "binary",
    "binary()",
    "binary()",
    "ternary()",
    "ternary(threshold=0.2)",
    "ternary(threshold=0.8)",
    "quantized_bits({bits}, {integer}, alpha=1)",
    "quantized_relu({bits}, {integer})",
    "quantized_relu({bits}, {integer}, negative_slope=0.25)",
    "quantized_tanh({bits})",
    "quantized_tanh({bits}, symmetric=True)",
    "quantized_sigmoid({bits})",
    "quantized_tanh({bits}, use_real_tanh=True)",
    "quantized_sigmoid({bits}, use_real_sigmoid=True)",
)

TABLES = ("quantized_tanh", "quantized_sigmoid")


@dataclass
class Networks:
    """Networks side by side.

    Attributes:
        model: A model of ``tf_keras``, an output for each of them.
        options: hls4ml's options by name of a layer.
        about: What each of them is, by the name of its output.
        reuse_factors: Those of the layers.
    """

    model: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    reuse_factors: list[int] = field(default_factory=list)


class _Generator:
    def __init__(self, keras: Any, seed: int, most: int) -> None:
        import hls4ml

        self.keras, self.rng, self.most = keras, np.random.default_rng(seed), most
        self.backend = hls4ml.backends.get_backend("Verilog")
        self.found = Networks()
        self._next: dict[int, list[Any]] = {}

    def turn(self, choices: Sequence[Any]) -> Any:
        """The next of some choices, which all have their turn before one comes again."""
        left = self._next.setdefault(id(choices), [])
        if not left:
            left += [choices[i] for i in self.rng.permutation(len(choices))]
        return left.pop()

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def quantizer(self, choices: Sequence[str | None]) -> str | None:
        chosen = self.turn(choices)
        integer = int(self.rng.integers(0, 3))
        bits, few = integer + int(self.rng.integers(2, 6)), int(self.rng.integers(3, 5))
        return chosen and chosen.format(bits=bits, integer=integer, few=few)

    def network(self, number: int) -> tuple[Any, Any]:
        """An input and what a network makes of it."""
        name, kind, size = f"n{number}", self.turn(INPUTS), int(self.rng.integers(2, 11))
        x = values = self.keras.Input((size,), name=f"{name}x")
        self.found.options[f"{name}x"] = {"precision": {"result": kind}}
        about = [f"{name}: {size} of {kind}"]
        for index in range(int(self.rng.integers(1, 4))):
            values, text = self.layer(f"{name}d{index}", values)
            about.append(text)
        self.found.about[name] = "\n  ".join(about)
        return x, values

    def layer(self, name: str, values: Any) -> tuple[Any, str]:
        """A dense layer with what follows it."""
        from qkeras import QActivation, QBatchNormalization, QDense, get_quantizer

        kernel, bias, activation = (self.quantizer(kinds) for kinds in (KERNELS, BIASES, ACTIVATIONS))
        n_in, n_out = int(values.shape[-1]), int(self.rng.integers(1, 7))
        self.options(name, n_in, n_out, kernel)
        table = activation.startswith(TABLES)
        keyword: dict[str, Any] = {}
        normal = self.chance(0.4)
        if activation and not table and not normal and self.chance(0.4):
            keyword["activation"] = get_quantizer(activation) if self.chance(0.5) else activation
        given = {"kernel_quantizer": kernel, "bias_quantizer": bias, "use_bias": bias is not None}
        values = QDense(n_out, name=name, **given, **keyword)(values)
        if normal:
            quantized = self.chance(0.4)
            normalization = QBatchNormalization if quantized else self.keras.layers.BatchNormalization
            values = normalization(name=f"{name}bn")(values)
        if table:
            values = QActivation(NARROW, name=f"{name}narrow")(values)
        if not keyword:
            values = QActivation(activation, name=f"{name}a")(values)
        found = self.found.options[name]
        said = f"{kernel}, {bias}, {'normalized, ' * normal}{activation}{' as keyword' * bool(keyword)}"
        return values, f"{name}: {n_in}x{n_out}, {found['Strategy']} R={found['ReuseFactor']}, {said}"

    def options(self, name: str, n_in: int, n_out: int, kernel: str | None) -> None:
        """Strategy and reuse factor."""
        strategy = self.turn(STRATEGIES)
        valid = (
            self.backend.get_valid_reuse_factors(n_in, n_out) if strategy == "Resource" else range(1, n_in * n_out + 1)
        )
        factor = int(self.rng.choice([r for r in valid if r <= self.most]))
        options: dict[str, Any] = {"Strategy": strategy, "ReuseFactor": factor}
        if str(kernel).startswith("quantized_po2"):  # hls4ml has no automatic accumulator for them
            options["types"] = {"accum": "fixed<36,18>"}
        self.found.options[name] = options
        self.found.reuse_factors.append(factor)

    def weights(self, layer: Any) -> None:
        """Weights of all sizes; batch normalisations also turn signs."""
        shapes = [w.shape for w in layer.get_weights()]
        values = [self.rng.normal(0, 1, shape) * self.rng.choice([0.1, 0.5, 1, 2], shape) for shape in shapes]
        if isinstance(layer, self.keras.layers.BatchNormalization):
            sign = self.rng.choice([1, 1, 1, -1], shapes[0])
            values[0], values[3] = sign * self.rng.uniform(0.4, 2, shapes[0]), self.rng.uniform(0.3, 3, shapes[3])
        layer.set_weights(values)


def random_networks(keras: Any, seed: int, count: int, most: int) -> Networks:
    """So many networks.

    Args:
        keras: The module ``tf_keras``.
        seed: The same gives the same ones.
        count: How many.
        most: Largest reuse factor.
    """
    generator = _Generator(keras, seed, most)
    pairs = [generator.network(number) for number in range(count)]
    found = generator.found
    found.model = keras.Model(*(list(side) for side in zip(*pairs, strict=True)))
    for layer in found.model.layers:
        if layer.weights:
            generator.weights(layer)
    return found
