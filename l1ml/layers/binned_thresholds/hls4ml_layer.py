"""BinnedThresholds in hls4ml; ``l1ml.layers.binned_thresholds.arithmetic`` defines what it computes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import FixedPrecisionType

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.binned_thresholds.arithmetic import BinnedThresholdsArithmetic, type_for
from l1ml.layers.cpp import known_type, precision_of
from l1ml.layers.hls4ml import register

CONSTANTS = ("et_edges", "eta_edges", "intercept", "slope")


class BinnedThresholds(Layer):
    """The layer in hls4ml's graph; its inputs are score, ET, eta and pile-up."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_points"),
        Attribute("n_et"),
        Attribute("n_eta"),
        Attribute("intercept_bits"),
        Attribute("slope_bits"),
    ]

    def initialize(self) -> None:
        """Add the output, one bit for each working point, and the constants.

        Raises:
            L1mlError: If ET or eta has no type yet, or an edge does not fit it.
        """
        self.add_output_variable([self.get_attr("n_points")], precision=FixedPrecisionType(1, 1, signed=False))
        et, eta = (known_type(self, name) for name in self.inputs[1:3])
        self._add_edges("et_edges", et)
        self._add_edges("eta_edges", FixedType(eta.width, eta.integer, signed=False))
        for name in ("intercept", "slope"):
            data = self.get_attr(f"{name}_data")
            chosen = type_for(data, int(self.get_attr(f"{name}_bits")))
            real = chosen.to_float(chosen.quantize(data)).ravel()
            self.add_weights_variable(name, data=real, precision=precision_of(chosen))

    def _add_edges(self, name: str, fixed: FixedType) -> None:
        edges = np.ceil(np.ldexp(self.get_attr(f"{name}_data"), fixed.fraction)).astype(np.int64)
        if edges[0] < fixed.minimum or edges[-1] > fixed.maximum:
            raise L1mlError(f"layer {self.name!r}: its {name} do not fit the input's type, whose sizes are {fixed}")
        if np.any(np.diff(edges) == 0):
            raise L1mlError(f"layer {self.name!r}: two of its {name} are the same in steps of {fixed.lsb}")
        plain = FixedType(fixed.width, fixed.integer, fixed.signed)
        self.add_weights_variable(name, data=plain.to_float(edges), precision=precision_of(plain))


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    data = {name: np.array(keras[name], dtype=np.float64) for name in CONSTANTS}
    points, rows, columns = data["intercept"].shape
    sizes = {"n_points": points, "n_et": rows, "n_eta": columns}
    bits = {name: keras[name] for name in ("intercept_bits", "slope_bits")}
    return {**sizes, **bits, **{f"{name}_data": values for name, values in data.items()}}, [shapes[0][0], points]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    BinnedThresholdsArithmetic.of(node)  # raises if the types are too wide
    sizes = {name: int(node.get_attr(name)) for name in ("n_points", "n_et", "n_eta")}
    types = ("et_edge", "eta_edge", "intercept", "slope")
    weights = zip(types, CONSTANTS, strict=True)
    return {**sizes, **{f"{name}_t": node.get_attr(f"{weight}_t").name for name, weight in weights}}


register(BinnedThresholds, read, config, CONSTANTS)
