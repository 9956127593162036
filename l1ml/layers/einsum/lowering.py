"""Einsum as hls4ml computes it (``nnet_einsum.h``): products of two transposed tensors, added one after the other.

The accumulator starts at 0. Each product is exact; its sum with the accumulator is cast to ``accum_t``, the last one to
``result_t``.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, product
from l1ml.compiler.programs.operations import sum_within
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.einsum_dense.lowering import transposed
from l1ml.layers.parameters import attribute_type, output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Einsum``.

    Raises:
        L1mlError: If hls4ml multiplies in another way because of a type of an input.
    """
    _check(layer)
    free0, free1, contracted, inplace = (
        int(layer.get_attr(f"n_{name}")) for name in ("free0", "free1", "contract", "inplace")
    )
    first, second = (
        np.asarray(values)[transposed(layer, f"inp{i}_shape", f"inp{i}_tpose_idxs")] for i, values in enumerate(inputs)
    )
    first, second = first.reshape(inplace, free0, contracted), second.reshape(inplace, free1, contracted)
    accum, result = attribute_type(layer, "accum_t"), output_type(layer)
    sums = np.array(
        [
            cast(_added([product(a, b) for a, b in zip(first[i, f0], second[i, f1], strict=True)], accum), result)
            for i in range(inplace)
            for f0 in range(free0)
            for f1 in range(free1)
        ]
    )
    ordered = sums[transposed(layer, "out_interpert_shape", "out_tpose_idxs")]
    return FVArray(ordered, inputs[0].solver_options, inputs[0].hwconf)


def _added(products: list[FVariable], accum: FixedType) -> FVariable:
    """What is in the accumulator at the end; where it loses bits, that depends on what is in it."""
    if all(value.step >= accum.lsb for value in products):
        return sum_within([FVariable.from_const(0.0, products[0].hwconf), *products], accum)
    return reduce(lambda total, value: cast(add(total, value), accum), products[1:], cast(products[0], accum))


def _check(layer: Any) -> None:
    """See that the C++ multiplies, which it does but for types of one or two bits of their own."""
    kinds = [layer.get_input_variable(name).type.precision for name in layer.inputs]
    plain = all(isinstance(kind, FixedPrecisionType | IntegerPrecisionType) for kind in kinds)
    if not plain or (isinstance(kinds[1], IntegerPrecisionType) and kinds[1].width <= 2):
        raise L1mlError(f"layer {layer.name!r}: give both inputs fixed<...> types")
