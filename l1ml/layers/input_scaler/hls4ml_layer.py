"""hls4ml's side of InputScaler, whose arithmetic is ``l1ml.layers.input_scaler.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import IntegerPrecisionType, UnspecifiedPrecisionType
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.hls4ml import register
from l1ml.layers.parameters import exact_type

HEADER = "nnet_input_scaler.h"


class InputScaler(Layer):
    """The layer in hls4ml's graph. Its types are ``work``, ``result`` and ``offset``, which alone may be ``auto``."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        Attribute("offset_data", value_type=np.ndarray),
        Attribute("shift_data", value_type=np.ndarray),
        TypeAttribute("work"),
        TypeAttribute("offset"),
    ]

    def initialize(self) -> None:
        """Add the output, offsets and shifts.

        Raises:
            L1mlError: If a type is missing, offsets need one that is too wide, or a shift leaves nothing of ``work``.
        """
        config = self.model.config
        for name in ("work", "result"):
            if isinstance(config.get_precision(self, name)[0], UnspecifiedPrecisionType):
                raise L1mlError(
                    f"layer {self.name!r}: precision {name!r} is auto, but how it rounds and overflows is what a "
                    "scaler does; give a type such as fixed<18,13>"
                )
        self.add_output_variable([self.get_attr("n_in")])
        self._set_type_t("work")
        offsets, (precision, _) = self.get_attr("offset_data"), config.get_precision(self, "offset")
        if isinstance(precision, UnspecifiedPrecisionType):
            precision = config.backend.convert_precision_string(str(exact_type(offsets)))
        offset = FixedType.from_hls4ml(precision)
        # hls4ml writes as many decimals as the type has bits; a value on the type's grid has no more.
        self.add_weights_variable("offset", data=offset.to_float(offset.quantize(offsets)), precision=precision)
        shifts = self.get_attr("shift_data")
        self._check_shifts(shifts)
        self.add_weights_variable("shift", precision=IntegerPrecisionType(int(np.abs(shifts).max()).bit_length() + 1))

    def _check_shifts(self, shifts: NDArray[np.integer]) -> None:
        work = FixedType.from_hls4ml(self.get_attr("work_t").precision)
        far = np.flatnonzero(np.abs(shifts) >= work.width)
        if len(far):
            raise L1mlError(
                f"layer {self.name!r}: shift {shifts[far[0]]} of input {far[0]} leaves nothing of its working type "
                f"{work}; shift by less than {work.width}"
            )


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    layer.update({f"{key}_data": np.array(keras_layer["config"][f"{key}s"]) for key in ("offset", "shift")})
    layer.update(n_in=int(input_shapes[0][-1]))
    return layer, list(input_shapes[0])


_CONFIG = """struct config{index} : nnet::input_scaler_config {{
    static const unsigned n_in = {n_in};
    static const unsigned reuse_factor = {reuse};
    typedef {work_t.name} work_t;
    typedef {offset_t.name} offset_t;
    typedef {shift_t.name} shift_t;
}};\n"""


class InputScalerConfig(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(InputScaler)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        return _CONFIG.format(**self._default_config_params(node))


class InputScalerFunction(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(InputScaler, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        call = "nnet::input_scaler<{input_t}, {output_t}, {config}>({input}, {output}, {offset.name}, {shift.name});"
        return call.format(**self._default_function_params(node))


register(InputScaler, (InputScalerConfig, InputScalerFunction), HEADER, parse)
