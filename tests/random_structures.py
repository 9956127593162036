"""Random graphs of wires, merges and small layers, side by side in one model: one compilation serves them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from graphs import Drawn
from random_networks import STRATEGIES, in_reach

from l1ml.fixed import INT, ROUNDING_MODES, SATURATION_MODES, FixedType

LARGEST = 24
"""Elements of a tensor."""

WEIGHT = FixedType(4, 1)
"""Of all that layers multiply by or add."""

CURVES = ("sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "hard_sigmoid")
"""Activations by name that read a table, but for the last."""

ACTIVATIONS = ("relu", "linear", "relu6", *CURVES, "ReLU", "PReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax")
"""By name, and layers of Keras."""

SOFTMAXES = ("stable", "latency", "argmax", "legacy")

WIRES = ("Reshape", "Flatten", "Permute", "Concatenate", "ZeroPadding1D", "Cropping1D", "UpSampling1D", "UpSampling2D")
"""What becomes wires, at times after a cast."""

MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")


@dataclass(frozen=True)
class Value(Drawn):
    """A tensor of Keras and the type that it has in hls4ml."""

    type: FixedType


class Structures:
    """Draws graphs; the same seed gives the same ones.

    Attributes:
        inputs: Tensors of Keras.
        outputs: Tensors of Keras.
        options: hls4ml's options by layer.
        story: A line for each layer.
        drawn: Classes of layers, activations and implementations of softmax.
    """

    def __init__(self, keras: Any, seed: int) -> None:
        self.keras, self.rng = keras, np.random.default_rng(seed)
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.options: dict[str, dict[str, Any]] = {}
        self.story: list[str] = []
        self.drawn: set[str] = set()
        self._name, self._count = "", 0
        self._read: set[int] = set()

    def model(self, graphs: int, steps: int) -> Any:
        """A Keras model of so many graphs with so many layers each, and weights on the grid of ``WEIGHT``."""
        for number in range(graphs):
            self._graph(f"g{number}", steps)
        model = self.keras.Model(self.inputs, self.outputs)
        drawn = [self.rng.integers(WEIGHT.minimum, WEIGHT.maximum + 1, w.shape) * WEIGHT.lsb for w in model.weights]
        positive = ["variance" in variable.name for variable in model.weights]
        model.set_weights([np.abs(w) + p * 0.25 if p else w for w, p in zip(drawn, positive, strict=True)])
        return model

    def _graph(self, name: str, steps: int) -> None:
        self._name, self._count = name, 0
        shape = tuple(int(n) for n in self.rng.choice([2, 3, 4], int(self.rng.integers(1, 4))))
        while np.prod(shape) > LARGEST:
            shape = shape[1:]
        few = (*[1] * (len(shape) - 1), shape[-1])  # what the others can be broadcast with
        values = [self._input(shape), self._input(shape), self._input(few)]
        for _ in range(steps):
            values.append(self._step(values))
        for value in values[3:]:
            if id(value.tensor) not in self._read:  # Keras would leave it out; names do not tell identities apart
                self.outputs.append(self._activation(value).tensor)

    def _input(self, shape: tuple[int, ...]) -> Value:
        name, kind = self._next("in"), self._type(8)
        self.inputs.append(self.keras.Input(shape, name=name))
        self.options[name] = {"precision": {"result": self._spelled(kind)}}
        return Value(self.inputs[-1], kind)

    def _next(self, what: str) -> str:
        self._count += 1
        return f"{self._name}_{what.lower()}{self._count}"

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _type(self, integer: int) -> FixedType:
        """A type for values with so many integer bits at least."""
        width, signed = int(self.rng.integers(2, 20 if self._chance(0.08) else 9)), self._chance(0.6)
        if integer > 0 and self._chance(0.15):
            return FixedType(width, width, signed, INT)
        found = FixedType(width, int(self.rng.integers(0, 5)), signed)
        if self._chance(0.3):
            return found
        modes = str(self.rng.choice(ROUNDING_MODES)), str(self.rng.choice(SATURATION_MODES))
        return in_reach(FixedType(width, found.integer, signed, *modes), integer)

    def _spelled(self, kind: FixedType) -> str:
        """A type as hls4ml takes it, at times with the prefix of AMD's headers."""
        return f"{'ap_' * self._chance(0.3)}{kind}"

    def _step(self, values: list[Value]) -> Value:
        """A layer on one of the values, most often the last one."""
        value = values[-1] if self._chance(0.6) else values[int(self.rng.integers(len(values)))]
        ways: list[Callable[[], Value]] = [
            lambda: self._reshape(value),
            lambda: self._concatenate(value, values),
            lambda: self._merge(value, values),
            lambda: self._activation(value),
            lambda: self._normalise(value),
        ]
        if len(value.shape) > 1:
            ways += [lambda: self._permute(value)] * 2 + [lambda: self._margins(value, values[0])]
        else:
            ways += [lambda: self._dense(value)] * 3 + [lambda: self._dot(value, values)]
        return ways[int(self.rng.integers(len(ways)))]()

    def _add(
        self,
        value: Value,
        kind: str,
        target: FixedType,
        *more: Value,
        types: dict[str, str] | None = None,
        options: dict[str, Any] | None = None,
        **given: Any,
    ) -> Value:
        """A layer of Keras with a result of a type."""
        name = self._next(kind)
        layer = getattr(self.keras.layers, kind)(name=name, **given)
        sources = [value.tensor, *(other.tensor for other in more)]
        tensor = layer(sources if more else value.tensor)
        self._read |= {id(source) for source in sources}
        self.options[name] = {"types": {"result": self._spelled(target), **(types or {})}, **(options or {})}
        self.drawn |= {kind, str(given.get("activation")), str((options or {}).get("Implementation"))}
        of = ", ".join(str(source.name) for source in sources)
        said = {**given, **(types or {}), **(options or {})}
        self.story.append(f"{name}{tuple(tensor.shape[1:])} {target} of {of} {said}")
        return Value(tensor, target)

    def _permute(self, value: Value) -> Value:
        dims = tuple(int(n) + 1 for n in self.rng.permutation(len(value.shape)))
        return self._add(value, "Permute", value.type, dims=dims)

    def _reshape(self, value: Value) -> Value:
        shape: list[int] = []
        rest = value.size
        for _ in range(int(self.rng.integers(0, 3))):
            factors = [n for n in range(1, rest + 1) if rest % n == 0]
            shape.append(int(self.rng.choice(factors)))
            rest //= shape[-1]
        if not shape and self._chance(0.5):
            return self._add(value, "Flatten", value.type)
        return self._add(value, "Reshape", value.type, target_shape=(*shape, rest))

    def _margins(self, value: Value, small: Value) -> Value:
        """Zeros around it, a part of it, or each position several times."""
        axes = len(value.shape) - 1
        kinds = ["ZeroPadding", "Cropping", "UpSampling"]
        kind = str(self.rng.choice(kinds))
        low, high = ([int(n) for n in self.rng.integers(0, 2, axes)] for _ in range(2))
        if kind == "UpSampling":
            size = [int(n) for n in self.rng.integers(1, 3, axes)]
            fits = value.size * np.prod(size) <= LARGEST
            return (
                self._add(value, f"UpSampling{axes}D", value.type, size=size if axes > 1 else size[0])
                if fits
                else small
            )
        sizes = [
            n + a + b if kind == "ZeroPadding" else n - a - b for n, a, b in zip(value.shape, low, high, strict=False)
        ]
        if min(sizes) < 1 or np.prod(sizes) * value.shape[-1] > LARGEST:
            return small
        margins = list(zip(low, high, strict=True))
        given = {"padding" if kind == "ZeroPadding" else "cropping": margins if axes > 1 else margins[0]}
        return self._add(value, f"{kind}{axes}D", value.type, **given)

    def _concatenate(self, value: Value, values: list[Value]) -> Value:
        axis = int(self.rng.integers(len(value.shape)))
        fitting = [
            other
            for other in values
            if len(other.shape) == len(value.shape)
            and np.delete(other.shape, axis).tolist() == np.delete(value.shape, axis).tolist()
            and other.size + value.size <= LARGEST
        ]
        if not fitting:
            return self._activation(value)
        other = fitting[int(self.rng.integers(len(fitting)))]
        kind = self._type(min(value.type.integer, other.type.integer))
        return self._add(
            value, "Concatenate", kind, other, axis=axis + 1 if self._chance(0.5) else axis - len(value.shape)
        )

    def _merge(self, value: Value, values: list[Value]) -> Value:
        shapes = [value.shape, *([(*[1] * (len(value.shape) - 1), value.shape[-1])] * 2)]
        fitting = [other for other in values if other.shape in shapes]
        if not fitting:
            return self._activation(value)
        other = fitting[int(self.rng.integers(len(fitting)))]
        op = str(self.rng.choice(MERGES))
        integers = (value.type.integer, other.type.integer)
        kind = self._type(sum(integers) if op == "Multiply" else min(integers) - (op == "Average"))
        first, second = (value, other) if self._chance(0.5) else (other, value)
        return self._add(first, op, kind, second)

    def _dot(self, value: Value, values: list[Value]) -> Value:
        fitting = [other for other in values if other.shape == value.shape and (other.type.width != 2)]
        if not fitting:
            return self._activation(value)
        other = fitting[int(self.rng.integers(len(fitting)))]
        integer = value.type.integer + other.type.integer
        accum = self._type(integer) if self._chance(0.5) else FixedType(24, 12)
        return self._add(value, "Dot", self._type(accum.integer), other, axes=1, types={"accum": str(accum)})

    def _activation(self, value: Value) -> Value:
        kind = str(self.rng.choice(ACTIVATIONS))
        integer = min(value.type.integer, 3)  # that of the smaller table
        if kind == "PReLU":
            types = {"param": str(WEIGHT)}
            return self._add(value, kind, self._type(integer + WEIGHT.integer), types=types)
        if kind == "Softmax":
            return self._softmax(value)
        if kind == "relu6":
            import tensorflow as tf

            self.drawn.add(kind)
            return self._add(value, "Activation", self._type(integer), activation=tf.nn.relu6)
        if kind[0].islower():
            more = self._table() if kind in CURVES[:-1] else {}
            return self._add(value, "Activation", self._type(integer), activation=kind, **more)
        parameter = {"LeakyReLU": "alpha", "ThresholdedReLU": "theta", "ELU": "alpha"}.get(kind)
        given = {parameter: float(self.rng.choice([0.1, 0.3, 0.75]))} if parameter else {}
        integer -= 3 * bool(parameter)  # a parameter of 0.1 has three bits less than none
        return self._add(value, kind, self._type(integer), **given, **(self._table() if kind == "ELU" else {}))

    def _table(self) -> dict[str, Any]:
        """Size and type of a table."""
        kind = str(self.rng.choice(["fixed<18,8>", "ap_fixed<12,3,RND,SAT>"]))
        return {"types": {"table": kind}, "options": {"TableSize": int(self.rng.choice([1024, 256, 100]))}}

    def _softmax(self, value: Value) -> Value:
        """Of the last axis."""
        types = {"exp_table": "ufixed<10,1>", "inv_table": "ufixed<10,2,RND,SAT>"} if self._chance(0.5) else {}
        options = {"Implementation": str(self.rng.choice(SOFTMAXES)), "TableSize": int(self.rng.choice([1024, 64]))}
        return self._add(value, "Softmax", self._type(1), types=types, options=options)

    def _normalise(self, value: Value) -> Value:
        types = {"scale": str(WEIGHT), "bias": str(WEIGHT)}
        return self._add(
            value, "BatchNormalization", self._type(min(value.type.integer, 0) + 1), types=types, epsilon=1e-3
        )

    def _dense(self, value: Value) -> Value:
        units = int(self.rng.integers(1, 7))
        kind = self._type(min(value.type.integer, 0) + WEIGHT.integer)
        weight = str(WEIGHT) if self._chance(0.8) else str(self.rng.choice(["int<3>", "ap_int<2>", "uint<2>"]))
        given = {"activation": str(self.rng.choice(["relu", *CURVES]))} if self._chance(0.3) else {}
        made = self._add(value, "Dense", kind, types={"weight": weight, "bias": str(WEIGHT)}, units=units, **given)
        name = f"{self._name}_dense{self._count}"
        behind = self._type(min(kind.integer, 3)) if given else kind
        self.options[f"{name}_{given.get('activation', 'linear')}"] = {"precision": {"result": str(behind)}}
        made = replace(made, type=behind)
        valid = [n for n in range(1, min(value.size, 6) + 1) if value.size % n == 0]
        self.options[name] |= {"ReuseFactor": int(self.rng.choice(valid)), "Strategy": str(self.rng.choice(STRATEGIES))}
        return made
