"""hls4ml's side of PositionMaximum, whose arithmetic is ``l1ml.layers.position_maximum.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

from l1ml.layers.cpp import exact_result
from l1ml.layers.hls4ml import register

HEADER = "nnet_position_maximum.h"


class PositionMaximum(Layer):
    """The layer in hls4ml's graph. Its type is ``result``, by default that of the inputs."""

    _expected_attributes = [Attribute("n_positions"), Attribute("n_channels")]  # noqa: RUF012  (hls4ml's own form)

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If its type is ``auto`` and that of the inputs is not known.
        """
        precision = exact_result(self, lambda source: source)
        self.add_output_variable([self.get_attr("n_channels")], precision=precision)


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    batch, positions, channels = input_shapes[0]
    layer.update(n_positions=positions, n_channels=channels)
    return layer, [batch, channels]


_CONFIG = """struct config{index} : nnet::position_maximum_config {{
    static const unsigned n_positions = {n_positions};
    static const unsigned n_channels = {n_channels};
    static const unsigned reuse_factor = {reuse};
}};\n"""


class PositionMaximumConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(PositionMaximum)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class PositionMaximumFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(PositionMaximum, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::position_maximum<{input_t}, {output_t}, {config}>({input}, {output});"
        return call.format(**self._default_function_params(node))


register(PositionMaximum, (PositionMaximumConfig, PositionMaximumFunction), HEADER, parse)
