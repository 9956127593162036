"""Types as C++ and hls4ml write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType


def ap_type(fixed: FixedType) -> str:
    """A type as HLS C++ writes it, such as ``ap_fixed<8, 1, AP_RND, AP_SAT>``."""
    if fixed.is_int:
        return f"ap_{'' if fixed.signed else 'u'}int<{fixed.width}>"
    kind = "ap_fixed" if fixed.signed else "ap_ufixed"
    return f"{kind}<{fixed.width}, {fixed.integer}, AP_{fixed.rounding}, AP_{fixed.saturation}>"


def precision_of(fixed: FixedType) -> Any:
    """A type as hls4ml has it."""
    from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType, RoundingMode, SaturationMode

    if fixed.is_int:
        return IntegerPrecisionType(fixed.width, fixed.signed)
    modes = RoundingMode.from_string(fixed.rounding), SaturationMode.from_string(fixed.saturation)
    return FixedPrecisionType(fixed.width, fixed.integer, fixed.signed, *modes)


def exact_result(layer: Any, exact: Callable[..., FixedType], name: str = "result") -> Any:
    """The precision that is configured for a layer of hls4ml, or one that loses nothing where that is ``auto``.

    Args:
        layer: The layer.
        exact: Gives that type for the types of the inputs.
        name: Which of its precisions.

    Raises:
        L1mlError: If the type of an input is not known either.
    """
    from hls4ml.model.types import UnspecifiedPrecisionType

    precision, _ = layer.model.config.get_precision(layer, name)
    if not isinstance(precision, UnspecifiedPrecisionType):
        return precision
    return precision_of(exact(*(known_type(layer, source) for source in layer.inputs)))


def known_type(layer: Any, source: str) -> FixedType:
    """The type of one of a layer's inputs.

    Raises:
        L1mlError: If it is ``auto``.
    """
    from hls4ml.model.types import UnspecifiedPrecisionType

    precision = layer.get_input_variable(source).type.precision
    if isinstance(precision, UnspecifiedPrecisionType):
        raise L1mlError(f"layer {layer.name!r}: its input {source!r} has precision auto; give it one")
    return FixedType.from_hls4ml(precision)
