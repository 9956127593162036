"""Sums of weighted bits by tables, as circuits; constants that come with later digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from l1ml.compiler.circuit import Bit, Net, Register, Wire
from l1ml.compiler.circuit.evaluate import evaluate, signed
from l1ml.layers.dense.folding.digits.lookups import table_pipeline
from l1ml.layers.dense.folding.digits.plan import DigitPlan, accumulator
from l1ml.layers.dense.folding.digits.tabled import tabled
from l1ml.layers.dense.folding.digits.tables import TableKernel, Weighted, table_sum

INPUTS = Net("inputs", 70)
TOP = (1 << 70) - 1


def _evaluated(kernel: TableKernel) -> Callable[[dict[str, int]], list[int]]:
    """The sums of a kernel for values of its inputs, registers taken for wires."""
    pipeline = table_pipeline(kernel)

    def sums(values: dict[str, int]) -> list[int]:
        known = dict(values)
        for item in (item for stage in pipeline.stages for item in stage):
            assert isinstance(item, (Wire, Register))
            assert item.net.width == item.value.width
            known[item.net.name] = evaluate(item.value, known)
        return [signed(evaluate(output, known), output.width) for output in pipeline.outputs]

    return sums


@pytest.mark.parametrize("additions", [1, 4])
@pytest.mark.parametrize("size", [1, 2, 6, 7, 30, 70])
@pytest.mark.parametrize("sign", ["+", "-", "+-"])
def test_tables_give_the_sum_of_the_weights_of_set_bits(size: int, additions: int, sign: str) -> None:
    rng = np.random.default_rng(size)
    weights = [
        int(w) * (-1 if sign == "-" or (sign == "+-" and k % 2) else 1) for k, w in enumerate(rng.integers(1, 40, size))
    ]
    bits = [Weighted(Bit(INPUTS, k), weight) for k, weight in enumerate(weights)]
    sums = _evaluated(TableKernel((table_sum(bits, additions),), additions))
    chosen = [0, TOP, *(sum(1 << k for k in range(size) if (weights[k] > 0) == up) for up in (True, False))]
    for value in [*chosen, *(int(v) for v in rng.integers(0, 1 << 62, 50))]:
        assert sums({"inputs": value}) == [sum(w for k, w in enumerate(weights) if value >> k & 1)]


def test_no_output_of_a_kernel_is_ahead_of_another() -> None:
    long = [Weighted(Bit(INPUTS, k), 1) for k in range(60)]
    kernel = TableKernel((table_sum(long, 1), table_sum(long[:3], 1)), 1)
    pipeline = table_pipeline(kernel)
    assert len(pipeline.stages) > 1
    last = {item.net.name for item in pipeline.stages[-2] if isinstance(item, Register)}
    (short,) = (output for output in pipeline.outputs if output.width == kernel.sums[1].width)
    assert short in {Net(name, short.width, True) for name in last}


@pytest.mark.parametrize("kind", ["unsigned", "signed", "flipped"])
@pytest.mark.parametrize("start", [0, 5, -3000, 123_457])
def test_digits_and_later_constants_make_up_the_sum(kind: str, start: int) -> None:
    plan = DigitPlan(2, 4, kind == "signed", kind == "flipped", 1.0, 8)
    rng = np.random.default_rng(3)
    weights = rng.integers(-31, 32, 9)
    table, total = tabled(weights, start, plan, 4)
    assert total.low <= total.final[0] <= total.final[1] <= total.high
    sums = _evaluated(TableKernel((table,), 4))
    for _ in range(30):
        x = rng.integers(-128, 128, 9) if plan.signed else rng.integers(0, 256, 9)
        held, left, place = total.start, 0, 0
        for digit in range(plan.digits):
            if digit:
                left, place, held = left | (held & 3) << place, place + 2, held >> 2
            values = {f"strobe{k}": int(k == digit) for k in range(plan.digits)}
            for index, value in enumerate(x):
                bits = int(value) >> (2 * digit) & 3
                sign = int(value < 0) if digit == plan.digits - 1 else 0
                values[f"d{index}"] = bits | sign << 2
            held += sums(values)[0]
            assert total.low <= held <= total.high
        assert (held << place) + left == start + int(weights @ x)


def test_constants_at_later_digits_keep_accumulators_narrow() -> None:
    plan = DigitPlan(1, 8, False, True, 1.0, 8)
    weights = np.array([31, 17, 25, 30, 9])
    start = -int(weights.sum()) << 7
    _, total = tabled(weights, start, plan, 4)
    assert total.later
    assert total.width < accumulator(weights, start, plan).width
