"""Simplifying a traced program with those of alkaid's passes that keep its meaning.

``alkaid.trace.trace`` runs two more, which alkaid 0.8.2 gets wrong:

- ``_retrace`` runs the program again on inputs widened to whole powers of two. Operations that look at a value's
  highest bit (``msb_mux``, "all bits set", complements) then look at another one.
- ``canonicalize_msb_wraps`` takes one bit of a value times a power of two from the wrong place when the bit is worth
  as much as the highest one of the value itself.
"""

from __future__ import annotations

from alkaid.trace.passes import common_subexpr_elimin, dead_code_elimin, null_quant_elimin
from alkaid.trace.passes.canon import canonicalize_outputs, const_propagation
from alkaid.trace.passes.order import canonical_sort, topo_bandwidth_sort
from alkaid.trace.passes.surrogate import add_surrogate
from alkaid.types import CombLogic


def simplify(logic: CombLogic) -> CombLogic:
    """Fold constants, share what is computed twice, drop what nobody uses, and estimate delays.

    Args:
        logic: Program as ``alkaid.trace.trace(..., optimize=False)`` gives it.

    Returns:
        A program with the same inputs, used or not, and the same outputs.
    """
    previous = None
    while logic != previous:
        previous = logic
        logic = canonicalize_outputs(const_propagation(logic))
        for eliminate in (common_subexpr_elimin, null_quant_elimin):
            logic = eliminate(dead_code_elimin(logic, keep_dead_inputs=True))
        logic = canonical_sort(dead_code_elimin(logic, keep_dead_inputs=True))
    return topo_bandwidth_sort(canonical_sort(add_surrogate(logic)))
