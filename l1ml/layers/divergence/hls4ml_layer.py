"""hls4ml's side of Divergence, whose arithmetic is ``l1ml.layers.divergence.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import UnspecifiedPrecisionType

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.cpp import ap_type, precision_of
from l1ml.layers.divergence.arithmetic import DivergenceArithmetic, exact_divergence, term_table, term_type
from l1ml.layers.hls4ml import register

HEADER = "nnet_divergence.h"


class Divergence(Layer):
    """The layer in hls4ml's graph, with two inputs: means and logarithms of variances.

    Its types are ``term`` and ``result``, by default those of ``l1ml.layers.divergence.arithmetic``.
    """

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        TypeAttribute("term"),
    ]

    def initialize(self) -> None:
        """Add the output and the table.

        Raises:
            L1mlError: If an input has no type yet, or one that is too wide.
        """
        mean, log_variance = (self._input_type(name) for name in self.inputs)
        try:
            default = term_type(mean, log_variance)
        except L1mlError as error:
            raise L1mlError(f"layer {self.name!r}: {error}") from None
        term = self._type("term", default)
        table = term_table(log_variance, term)
        # In the order of the bits that address it: from 0 on, then the negative ones.
        by_address = term.to_float(np.roll(table, log_variance.minimum))
        self.add_weights_variable("term", data=by_address, precision=precision_of(term))
        result = self._type("result", exact_divergence(int(self.get_attr("n_in")), mean, term, table))
        self.add_output_variable([1], precision=precision_of(result))

    def _input_type(self, name: str) -> FixedType:
        precision = self.get_input_variable(name).type.precision
        if isinstance(precision, UnspecifiedPrecisionType):
            raise L1mlError(f"layer {self.name!r}: its input {name!r} has precision auto; give it one")
        return FixedType.from_hls4ml(precision)

    def _type(self, name: str, default: FixedType) -> FixedType:
        precision, _ = self.model.config.get_precision(self, name)
        return default if isinstance(precision, UnspecifiedPrecisionType) else FixedType.from_hls4ml(precision)


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras.

    Raises:
        L1mlError: If the two inputs are not lists of the same length.
    """
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    means, log_variances = (list(shape[1:]) for shape in input_shapes)
    if means != log_variances or len(means) != 1:
        raise L1mlError(
            f"layer {layer['name']!r}: inputs of shape {means} and {log_variances}; give a mean and the logarithm of "
            "a variance for each dimension"
        )
    layer.update(n_in=int(means[0]))
    return layer, [input_shapes[0][0], 1]


_CONFIG = """struct config{index} : nnet::divergence_config {{
    static const unsigned n_in = {n_in};
    static const unsigned address_bits = {address_bits};
    static const unsigned reuse_factor = {reuse};
    typedef {term_t.name} term_t;
    typedef {sum_t} sum_t;
}};\n"""


class DivergenceConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(Divergence)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        numbers = DivergenceArithmetic.of(node)
        half = exact_divergence(numbers.size, numbers.mean, numbers.term, numbers.table)
        params = self._default_config_params(node)
        params.update(
            address_bits=numbers.log_variance.width,
            sum_t=ap_type(FixedType(half.width + 1, half.integer + 1, signed=False)),
        )
        return _CONFIG.format(**params)


class DivergenceFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(Divergence, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        params = self._default_function_params(node)
        means, log_variances = (node.get_input_variable(name) for name in node.inputs)
        call = (
            "nnet::divergence<{means.type.name}, {log_variances.type.name}, {output_t}, {config}>"
            "({means.name}, {log_variances.name}, {output}, {term.name});"
        )
        return call.format(**params, means=means, log_variances=log_variances)


register(Divergence, (DivergenceConfig, DivergenceFunction), HEADER, parse)
