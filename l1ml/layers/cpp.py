"""Types as C++ and hls4ml write them."""

from __future__ import annotations

from typing import Any

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
