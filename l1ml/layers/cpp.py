"""Types as C++ and hls4ml write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import attribute_type, input_type


def ap_type(fixed: FixedType) -> str:
    """A type as HLS C++ writes it, such as ``ap_fixed<8, 1, AP_RND, AP_SAT>``."""
    if fixed.is_int:
        return f"ap_{'' if fixed.signed else 'u'}int<{fixed.width}>"
    kind = "ap_fixed" if fixed.signed else "ap_ufixed"
    return f"{kind}<{fixed.width}, {fixed.integer}, AP_{fixed.rounding}, AP_{fixed.saturation}>"


def compares_wrongly(layer: Any) -> bool:
    """Whether a layer's C++ takes negative values for larger than the unsigned ones that it compares them with."""
    function = str(layer.get_attr("op") or layer.get_attr("activation")).lower()
    if function in ("maximum", "minimum"):
        left, right = (input_type(layer, name) for name in layer.inputs)
    elif function in ("thresholded_relu", "thresholdedrelu"):
        left, right = input_type(layer), attribute_type(layer, "param_t")
    else:
        return False
    return _takes_negative_for_larger(left, right)


def _takes_negative_for_larger(left: FixedType, right: FixedType) -> bool:
    """Whether a comparison in C++ takes each negative value for larger than all values of an unsigned type.

    With equal steps, ``ap_private.h`` compares as C does: from 32 bits on both are unsigned, unless the signed one is
    the wider. ``OP_CMP_AF`` of ``ap_fixed_base.h`` makes the steps equal, by one more bit on the left.

    Args:
        left: Type of what stands on the left of the comparison.
        right: Type of what stands on the right.
    """
    finer = left.fraction - right.fraction
    widths = left.width + (1 - finer if finer < 0 else 0), right.width + max(finer, 0)
    unsigned, signed = widths if right.signed else widths[::-1]
    return left.signed != right.signed and max(widths) >= 32 and unsigned >= signed


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
