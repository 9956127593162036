"""Random networks of HGQ2 layers, side by side in one model: one compilation serves them all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from graphs import Drawn
from numpy.typing import NDArray

LARGEST = 20
"""Elements of a tensor."""

STEPS = 4
"""Layers of a network, but for those before the outputs."""

SHAPES = ((3,), (5,), (8,), (2, 3), (3, 2), (4, 3))
"""Of the inputs."""

STRATEGIES = ("Latency", "Resource", "distributed_arithmetic", "auto")

ROUNDING = ("RND", "RND", "RND_CONV", "TRN")
OVERFLOW = ("WRAP", "WRAP", "SAT", "SAT_SYM")

MERGES = ("QAdd", "QSubtract", "QMultiply", "QMaximum", "QMinimum", "QAveragePow2")

TABLES = ("tanh", "sigmoid", "softplus", "softsign", "elu", "selu", "gelu", "silu", "hard_sigmoid", "exponential")
"""Functions that become a table of the values of a quantizer."""

EQUATIONS = {
    1: [("bi,ij->bj", "j"), ("bi,ijk->bjk", "k"), ("bi,ij->bj", None)],
    2: [("bpc,cd->bpd", "d"), ("bpc,pq->bqc", None), ("bpc,pcd->bd", "d"), ("bpc,cd->bdp", "p"), ("bpc,cpd->bd", "d")],
}
"""Those of ``QEinsumDense`` by the axes of the input, and the axes of the bias."""

PRODUCTS = {
    (1, 1): ["bi,bj->bij", "bi,bi->bi"],
    (2, 2): ["bij,bkj->bik", "bij,bjk->bik", "bij,bij->bj"],
    (2, 1): ["bij,bj->bi", "bij,bi->bj"],
}
"""Equations of ``QEinsum`` by the axes of both inputs."""


@dataclass(frozen=True)
class Value(Drawn):
    """A tensor of Keras, with the number that it has among those of its network and what made it."""

    number: int
    kind: str


class Networks:
    """Draws networks; the same seed gives the same ones.

    Attributes:
        inputs: Tensors of Keras.
        outputs: Tensors of Keras.
        options: hls4ml's options by layer.
        story: A line for each layer.
        drawn: How often each kind of layer was drawn.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.options: dict[str, dict[str, Any]] = {}
        self.story: list[str] = []
        self.drawn: Counter[str] = Counter()
        self._name, self._values, self._read = "", list[Value](), set[int]()

    def model(self, count: int) -> Any:
        """A model of so many networks, with random weights and a random type for each element of a quantizer."""
        import keras

        for number in range(count):
            self._network(f"n{number}")
        model = keras.Model(self.inputs, self.outputs)
        for layer in model._flatten_layers():
            if hasattr(layer, "_round_mode"):
                self._bits(layer)
            elif type(layer).__module__.startswith(("hgq.layers", "keras")):
                self._weights(layer)
        return model

    def events(self, count: int) -> list[NDArray[np.float32]]:
        """Real inputs of the model, of sizes that occur."""
        shapes = [tuple(x.shape[1:]) for x in self.inputs]
        return [(self.rng.normal(0, 2, (count, *shape))).astype(np.float32) for shape in shapes]

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _one(self, choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def _network(self, name: str) -> None:
        import keras

        self._name, self._values, self._read = name, [], set()
        shape = self._one(SHAPES)
        for index in range(1 + self._chance(0.4)):
            tensor = keras.Input(shape, name=f"{name}_x{index}")
            self.inputs.append(tensor)
            self._values.append(Value(tensor, index, "Input"))
            self.story.append(f"{name}_x{index}{shape}")
        for index in range(len(self._values)):  # no layer takes an input that has not been quantized
            self._values[index] = self._quantizer(self._values[index])
        first = len(self._values)
        for _ in range(int(self.rng.integers(1, STEPS + 1))):
            self._step()
        for value in list(self._values):
            if value.number not in self._read and (value.number >= first or value.number < 2):
                self.outputs.append(self._closing(value).tensor)

    def _step(self) -> None:
        value = self._values[-1] if self._chance(0.75) else self._one(self._values)
        ways: list[Callable[[Value], Value | None]] = [
            self._dense, self._normalized_dense, self._einsum_dense, self._einsum, self._normalize, self._merge,
            self._merge, self._table, self._table, self._softmax, self._quantizer, self._relu, self._reshape,
            self._concatenate, self._dot,
        ]  # fmt: skip
        while self._one(ways)(value) is None:
            pass

    def _closing(self, value: Value) -> Value:
        """A layer before an output, which is no input with nothing but a cast."""
        ways = [self._dense, self._dense, *([] if value.kind == "Quantizer" else [self._quantizer])]
        return self._one(ways)(value)

    def _add(self, kind: str, layer: Any, *sources: Value, said: str = "") -> Value:
        tensors = [source.tensor for source in sources]
        value = Value(layer(tensors if len(tensors) > 1 else tensors[0]), len(self._values), kind)
        self._read |= {source.number for source in sources}
        self._values.append(value)
        self.drawn[kind] += 1
        of = ", ".join(str(tensor.name) for tensor in tensors)
        self.story.append(f"{layer.name}: {kind}{value.shape} of {of} {said}")
        return value

    def _next(self, what: str) -> str:
        return f"{self._name}_{what}{len(self._values)}"

    def _type(self, place: str, *, one: bool = False, wraps: bool = True) -> Any:
        """A quantizer, of ``one`` type for all elements or, most often, of one for each."""
        from hgq.config import QuantizerConfig

        kind = self._one(["kif", "kbi"])
        given: dict[str, Any] = {"round_mode": self._one(ROUNDING), "overflow_mode": self._one(OVERFLOW)}
        if given["overflow_mode"] == "WRAP" and not wraps:
            given["overflow_mode"] = "SAT"
        given |= {"k0": not self._chance(0.25), "i0": 2, **({"f0": 2} if kind == "kif" else {"b0": 4})}
        if one or self._chance(0.2):
            given |= {"heterogeneous_axis": (), "homogeneous_axis": None}
        return QuantizerConfig(kind, place, **given)

    def _given(self, name: str, *, weights: bool = True) -> dict[str, Any]:
        """What layers with one input are given."""
        given: dict[str, Any] = {"name": name, "iq_conf": self._type("datalane")}
        if weights:
            given |= {"kq_conf": self._type("weight", wraps=False), "bq_conf": self._type("bias", wraps=False)}
        if self._chance(0.25):
            given |= {"enable_oq": True, "oq_conf": self._type("datalane")}
        return given

    def _activated(self) -> str | None:
        return self._one([None, None, "relu"])

    def _dense(self, value: Value) -> Value:
        from hgq.layers import QDense

        name, units = self._next("dense"), int(self.rng.integers(1, 6))
        said = ""
        if len(value.shape) == 1:
            said = self._folded(name, value.size, units)
        layer = QDense(units, activation=self._activated(), use_bias=self._chance(0.8), **self._given(name))
        return self._add("QDense", layer, value, said=said)

    def _folded(self, name: str, n_in: int, n_out: int) -> str:
        """A strategy and a reuse factor for a layer."""
        import hls4ml

        strategy = self._one(STRATEGIES)
        valid = hls4ml.backends.get_backend("Verilog").get_valid_reuse_factors(n_in, n_out)
        factors = [r for r in (valid if strategy == "Resource" else range(1, n_in * n_out + 1)) if r <= 8]
        factor = int(self._one(factors)) if self._chance(0.5) else 1
        self.options[name] = {"ReuseFactor": factor, "Strategy": strategy}
        return f"{strategy} R={factor}"

    def _normalized_dense(self, value: Value) -> Value:
        from hgq.layers import QBatchNormDense

        layer = QBatchNormDense(
            int(self.rng.integers(1, 6)), activation=self._activated(), **self._given(self._next("bndense"))
        )
        return self._add("QBatchNormDense", layer, value)

    def _einsum_dense(self, value: Value) -> Value | None:
        from hgq.layers import QEinsumDense, QEinsumDenseBatchnorm

        equation, bias = self._one(EQUATIONS[len(value.shape)])
        before, behind = equation.split("->")
        sizes = dict(zip(before.split(",")[0][1:], value.shape, strict=True))
        out = tuple(sizes.get(axis, int(self.rng.integers(1, 4))) for axis in behind[1:])
        if np.prod(out) > LARGEST:
            return None
        given = {"activation": self._activated(), **self._given(self._next("einsumdense"))}
        if bias and bias in before.split(",")[1] and self._chance(0.4):
            layer = QEinsumDenseBatchnorm(equation, out, bias_axes=bias, **given)
            return self._add("QEinsumDenseBatchnorm", layer, value, said=equation)
        layer = QEinsumDense(equation, out, bias_axes=bias, **given)
        return self._add("QEinsumDense", layer, value, said=equation)

    def _normalize(self, value: Value) -> Value:
        from hgq.layers import QBatchNormalization

        return self._add("QBatchNormalization", QBatchNormalization(**self._given(self._next("norm"))), value)

    def _others(self, value: Value, fits: Callable[[Value], bool]) -> list[Value]:
        return [other for other in self._values if other.number != value.number and fits(other)]

    def _pair(self, kind: str, value: Value, other: Value, said: str = "", **given: Any) -> Value:
        import hgq.layers

        confs = [self._type("datalane"), self._type("datalane")]
        layer = getattr(hgq.layers, kind)(name=self._next(kind[1:].lower()), iq_confs=confs, **given)
        return self._add(kind, layer, value, other, said=said)

    def _merge(self, value: Value) -> Value | None:
        others = self._others(value, lambda other: other.shape == value.shape)
        return self._pair(self._one(MERGES), value, self._one(others)) if others else None

    def _dot(self, value: Value) -> Value | None:
        others = self._others(value, lambda other: other.shape == value.shape)
        return self._pair("QDot", value, self._one(others), axes=1) if others and len(value.shape) == 1 else None

    def _einsum(self, value: Value) -> Value | None:
        found = []
        for other in self._others(value, lambda other: True):
            for equation in PRODUCTS.get((len(value.shape), len(other.shape)), []):
                before, behind = equation.split("->")
                axes = [*zip("".join(part[1:] for part in before.split(",")), value.shape + other.shape, strict=True)]
                sizes = dict(axes)
                fits = all(sizes[axis] == size for axis, size in axes)
                if fits and np.prod([sizes[axis] for axis in behind[1:]]) <= LARGEST:
                    found.append((equation, other))
        if not found:
            return None
        equation, other = self._one(found)
        return self._pair("QEinsum", value, other, equation=equation, said=equation)

    def _table(self, value: Value) -> Value | None:
        from hgq.layers import QUnaryFunctionLUT

        if len(value.shape) > 1:  # hls4ml's converter stumbles over the axes of the quantizer
            return None
        function = self._one(TABLES)
        layer = QUnaryFunctionLUT(
            function, iq_conf=self._type("datalane", one=self._chance(0.5), wraps=False),
            oq_conf=self._type("table", one=True), allow_heterogeneous_table=False, name=self._next("table"),
        )  # fmt: skip
        return self._add("QUnaryFunctionLUT", layer, value, said=function)

    def _softmax(self, value: Value) -> Value:
        from hgq.layers import QSoftmax

        stable = self._chance(0.6)
        parts = {
            f"{part}_conf": self._type("table" if part.endswith("oq") else "datalane", one=True)
            for part in ("exp_iq", "exp_oq", "inv_iq", "inv_oq")
        }
        quantized = {"enable_iq": True, "iq_conf": self._type("datalane", wraps=stable)}
        first = {} if stable and self._chance(0.5) else quantized
        axis = self._one(range(1, len(value.shape) + 1))
        layer = QSoftmax(axis=axis, stable=stable, name=self._next("softmax"), **first, **parts)
        return self._add("QSoftmax", layer, value, said=f"axis {axis}, {'stable' if stable else 'latency'}")

    def _quantizer(self, value: Value) -> Value:
        from hgq.layers import Quantizer

        name = self._next("quantizer")
        return self._add("Quantizer", Quantizer(self._type("datalane"), name=name), value)

    def _relu(self, value: Value) -> Value:
        from keras import layers

        name = self._next("relu")
        layer = self._one(
            [layers.ReLU(name=name), layers.Activation("relu", name=name), layers.LeakyReLU(0.25, name=name)]
        )
        return self._add(type(layer).__name__, layer, value)

    def _reshape(self, value: Value) -> Value:
        from keras import layers

        if len(value.shape) > 1:
            name, turned = self._next("shape"), value.shape[::-1]
            layer = self._one(
                [layers.Flatten(name=name), layers.Permute((2, 1), name=name), layers.Reshape(turned, name=name)]
            )
        else:
            rows = int(self._one([n for n in range(1, value.size + 1) if value.size % n == 0]))
            layer = layers.Reshape((rows, value.size // rows), name=self._next("shape"))
        return self._add(type(layer).__name__, layer, value)

    def _concatenate(self, value: Value) -> Value | None:
        from keras import layers

        axis = -int(self.rng.integers(1, len(value.shape) + 1))

        def fits(other: Value) -> bool:
            same = [np.delete(np.array(v.shape), axis).tolist() for v in (value, other) if len(v.shape) >= -axis]
            return len(other.shape) == len(value.shape) and same[0] == same[-1] and value.size + other.size <= LARGEST

        others = self._others(value, fits)
        if not others:
            return None
        return self._add(
            "Concatenate", layers.Concatenate(axis=axis, name=self._next("both")), value, self._one(others)
        )

    def _bits(self, quantizer: Any) -> None:
        """A type of its own for each element: up to 7 bits, at times none. How far values go that wrap is traced."""
        shape = tuple(quantizer._i.shape)
        integer, fraction = self.rng.integers(0, 4, shape), self.rng.integers(1, 5, shape)
        without = self.rng.random(shape) < 0.06
        quantizer._i.assign(integer.astype(np.float32))
        if hasattr(quantizer, "_f"):  # AMD's headers stop at a cast that rounds above the highest bit
            quantizer._f.assign(np.where(without, -integer, fraction).astype(np.float32))
        else:
            quantizer._b.assign(np.where(without, 0, integer + fraction).astype(np.float32))

    def _weights(self, layer: Any) -> None:
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            if variable.name in ("kernel", "bias", "beta", "bn_beta", "moving_mean"):
                variable.assign(self.rng.normal(0, 1.2, variable.shape))
            elif variable.name in ("gamma", "bn_gamma"):
                variable.assign(self.rng.uniform(0.3, 2, variable.shape) * self.rng.choice([-1, 1, 1], variable.shape))
            elif variable.name == "moving_variance":
                variable.assign(self.rng.uniform(0.3, 3, variable.shape))
