"""The mark behind the layers in ``TimeDistributed``: ``write_time_step_2d`` and such (``nnet_time_distributed.h``)."""

from __future__ import annotations

from typing import Any

from alkaid.trace import FVArray
from hls4ml.model.types import UnspecifiedPrecisionType

from l1ml.errors import L1mlError
from l1ml.layers.parameters import input_type, output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower the mark: the values as they are.

    Raises:
        L1mlError: If its types differ.
    """
    check_types(layer)
    return inputs[0]


def check_types(mark: Any) -> None:
    """See that a mark has one type for input and output as soon as both are known; else the C++ does not compile.

    Raises:
        L1mlError: If not.
    """
    variables = mark.get_input_variable(), mark.get_output_variable()
    if any(isinstance(variable.type.precision, UnspecifiedPrecisionType) for variable in variables):
        return
    if input_type(mark) != output_type(mark):
        raise L1mlError(
            f"layer {mark.name!r}: hls4ml's TimeDistributed casts nothing, but {input_type(mark)} comes in and "
            f"{output_type(mark)} leaves; give both one type, or apply the Dense layer to the whole tensor without it"
        )
