"""BinnedThresholds in hls4ml; ``l1ml.layers.binned_thresholds.arithmetic`` defines what it computes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import FixedPrecisionType, UnspecifiedPrecisionType

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.binned_thresholds.arithmetic import BinnedThresholdsArithmetic, type_for
from l1ml.layers.cpp import precision_of
from l1ml.layers.hls4ml import register

HEADER = "nnet_binned_thresholds.h"


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
        et, eta = (self._input_type(name) for name in self.inputs[1:3])
        self._add_edges("et_edges", et)
        self._add_edges("eta_edges", FixedType(eta.width, eta.integer, signed=False))
        for name in ("intercept", "slope"):
            data = self.get_attr(f"{name}_data")
            chosen = type_for(data, int(self.get_attr(f"{name}_bits")))
            real = chosen.to_float(chosen.quantize(data)).ravel()
            self.add_weights_variable(name, data=real, precision=precision_of(chosen))

    def _input_type(self, name: str) -> FixedType:
        precision = self.get_input_variable(name).type.precision
        if isinstance(precision, UnspecifiedPrecisionType):
            raise L1mlError(f"layer {self.name!r}: its input {name!r} has precision auto; give it one")
        return FixedType.from_hls4ml(precision)

    def _add_edges(self, name: str, fixed: FixedType) -> None:
        edges = np.ceil(np.ldexp(self.get_attr(f"{name}_data"), fixed.fraction)).astype(np.int64)
        if edges[0] < fixed.minimum or edges[-1] > fixed.maximum:
            raise L1mlError(f"layer {self.name!r}: its {name} do not fit the input's type, whose sizes are {fixed}")
        if np.any(np.diff(edges) == 0):
            raise L1mlError(f"layer {self.name!r}: two of its {name} are the same in steps of {fixed.lsb}")
        plain = FixedType(fixed.width, fixed.integer, fixed.signed)
        self.add_weights_variable(name, data=plain.to_float(edges), precision=precision_of(plain))


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[Any]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer, config = parse_default_keras_layer(keras_layer, input_names), keras_layer["config"]
    for name in ("et_edges", "eta_edges", "intercept", "slope"):
        layer[f"{name}_data"] = np.array(config[name], dtype=np.float64)
    points, rows, columns = layer["intercept_data"].shape
    layer.update(n_points=points, n_et=rows, n_eta=columns)
    layer.update(intercept_bits=config["intercept_bits"], slope_bits=config["slope_bits"])
    return layer, [input_shapes[0][0], points]


_CONFIG = """struct config{index} : nnet::binned_thresholds_config {{
    static const unsigned n_points = {n_points};
    static const unsigned n_et = {n_et};
    static const unsigned n_eta = {n_eta};
    static const unsigned reuse_factor = {reuse};
    typedef {et_edges_t.name} et_edge_t;
    typedef {eta_edges_t.name} eta_edge_t;
    typedef {intercept_t.name} intercept_t;
    typedef {slope_t.name} slope_t;
}};\n"""

_CALL = "nnet::binned_thresholds<{types}, {config}>({inputs}, {output}, {constants});"


class BinnedThresholdsConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(BinnedThresholds)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        BinnedThresholdsArithmetic.of(node)  # raises if the types are too wide
        return _CONFIG.format(**self._default_config_params(node))


class BinnedThresholdsFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(BinnedThresholds, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        inputs = [node.get_input_variable(name) for name in node.inputs]
        output = node.get_output_variable()
        constants = [node.get_weights(name).name for name in ("et_edges", "eta_edges", "intercept", "slope")]
        return _CALL.format(
            types=", ".join(variable.type.name for variable in [*inputs, output]),
            config=f"config{node.index}",
            inputs=", ".join(variable.name for variable in inputs),
            output=output.name,
            constants=", ".join(constants),
        )


register(BinnedThresholds, (BinnedThresholdsConfig, BinnedThresholdsFunction), HEADER, parse)
