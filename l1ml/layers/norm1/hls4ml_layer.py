"""hls4ml's side of Norm1, whose arithmetic is ``l1ml.layers.norm1.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, ConfigurableAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode, UnspecifiedPrecisionType

from l1ml.layers.cpp import ap_type
from l1ml.layers.hls4ml import register
from l1ml.layers.norm1.arithmetic import GUARD_BITS, RECIPROCAL_BITS, TABLE_BITS, Norm1Arithmetic, reciprocal_table

HEADER = "nnet_norm1.h"


class Norm1(Layer):
    """The layer in hls4ml's graph."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        Attribute("smallest", value_type=float),
        ConfigurableAttribute("table_bits", default=TABLE_BITS),
        ConfigurableAttribute("reciprocal_bits", default=RECIPROCAL_BITS),
        ConfigurableAttribute("guard_bits", default=GUARD_BITS),
    ]

    def initialize(self) -> None:
        """Add the output and the table; a result type of ``auto`` is ``fixed<8,1,RND,SAT>``."""
        precision, _ = self.model.config.get_precision(self, "result")
        if isinstance(precision, UnspecifiedPrecisionType):
            precision = FixedPrecisionType(8, 1, True, RoundingMode.RND, SaturationMode.SAT)
        self.add_output_variable([self.get_attr("n_in")], precision=precision)
        bits = int(self.get_attr("reciprocal_bits", RECIPROCAL_BITS))
        table = reciprocal_table(int(self.get_attr("table_bits", TABLE_BITS)), bits)
        self.add_weights_variable(
            "reciprocal", data=np.ldexp(table.astype(float), -bits), precision=FixedPrecisionType(bits, 0, signed=False)
        )


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    layer.update(n_in=int(input_shapes[0][-1]), smallest=float(keras_layer["config"]["smallest"]))
    return layer, list(input_shapes[0])


_CONFIG = """struct config{index} : nnet::norm1_config {{
    static const unsigned n_in = {n_in};
    static const unsigned reuse_factor = {reuse};
    static const unsigned long long smallest = {smallest};
    static const unsigned top = {top};
    static const unsigned table_bits = {table_bits};
    static const unsigned fraction = {fraction};
    typedef {element_t} element_t;
    typedef ap_int<{sum_bits}> sum_t;
    typedef ap_fixed<{mantissa_width}, {mantissa_integer}> mantissa_t;
    typedef {reciprocal_t.name} reciprocal_t;
    typedef {clipped_t} clipped_t;
    static const long long lowest = {lowest};
    static const long long highest = {highest};
}};\n"""


class Norm1Config(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(Norm1)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        numbers = Norm1Arithmetic.of(node)
        params = self._default_config_params(node)
        params.update(
            smallest=numbers.smallest,
            top=numbers.top,
            table_bits=numbers.table_bits,
            fraction=numbers.fraction,
            element_t=f"ap_{'' if numbers.source.signed else 'u'}int<{numbers.source.width}>",
            sum_bits=numbers.top + 2,
            mantissa_width=numbers.mantissa_bits + 1,
            mantissa_integer=numbers.mantissa_bits + 1 - numbers.fraction,
            clipped_t=ap_type(numbers.clipped),
            lowest=numbers.clipped.lowest,
            highest=numbers.clipped.maximum,
        )
        return _CONFIG.format(**params)


class Norm1Function(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(Norm1, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        params = self._default_function_params(node)
        table = node.get_weights("reciprocal").name
        call = "nnet::norm1<{input_t}, {output_t}, {config}>({input}, {output}, {table});"
        return call.format(**params, table=table)


register(Norm1, (Norm1Config, Norm1Function), HEADER, parse)
