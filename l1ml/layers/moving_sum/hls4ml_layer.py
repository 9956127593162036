"""hls4ml's side of MovingSum, whose arithmetic is ``l1ml.layers.moving_sum.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

from l1ml.fixed import FixedType
from l1ml.layers.cpp import ap_type, exact_result
from l1ml.layers.hls4ml import register
from l1ml.layers.moving_sum.arithmetic import MovingSumArithmetic, exact_sum

HEADER = "nnet_moving_sum.h"


class MovingSum(Layer):
    """The layer in hls4ml's graph. Its type is ``result``, by default one that loses nothing."""

    _expected_attributes = [Attribute("n_positions"), Attribute("n_channels"), Attribute("window")]  # noqa: RUF012

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If its type is ``auto`` and that of the inputs is not known.
        """
        shape = [self.get_attr("n_positions"), self.get_attr("n_channels")]
        self.add_output_variable(shape, precision=exact_result(self, self._exact))

    def _exact(self, source: FixedType) -> FixedType:
        return exact_sum(int(self.get_attr("window")), source)


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    _, positions, channels = input_shapes[0]
    layer.update(n_positions=positions, n_channels=channels, window=keras_layer["config"]["window"])
    return layer, list(input_shapes[0])


_CONFIG = """struct config{index} : nnet::moving_sum_config {{
    static const unsigned n_positions = {n_positions};
    static const unsigned n_channels = {n_channels};
    static const unsigned window = {window};
    static const unsigned reuse_factor = {reuse};
    typedef {sum_t} sum_t;
}};\n"""


class MovingSumConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(MovingSum)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        numbers = MovingSumArithmetic.of(node)
        total = ap_type(exact_sum(numbers.window, numbers.source))
        return _CONFIG.format(**self._default_config_params(node), sum_t=total)


class MovingSumFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(MovingSum, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::moving_sum<{input_t}, {output_t}, {config}>({input}, {output});"
        return call.format(**self._default_function_params(node))


register(MovingSum, (MovingSumConfig, MovingSumFunction), HEADER, parse)
