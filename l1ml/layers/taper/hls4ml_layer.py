"""hls4ml's side of Taper, whose arithmetic is ``l1ml.layers.taper.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import UnspecifiedPrecisionType

from l1ml.fixed import FixedType
from l1ml.layers.cpp import exact_result, precision_of
from l1ml.layers.hls4ml import register
from l1ml.layers.parameters import exact_type

HEADER = "nnet_taper.h"


class Taper(Layer):
    """The layer in hls4ml's graph. Its types are ``factor`` and ``result``, by default those that lose nothing."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_positions"),
        Attribute("n_channels"),
        Attribute("factor_data", value_type=np.ndarray),
        TypeAttribute("factor"),
    ]

    def initialize(self) -> None:
        """Add the output and the factors.

        Raises:
            L1mlError: If a type is ``auto`` and too wide, or that of the inputs is not known.
        """
        factors, (precision, _) = self.get_attr("factor_data"), self.model.config.get_precision(self, "factor")
        if isinstance(precision, UnspecifiedPrecisionType):
            precision = precision_of(exact_type(factors))
        kind = FixedType.from_hls4ml(precision)
        self.add_weights_variable("factor", data=kind.to_float(kind.quantize(factors)), precision=precision)

        def exact(source: FixedType) -> FixedType:
            signed = source.signed or kind.signed
            return FixedType(source.width + kind.width, source.integer + kind.integer, signed)

        shape = [self.get_attr("n_positions"), self.get_attr("n_channels")]
        self.add_output_variable(shape, precision=exact_result(self, exact))


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    _, positions, channels = input_shapes[0]
    layer.update(n_positions=positions, n_channels=channels, factor_data=np.array(keras_layer["config"]["factors"]))
    return layer, list(input_shapes[0])


_CONFIG = """struct config{index} : nnet::taper_config {{
    static const unsigned n_positions = {n_positions};
    static const unsigned n_channels = {n_channels};
    static const unsigned reuse_factor = {reuse};
    typedef {factor_t.name} factor_t;
}};\n"""


class TaperConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(Taper)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class TaperFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(Taper, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::taper<{input_t}, {output_t}, {config}>({input}, {output}, {factor.name});"
        return call.format(**self._default_function_params(node))


register(Taper, (TaperConfig, TaperFunction), HEADER, parse)
