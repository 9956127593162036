"""hls4ml's side of Thresholds, whose arithmetic is ``l1ml.layers.thresholds.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import IntegerPrecisionType

from l1ml.errors import L1mlError
from l1ml.layers.hls4ml import register
from l1ml.layers.thresholds.arithmetic import BIT

HEADER = "nnet_thresholds.h"


class Thresholds(Layer):
    """The layer in hls4ml's graph, with two inputs; its outputs are bits, whatever type is asked for."""

    _expected_attributes = [Attribute("n_out")]  # noqa: RUF012  (hls4ml's own form)

    def initialize(self) -> None:
        """Add the output."""
        self.add_output_variable([self.get_attr("n_out")], precision=IntegerPrecisionType(BIT.width, signed=BIT.signed))


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras.

    Raises:
        L1mlError: If the first input is not one score.
    """
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    score, thresholds = (list(shape[1:]) for shape in input_shapes)
    if score != [1] or len(thresholds) != 1:
        raise L1mlError(f"layer {layer['name']!r}: inputs of shape {score} and {thresholds}; give one score and a list")
    layer.update(n_out=int(thresholds[0]))
    return layer, list(input_shapes[1])


_CONFIG = """struct config{index} : nnet::thresholds_config {{
    static const unsigned n_out = {n_out};
    static const unsigned reuse_factor = {reuse};
}};\n"""


class ThresholdsConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(Thresholds)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class ThresholdsFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(Thresholds, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        params = self._default_function_params(node)
        threshold = node.get_input_variable(node.inputs[1])
        call = (
            "nnet::thresholds<{input_t}, {threshold.type.name}, {output_t}, {config}>"
            "({input}, {threshold.name}, {output});"
        )
        return call.format(**params, threshold=threshold)


register(Thresholds, (ThresholdsConfig, ThresholdsFunction), HEADER, parse)
