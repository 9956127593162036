"""Types as C++ and hls4ml write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType


def ap_type(fixed: FixedType) -> str:
    """A type as HLS C++ writes it, such as ``ap_fixed<8, 1, AP_RND, AP_SAT>``."""
    kind = "ap_fixed" if fixed.signed else "ap_ufixed"
    return f"{kind}<{fixed.width}, {fixed.integer}, AP_{fixed.rounding}, AP_{fixed.saturation}>"


def precision_of(fixed: FixedType) -> Any:
    """A type as hls4ml has it."""
    from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode

    modes = RoundingMode.from_string(fixed.rounding), SaturationMode.from_string(fixed.saturation)
    return FixedPrecisionType(fixed.width, fixed.integer, fixed.signed, *modes)


def exact_result(layer: Any, exact: Callable[[FixedType], FixedType], name: str = "result") -> Any:
    """The precision that is configured for a layer of hls4ml, or one that loses nothing where that is ``auto``.

    Args:
        layer: The layer.
        exact: Gives that type for the type of the inputs.
        name: Which of its precisions.

    Raises:
        L1mlError: If the type of the inputs is not known either.
    """
    from hls4ml.model.types import UnspecifiedPrecisionType

    precision, _ = layer.model.config.get_precision(layer, name)
    if not isinstance(precision, UnspecifiedPrecisionType):
        return precision
    source = layer.get_input_variable().type.precision
    if isinstance(source, UnspecifiedPrecisionType):
        raise L1mlError(
            f"layer {layer.name!r}: precision {name!r} is auto, and so is the result of the layer before it; give "
            "a type to one of them"
        )
    return precision_of(exact(FixedType.from_hls4ml(source)))
