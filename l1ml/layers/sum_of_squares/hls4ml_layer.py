"""hls4ml's side of SumOfSquares, whose arithmetic is ``l1ml.layers.sum_of_squares.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import NamedType

from l1ml.fixed import FixedType
from l1ml.layers.cpp import exact_result
from l1ml.layers.hls4ml import register
from l1ml.layers.sum_of_squares.arithmetic import exact_sum

HEADER = "nnet_sum_of_squares.h"


class SumOfSquares(Layer):
    """The layer in hls4ml's graph. Its types are ``accum`` and ``result``, by default those that lose nothing."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        TypeAttribute("accum"),
    ]

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If a type is ``auto`` and that of the inputs is not known.
        """
        accum, result = (exact_result(self, self._exact, name) for name in ("accum", "result"))
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", accum))
        self.add_output_variable([1], precision=result)

    def _exact(self, source: FixedType) -> FixedType:
        return exact_sum(int(self.get_attr("n_in")), source)


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    layer.update(n_in=int(input_shapes[0][-1]))
    return layer, [*input_shapes[0][:-1], 1]


_CONFIG = """struct config{index} : nnet::sum_of_squares_config {{
    static const unsigned n_in = {n_in};
    static const unsigned reuse_factor = {reuse};
    typedef {accum_t.name} accum_t;
}};\n"""


class SumOfSquaresConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(SumOfSquares)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class SumOfSquaresFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(SumOfSquares, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::sum_of_squares<{input_t}, {output_t}, {config}>({input}, {output});"
        return call.format(**self._default_function_params(node))


register(SumOfSquares, (SumOfSquaresConfig, SumOfSquaresFunction), HEADER, parse)
