"""Names of types in C++."""

from __future__ import annotations

from l1ml.fixed import FixedType


def ap_type(fixed: FixedType) -> str:
    """A type as HLS C++ writes it, such as ``ap_fixed<8, 1, AP_RND, AP_SAT>``."""
    kind = "ap_fixed" if fixed.signed else "ap_ufixed"
    return f"{kind}<{fixed.width}, {fixed.integer}, AP_{fixed.rounding}, AP_{fixed.saturation}>"
