"""Shared multipliers in numbers and names for their template."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

from l1ml.compiler.folded import PrintedSegment
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.listing import Sink, pack_outputs, tensor_sinks
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.printer import list_program, literal
from l1ml.layers.dense.folding.multipliers.microcode import Microcode
from l1ml.layers.dense.folding.multipliers.packing import Node, selection, share_selections
from l1ml.layers.dense.folding.multipliers.segment import Engine, SharedSegment

LOAD_DELAY = 2
"""Clock cycles from a slot's word to its product: the factors and then the product are registered."""


def print_multipliers(
    shared: SharedSegment, segment: Segment, source: Tensor, reuse_factor: int, *, capture: bool, stage_delay: float
) -> PrintedSegment:
    """Schedule and print a segment with shared multipliers.

    Args:
        shared: The segment.
        segment: Its layers and outputs.
        source: Its input.
        reuse_factor: Slots.
        capture: Whether the input must be copied because it does not stay.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    code = Microcode(reuse_factor)
    plans = [schedule(engine.post, stage_delay) for engine in shared.engines]
    stages = max(p.stages for p in plans)
    plans = [replace(plan, stages=stages) for plan in plans]
    sequences, homes = share_selections([lane for e in shared.engines for lane in e.group.lanes])
    selections = [_selection(number, sequence, code) for number, sequence in enumerate(sequences)]
    engines: list[dict[str, Any]] = []
    kind = shared.value.type
    values = {j: literal(round(v / kind.lsb), kind.width) for j, v in shared.constants.items()}
    position = 0
    for number, (engine, plan) in enumerate(zip(shared.engines, plans, strict=True)):
        sinks = [Sink(kind.width, kind.fraction)]
        post = list_program(engine.post, plan, engine.post_sources, sinks, f"e{number}_")
        lanes = []
        for lane in range(len(engine.sums)):
            lanes.append(_lane(shared, engine, number, lane, selections[homes[position]]["result"], code))
            position += 1
        early = []
        for task in engine.group.tasks[:-1]:
            marks = [slot == task.last for slot in range(reuse_factor)]
            early.append({"output": task.output, "enable": code.bit(marks, LOAD_DELAY + stages)})
            values[task.output] = f"early{task.output}"
        values[engine.group.tasks[-1].output] = f"result{number}"
        engines.append({"index": number, "lanes": lanes, "post": post, "early": early, "neurons": _neurons(engine)})
    ordered = [values[j] for j in range(shared.value.size)]
    latency = int(capture) + reuse_factor + LOAD_DELAY + stages
    rest, bits = None, 0
    if shared.rest is None:
        packed = pack_outputs(ordered, segment.outputs)
    else:
        rest_plan = schedule(shared.rest, stage_delay)
        rest = list_program(shared.rest, rest_plan, shared.rest_sources, tensor_sinks(segment.outputs), "r")
        packed = pack_outputs(rest.outputs, segment.outputs)
        latency += rest_plan.stages
        bits = shared.value.bits + rest_plan.register_bits
    return PrintedSegment(
        template="rtl/multipliers.sv.j2",
        values={
            "shared": shared,
            "reuse_factor": reuse_factor,
            "phase_bits": max(1, (reuse_factor - 1).bit_length()),
            "capture": capture,
            "rows": _inputs(source, shared),
            "selections": selections,
            "engines": engines,
            "values": list(reversed(ordered)),
            "rest": rest,
            "packed": packed,
            "code": code,
            "cell": _cells(shared)[-1],
        },
        strobes={"start": int(capture) - 1, "done": latency - 1},
        latency=latency,
        strategy="Resource" if shared.multiplier == "dsp" else "Latency",
        luts=_luts(shared, engines, selections, code),
        multipliers=sum(len(e["lanes"]) for e in engines) if shared.multiplier == "dsp" else 0,
        register_bits=bits
        + code.register_bits
        + sum(p.register_bits for p in plans)
        + sum(lane["width"] for e in engines for lane in e["lanes"])
        + sum(shared.value.type.width * len(e["early"]) for e in engines),
        intervals=shared.intervals,
        cells=tuple(f"{cell}.sv" for cell in _cells(shared)),
    )


def _luts(
    shared: SharedSegment, engines: list[dict[str, Any]], selections: list[dict[str, Any]], code: Microcode
) -> float:
    """Estimate of the LUTs."""
    lanes = [lane for e in engines for lane in e["lanes"]]
    bits = shared.input_bits
    total = sum(e.post.cost for e in shared.engines) + (shared.rest.cost if shared.rest else 0.0)
    total += bits * sum(len(s["nodes"]) for s in selections)
    total += 0 if code.in_block_ram else code.width * ceil(code.slots / 64)
    if shared.multiplier == "fabric":
        total += sum(lane["digits"] * (bits + 2) for lane in lanes)
    if shared.multiplier == "fabric" or shared.sums.dropped_bits:
        total += sum(lane["width"] for lane in lanes)
    return total


def _cells(shared: SharedSegment) -> tuple[str, ...]:
    """The cell of a lane and what it is built of."""
    if shared.multiplier == "fabric":
        return ("l1ml_booth_mac",)
    return ("l1ml_mul", "l1ml_mul_acc") if shared.sums.dropped_bits else ("l1ml_mac",)


def _neurons(engine: Engine) -> str:
    return ", ".join(f"{t.output} (slots {t.first}-{t.last})" for t in engine.group.tasks)


def _inputs(source: Tensor, shared: SharedSegment) -> list[dict[str, Any]]:
    """The inputs that take part, without bits that are always zero."""
    skip = max(0, round(_log2(shared.sums.lsb / source.type.lsb)))
    width = source.type.width
    return [{"high": row * width + width - 1, "low": row * width + skip} for row in shared.sums.rows]


def _log2(ratio: float) -> int:
    numerator, denominator = ratio.as_integer_ratio()
    return numerator.bit_length() - denominator.bit_length()


def _selection(number: int, sequence: tuple[int | None, ...], code: Microcode) -> dict[str, Any]:
    """The selections of one sequence of inputs."""
    chosen = selection(sequence)
    nodes = []
    bits = [(code.bit([p >> 1 & 1 for p in places]), code.bit([p & 1 for p in places])) for places in chosen.select]

    def name(index: int) -> str:
        return f"x{index}" if index >= 0 else f"select{number}_{-1 - index}"

    def node(index: int, node: Node) -> dict[str, Any]:
        return {
            "name": name(-1 - index),
            "sources": [name(s) for s in reversed(node.sources)],
            "bits": bits[node.level],
        }

    nodes = [node(i, n) for i, n in enumerate(chosen.nodes)]
    result = nodes[-1]["name"] if nodes else name(next(r for r in sequence if r is not None))
    return {"nodes": nodes, "result": result}


def _lane(
    shared: SharedSegment, engine: Engine, group: int, number: int, selected: str, code: Microcode
) -> dict[str, Any]:
    """One multiplier: what it is fed with, and when its accumulator starts anew."""
    slots = range(code.slots)
    weights, starts = [0] * code.slots, [0] * code.slots
    for task, start in zip(engine.group.tasks, engine.sums[number].starts, strict=True):
        for slot in range(task.first, task.last + 1):
            row = engine.group.lanes[number][slot]
            weights[slot] = 0 if row is None else int(shared.sums.weights[row, task.output])
            starts[slot] = start
    for slot in range(engine.group.tasks[-1].last + 1, code.slots):
        starts[slot] = starts[slot - 1]
    firsts = {task.first for task in engine.group.tasks}
    width = engine.sums[number].width
    factor: dict[str, Any] = {"weight": code.number(weights, shared.weight_bits)}
    if shared.multiplier == "fabric":
        factor = _booth(weights, shared.weight_bits, code)
    return {
        "name": f"{group}_{number}",
        "input": selected,
        "width": width,
        "load": code.bit([slot in firsts for slot in slots], LOAD_DELAY),
        "start": code.number(starts, width, LOAD_DELAY),
        **factor,
    }


def _booth(weights: list[int], bits: int, code: Microcode) -> dict[str, Any]:
    """Weights as digits from -2 to 2 (A. D. Booth, 1951; radix 4): for each one whether it is 1, 2 and negative."""
    count = (bits + 1) // 2
    digits = [
        [-2 * (w >> 2 * k + 1 & 1) + (w >> 2 * k & 1) + (w << 1 >> 2 * k & 1) for w in weights] for k in range(count)
    ]

    def join(test: Any) -> str:
        return f"{{{', '.join(code.bit([test(d) for d in digit]) for digit in reversed(digits))}}}"

    return {
        "digits": count,
        "one": join(lambda d: abs(d) == 1),
        "two": join(lambda d: abs(d) == 2),
        "negative": join(lambda d: d < 0),
    }
