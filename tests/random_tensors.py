"""Random networks on tensors of several axes, side by side in one model: one compilation serves them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES

SHAPES = ((3, 4), (5, 2), (2, 3, 2), (3, 1, 4))
"""Shapes of inputs: positions, of one axis or two, and channels."""

STRATEGIES = ("Latency", "Resource", "resource_unrolled", "distributed_arithmetic", "auto")
LONGEST = 3
"""Layers of a network."""


@dataclass
class Tensors:
    """A model that grows by random networks.

    Attributes:
        keras: The module.
        rng: For all that is random.
        inputs: Keras' inputs.
        outputs: The last tensor of each network.
        options: hls4ml's options of the layers.
        within: Layers within others and marks behind them, which Keras does not have.
        intervals: Reuse factors of the layers that have one.
    """

    keras: Any
    rng: np.random.Generator
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    within: list[str] = field(default_factory=list)
    intervals: list[int] = field(default_factory=list)

    def add(self, folds: bool) -> None:
        """Add a network, with reuse factors above 1 if it ``folds``."""
        name = f"n{len(self.outputs)}"
        shape = SHAPES[self.rng.integers(len(SHAPES))]
        values = self.keras.Input(shape, name=f"{name}x")
        kind = self._type(7)
        if self._chance(0.2):
            values, kind = self.keras.Input((3,), name=f"{name}x"), f"uint<{self.rng.integers(2, 5)}>"
        self.inputs.append(values)
        self.options[f"{name}x"] = {"precision": {"result": kind}}
        if len(values.shape) == 2:
            rows = int(self.rng.integers(2, 1 << int(kind[5:-1])) + 1)
            values, kind = self._embedding(f"{name}e", values, min(rows, 1 << int(kind[5:-1])))
        for index in range(int(self.rng.integers(1, LONGEST + 1))):
            makers: list[Callable[..., tuple[Any, str]]] = [self._dense, self._dense, self._convolution, self._relu]
            if len(values.shape) == 3:
                makers += [self._each_step, self._each_step, self._normalization]
            maker = makers[self.rng.integers(len(makers))]
            values, kind = maker(f"{name}l{index}", values, kind, folds)
        if len(values.shape) == 3 and self._chance(0.2):
            values = self.keras.layers.Softmax(name=f"{name}s")(values)
            how = str(self.rng.choice(["stable", "latency", "argmax", "legacy"]))
            self.options[f"{name}s"] = {"Implementation": how, "TableSize": int(self.rng.choice([1024, 64]))}
        self.outputs.append(values)

    def model(self) -> Any:
        """The Keras model, with random weights."""
        model = self.keras.Model(self.inputs, self.outputs)
        values = [self.rng.normal(0.2, 1, w.shape) * (self.rng.random(w.shape) < 0.7) for w in model.weights]
        positive = ["variance" in w.name for w in model.weights]
        model.set_weights([abs(v) + 0.2 if above else v for v, above in zip(values, positive, strict=True)])
        return model

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _type(self, widest: int) -> str:
        width = int(self.rng.integers(3, widest + 1))
        if self._chance(0.12):
            return f"{self.rng.choice(['int', 'uint', 'ap_int', 'ap_uint'])}<{width}>"
        modes = self.rng.choice(ROUNDING_MODES), self.rng.choice(SATURATION_MODES)
        return f"{'u' * self._chance(0.3)}fixed<{width},{self.rng.integers(1, 4)},{modes[0]},{modes[1]}>"

    def _summing(self, name: str, folds: bool, channels: int, size: int) -> str:
        """Options of a layer that sums; the type of its results."""
        result, strategy = self._type(9), str(self.rng.choice(STRATEGIES))
        accum = "auto" if self._chance(0.5) else "fixed<20,9>" if folds else self._type(12)
        types = {"weight": "fixed<5,2>", "bias": "fixed<5,2>", "accum": accum, "result": result}
        valid = [r for r in range(2, 9) if (channels * size) % r == 0 and (r >= channels or channels % r == 0)]
        by_rows = strategy in ("Resource", "resource_unrolled")
        factors = [r for r in valid if r <= channels or r % channels == 0] if by_rows else range(2, 9)
        factor = int(self.rng.choice(factors)) if folds and len(factors) else 1
        if factor == channels * size:  # `resource_unrolled` takes the next lower factor
            strategy = "Resource"
        self.options[name] = {"precision": types, "Strategy": strategy, "ReuseFactor": factor}
        self.options[f"{name}_linear"] = {"precision": {"result": result}}
        self.intervals.append(factor)
        return result

    def _dense(self, name: str, values: Any, kind: str, folds: bool) -> tuple[Any, str]:
        size = int(self.rng.integers(1, 6))
        result = self._summing(name, folds, values.shape[-1], size)
        return self.keras.layers.Dense(size, name=name)(values), result

    def _convolution(self, name: str, values: Any, kind: str, folds: bool) -> tuple[Any, str]:
        axes, size = len(values.shape) - 2, int(self.rng.integers(1, 5))
        layer = self.keras.layers.Conv1D if axes == 1 else self.keras.layers.Conv2D
        result = self._summing(name, folds, values.shape[-1], size)
        padding = str(self.rng.choice(["same", "valid"]))
        strides = self.rng.integers(1, 3, axes).tolist()
        return layer(size, 1, strides=strides, padding=padding, name=name)(values), result

    def _each_step(self, name: str, values: Any, kind: str, folds: bool) -> tuple[Any, str]:
        size = int(self.rng.integers(1, 6))
        result = self._summing(f"{name}d", folds, values.shape[-1], size)
        for mark, passed in {name: kind, f"{name}_end": result}.items():
            self.options[mark] = {"precision": {"result": passed}}
        layers = self.keras.layers
        self.within += [f"{name}d", f"{name}d_linear", f"{name}_end"]
        return layers.TimeDistributed(layers.Dense(size, name=f"{name}d"), name=name)(values), result

    def _normalization(self, name: str, values: Any, kind: str, folds: bool) -> tuple[Any, str]:
        result, types = self._type(9), {"scale": "fixed<5,2>", "bias": "fixed<5,2>"}
        if self._chance(0.7):
            modes = self.rng.choice(ROUNDING_MODES), self.rng.choice(SATURATION_MODES)
            types["accum"] = f"fixed<{self.rng.integers(9, 13)},{self.rng.integers(3, 6)},{modes[0]},{modes[1]}>"
        size, power = int(self.rng.choice([64, 100, 256])), int(self.rng.integers(0, 3))
        self.options[name] = {"types": {**types, "result": result}, "TableSize": size, "TableRangePower2": power}
        return self.keras.layers.LayerNormalization(name=name, epsilon=1e-2)(values), result

    def _relu(self, name: str, values: Any, kind: str, folds: bool) -> tuple[Any, str]:
        result = self._type(8)
        self.options[name] = {"precision": {"result": result}}
        values = self.keras.layers.ReLU(name=name)(values)
        if self._chance(0.5):
            return values, result
        types = {"scale": "fixed<6,3>", "bias": "fixed<6,3>", "result": self._type(8)}
        self.options[f"{name}b"] = {"precision": types}
        return self.keras.layers.BatchNormalization(name=f"{name}b")(values), types["result"]

    def _embedding(self, name: str, values: Any, rows: int) -> tuple[Any, str]:
        result = self._type(7)
        self.options[name] = {"precision": {"embeddings": "fixed<6,2>", "result": result}}
        return self.keras.layers.Embedding(rows, 3, name=name)(values), result
