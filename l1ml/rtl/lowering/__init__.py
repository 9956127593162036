"""How each hls4ml layer becomes arithmetic: one function per layer class, found by ``lower``.

To support another layer, write a function ``(layer, inputs, tables) -> values`` under ``@lowers``
in a module of this folder and import that module below.
"""

from __future__ import annotations

from l1ml.rtl.lowering import (  # noqa: F401  (they register themselves)
    activation,
    batchnorm,
    binned_thresholds,
    dense,
    divergence,
    input_scaler,
    merge,
    norm1,
    softmax,
    sum_of_squares,
    thresholds,
)
from l1ml.rtl.lowering.registry import lower, lowers, supported

__all__ = ["lower", "lowers", "supported"]
