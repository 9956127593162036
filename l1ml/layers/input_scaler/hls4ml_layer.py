"""hls4ml's side of InputScaler, whose arithmetic is ``l1ml.layers.input_scaler.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import IntegerPrecisionType, UnspecifiedPrecisionType
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.hls4ml import register
from l1ml.layers.parameters import exact_type


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


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    data = {f"{name}_data": np.array(keras[f"{name}s"]) for name in ("offset", "shift")}
    return {"n_in": int(shapes[0][-1]), **data}, list(shapes[0])


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    types = {f"{name}_t": node.get_attr(f"{name}_t").name for name in ("work", "offset", "shift")}
    return {"n_in": int(node.get_attr("n_in")), **types}


register(InputScaler, read, config, ["offset", "shift"])
