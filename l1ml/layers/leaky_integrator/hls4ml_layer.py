"""hls4ml's side of LeakyIntegrator, whose arithmetic is ``l1ml.layers.leaky_integrator.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import NamedType

from l1ml.fixed import FixedType
from l1ml.layers.cpp import exact_result
from l1ml.layers.hls4ml import register
from l1ml.layers.leaky_integrator.arithmetic import exact_sum

HEADER = "nnet_leaky_integrator.h"


class LeakyIntegrator(Layer):
    """The layer in hls4ml's graph. Its types are ``accum`` and ``result``, by default those that lose nothing."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_positions"),
        Attribute("n_channels"),
        Attribute("leak"),
        TypeAttribute("accum"),
    ]

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If a type is ``auto`` and that of the inputs is not known.
        """
        accum, result = (exact_result(self, self._exact, name) for name in ("accum", "result"))
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", accum))
        self.add_output_variable([self.get_attr("n_channels")], precision=result)

    def _exact(self, source: FixedType) -> FixedType:
        return exact_sum(int(self.get_attr("leak")), source)


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    batch, positions, channels = input_shapes[0]
    layer.update(n_positions=positions, n_channels=channels, leak=keras_layer["config"]["leak"])
    return layer, [batch, channels]


_CONFIG = """struct config{index} : nnet::leaky_integrator_config {{
    static const unsigned n_positions = {n_positions};
    static const unsigned n_channels = {n_channels};
    static const unsigned leak = {leak};
    static const unsigned reuse_factor = {reuse};
    typedef {accum_t.name} accum_t;
}};\n"""


class LeakyIntegratorConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(LeakyIntegrator)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class LeakyIntegratorFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(LeakyIntegrator, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::leaky_integrator<{input_t}, {output_t}, {config}>({input}, {output});"
        return call.format(**self._default_function_params(node))


register(LeakyIntegrator, (LeakyIntegratorConfig, LeakyIntegratorFunction), HEADER, parse)
