"""Reuse factors above 1: the work of a dense layer spread over several clock cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.trace import Interval
from l1ml.errors import L1mlError
from l1ml.layers.dense.folding.digits.printing import print_digits
from l1ml.layers.dense.folding.digits.segment import fold_digits
from l1ml.layers.dense.folding.multipliers.printing import print_multipliers
from l1ml.layers.dense.folding.multipliers.segment import Multiplier, fold_multipliers
from l1ml.reference.tables import Tables


def fold(segment: Segment, intervals: list[Interval], tables: Tables, *, capture: bool, stage_delay: float) -> Hardware:
    """Fold a segment, a dense layer and what follows it, by the strategy of the layer.

    Args:
        segment: The layers; one input, on which they depend.
        intervals: What each input can be.
        tables: The C++ tables.
        capture: Whether the input must be copied because it does not stay.
        stage_delay: Longest logic between two registers, in adders one after the other.

    Raises:
        L1mlError: If the layer does what its strategy does not reproduce at reuse factors above 1.
    """
    (source,) = segment.inputs
    asked, reuse_factor = segment.layers[0].get_attr("rtl_strategy"), segment.reuse_factor

    def by(strategy: str) -> Hardware:
        if strategy == "distributed_arithmetic":
            digits = fold_digits(segment, reuse_factor, intervals, tables, stage_delay)
            return print_digits(digits, segment, source, capture=capture, stage_delay=stage_delay)
        multiplier: Multiplier = "dsp" if strategy == "Resource" else "fabric"
        shared = fold_multipliers(segment, reuse_factor, intervals, tables, multiplier)
        return print_multipliers(shared, segment, source, reuse_factor, capture=capture, stage_delay=stage_delay)

    if asked == "auto":
        return min(_done(by, ("distributed_arithmetic", "Resource", "Latency")), key=lambda printed: printed.price)
    if asked == "resource_unrolled":  # multipliers whose weights are known, so that the tool may choose what they are
        return next(_done(by, ("Resource", "Latency")))
    return by(asked)


def _done(by: Callable[[str], Hardware], strategies: Sequence[str]) -> Iterator[Hardware]:
    """The layer by those of some strategies that reproduce it, of which there has to be one."""
    refusals: list[L1mlError] = []
    for strategy in strategies:
        try:
            yield by(strategy)
        except L1mlError as error:
            refusals.append(error)
    if len(refusals) == len(strategies):
        raise refusals[-1]
