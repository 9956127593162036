"""A folded segment in numbers and names for its template."""

from __future__ import annotations

from math import ceil
from typing import Any

from l1ml.compiler.folded import PrintedSegment
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.listing import Sink, Source, pack_outputs, tensor_sinks
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.printer import list_program, literal
from l1ml.layers.dense.folding.digits.segment import Arithmetic, FoldedSegment, digit_expressions


def print_digits(
    folded: FoldedSegment, segment: Segment, source: Tensor, *, capture: bool, stage_delay: float
) -> PrintedSegment:
    """Schedule and print a folded segment.

    Args:
        folded: The segment.
        segment: Its layers and outputs.
        source: Its input.
        capture: Whether the input must be copied because it does not stay.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    arithmetic = folded.arithmetic
    plan, kernel_logic = arithmetic.plan, arithmetic.kernel
    kernel_plan, post_plan = schedule(kernel_logic, stage_delay), schedule(folded.post, stage_delay)
    digits = [Source("digit", i * plan.kernel_bits, 0) for i in range(len(folded.rows))]
    widths = [max(int(q.kif.integers), 0) + 1 for q in kernel_logic.out_qint]
    kernel = list_program(kernel_logic, kernel_plan, digits, [Sink(w, 0) for w in widths], "k")
    post = list_program(folded.post, post_plan, folded.post_sources, tensor_sinks(segment.outputs), "r")
    accumulators: list[dict[str, Any]] = []
    for entry, width, expression in zip(arithmetic.sums, widths, kernel.outputs, strict=True):
        size = max(entry.accumulator.width, width)
        accumulators.append(
            {
                "index": entry.index,
                "sum_width": width,
                "sum": expression,
                "width": size,
                "start": literal(entry.accumulator.start, size),
                "low_bits": entry.low_bits,
                # What was there before has left when the result is there; only sticky bits would remember it.
                "cleared": entry.sticky is not None or entry.low_bits > (plan.digits - 1) * plan.digit_bits,
                "sticky": entry.sticky is not None,
                "leaving": _leaving(entry.index, plan.digit_bits, entry.low_bits),
            }
        )
    first = int(capture) + kernel_plan.stages
    result = first + plan.digits
    return PrintedSegment(
        template="rtl/digits.sv.j2",
        values={
            "plan": {
                "digits": plan.digits,
                "digit_bits": plan.digit_bits,
                "kernel_bits": plan.kernel_bits,
                "padded_bits": plan.padded_bits,
                "phase_bits": plan.phase_bits,
                "signed": plan.signed,
                "capture": capture,
                "inputs": digit_expressions(source, folded),
            },
            "kernel": kernel,
            "post": post,
            "packed": pack_outputs(post.outputs, segment.outputs),
            "accumulators": accumulators,
            "watch": _watch(folded.arithmetic),
        },
        strobes={"start": int(capture) - 1, "first": first, "done": result + post_plan.stages - 1},
        latency=result + post_plan.stages,
        strategy="distributed_arithmetic",
        luts=arithmetic.cost + folded.post.cost + len(folded.rows) * plan.kernel_bits * ceil((plan.digits - 1) / 3),
        multipliers=0,
        register_bits=kernel_plan.register_bits
        + post_plan.register_bits
        + sum(a["sum_width"] + a["width"] + a["low_bits"] + int(a["sticky"]) for a in accumulators),
        intervals=folded.intervals,
        sums={f"acc{entry.index}": (entry.index, folded.worth, folded.offset) for entry in arithmetic.sums},
    )


def _watch(arithmetic: Arithmetic) -> list[int]:
    """For each bit that leaves, from which digit on it is one that the sticky bits remember."""
    plan, (some, *_) = arithmetic.plan, arithmetic.sums
    if not some.sticky:
        return []
    # At digit t, bits leave whose places are low_bits below those of the accumulator before it.
    return [1 + max(0, ceil((some.sticky + some.low_bits - k) / plan.digit_bits)) for k in range(plan.digit_bits)]


def _leaving(index: int, digit_bits: int, low_bits: int) -> str:
    """The bits that are dropped in a cycle: the lowest digit of what the accumulator and the kept bits hold."""
    if low_bits >= digit_bits:
        return f"low{index}[{digit_bits - 1}:0]"
    from_accumulator = f"acc{index}[{digit_bits - low_bits - 1}:0]"
    return f"{{{from_accumulator}, low{index}}}" if low_bits else from_accumulator
