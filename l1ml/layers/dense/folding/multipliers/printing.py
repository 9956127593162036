"""Shared multipliers as hardware."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from l1ml.compiler.buses import Sink, bus_of, pack_outputs, tensor_sinks
from l1ml.compiler.capture import capture_of
from l1ml.compiler.circuit import (
    Bits,
    Choice,
    Compared,
    Constant,
    Expression,
    Instance,
    Joined,
    Net,
    Pick,
    Register,
    Section,
    Wire,
    next_count,
)
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.layers.dense.folding.multipliers.microcode import Microcode
from l1ml.layers.dense.folding.multipliers.packing import Lane, selection, share_selections
from l1ml.layers.dense.folding.multipliers.segment import Engine, LaneSum, SharedSegment

LOAD_DELAY = 2
"""Clock cycles from a slot's word to its product: the factors and then the product are registered."""

START, DONE = Net("start"), Net("done")


def print_multipliers(
    shared: SharedSegment, segment: Segment, source: Tensor, reuse_factor: int, *, capture: bool, stage_delay: float
) -> Hardware:
    """Schedule a segment with shared multipliers and make it hardware.

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
    rows = _inputs(source, shared)
    sequences, homes = share_selections([lane for e in shared.engines for lane in e.group.lanes])
    selections = [_selection(number, sequence, rows, code) for number, sequence in enumerate(sequences)]
    kind = shared.value.type
    values: dict[int, Expression] = {j: Constant(round(v / kind.lsb), kind.width) for j, v in shared.constants.items()}
    sections: list[Section] = []
    lanes: list[_Lane] = []
    early = 0
    for number, (engine, plan) in enumerate(zip(shared.engines, plans, strict=True)):
        own = [
            _lane(shared, engine, number, lane, selections[homes[len(lanes) + lane]].result, code)
            for lane in range(len(engine.sums))
        ]
        lanes += own
        post = hardware_of(engine.post, plan, engine.post_sources, [Sink(kind.width, kind.fraction)], f"e{number}_")
        result = Net(f"result{number}", kind.width)
        kept: list[Register] = []
        for task in engine.group.tasks[:-1]:
            marks = [slot == task.last for slot in range(reuse_factor)]
            net = Net(f"early{task.output}", kind.width)
            kept.append(Register(net, result, code.bit(marks, LOAD_DELAY + stages)))
            values[task.output] = net
        values[engine.group.tasks[-1].output] = result
        early += len(kept)
        sections += [
            Section("", tuple(post.tables)),
            Section(f"Engine {number}: neurons {_neurons(engine)}", tuple(lane.instance for lane in own)),
            *post.sections(f"Result {number}, stage"),
            Section("", (Wire(result, post.outputs[0]), *kept)),
        ]
    ordered = [values[j] for j in range(shared.value.size)]
    latency = int(capture) + reuse_factor + LOAD_DELAY + stages
    bits = 0
    if shared.rest is not None:
        rest_plan = schedule(shared.rest, stage_delay)
        rest = hardware_of(shared.rest, rest_plan, shared.rest_sources, tensor_sinks(segment.outputs), "r")
        all_values = Register(bus_of(shared.value), Joined(tuple(reversed(ordered))))
        sections += [Section("", (all_values, *rest.tables)), *rest.sections("Stage")]
        ordered = rest.outputs
        latency += rest_plan.stages
        bits = shared.value.bits + rest_plan.register_bits
    sections.append(output_registers(pack_outputs(ordered, segment.outputs), segment.outputs, DONE))
    slot, counter = _slots(reuse_factor)
    start, held = capture_of(source, START, "held", capture=capture)
    chosen = Section("Selection of the inputs", tuple(wire for s in selections for wire in s.wires))
    settled = [_settled(section, code) for section in (chosen, *sections)]
    return Hardware(
        about=(
            f"Folded onto {len(lanes)} multipliers: in each of {reuse_factor} slots, one clock cycle each, a word of "
            "microcode says which input",
            "and which weight each of them takes. Zero weights take no slot.",
        ),
        sections=(counter, code.section(slot), held, Section("", tuple(rows)), *settled),
        notes={"start": start, "done": "the result is there"},
        strobes={"start": int(capture) - 1, "done": latency - 1},
        latency=latency,
        strategy="Resource" if shared.multiplier == "dsp" else "Latency",
        luts=_luts(shared, lanes, sum(len(s.wires) // 2 for s in selections), code),
        multipliers=len(lanes) if shared.multiplier == "dsp" else 0,
        register_bits=bits
        + code.register_bits
        + sum(p.register_bits for p in plans)
        + sum(lane.sum.width for lane in lanes)
        + kind.width * early,
        intervals=shared.intervals,
        cells=tuple(f"{cell}.sv" for cell in _cells(shared)),
    )


def _settled(section: Section, code: Microcode) -> Section:
    """A section with the bits of the finished microcode in it."""
    items = []
    for item in section.items:
        if isinstance(item, Wire):
            item = replace(item, value=code.settled(item.value))
        elif isinstance(item, Register) and item.enable is not None:
            item = replace(item, enable=code.settled(item.enable))
        elif isinstance(item, Instance):
            item = replace(item, inputs={port: code.settled(value) for port, value in item.inputs.items()})
        items.append(item)
    return replace(section, items=tuple(items))


def _slots(reuse_factor: int) -> tuple[Net, Section]:
    """The present slot, and the counter that gives it."""
    bits = max(1, (reuse_factor - 1).bit_length())
    phase, slot, zero = Net("phase", bits), Net("slot", bits), Constant(0, bits)
    last = Compared("==", slot, Constant(reuse_factor - 1, bits))
    return slot, Section(
        "", (Wire(slot, Choice(START, zero, phase)), Register(phase, Choice(last, zero, next_count(slot))))
    )


def _luts(shared: SharedSegment, lanes: Sequence[_Lane], nodes: int, code: Microcode) -> float:
    """Estimate of the LUTs."""
    bits = shared.input_bits
    total = sum(e.post.cost for e in shared.engines) + (shared.rest.cost if shared.rest else 0.0)
    total += bits * nodes
    total += 0 if code.in_block_ram else code.width * ceil(code.slots / 64)
    if shared.multiplier == "fabric":
        total += sum(lane.digits * (bits + 2) for lane in lanes)
    if shared.multiplier == "fabric" or shared.sums.dropped_bits:
        total += sum(lane.sum.width for lane in lanes)
    return total


def _cells(shared: SharedSegment) -> tuple[str, ...]:
    """Names of the cells that a lane instantiates."""
    if shared.multiplier == "fabric":
        return ("l1ml_booth_mac",)
    return ("l1ml_mul", "l1ml_mul_acc") if shared.sums.dropped_bits else ("l1ml_mac",)


def _neurons(engine: Engine) -> str:
    return ", ".join(f"{t.output} (slots {t.first}-{t.last})" for t in engine.group.tasks)


def _inputs(source: Tensor, shared: SharedSegment) -> list[Wire]:
    """The inputs that take part, without bits that are always zero."""
    skip = max(0, round(_log2(shared.sums.lsb / source.type.lsb)))
    width, held = source.type.width, Net("held", source.bits)
    return [
        Wire(Net(f"x{index}", width - skip), Bits(held, row * width + skip, width - skip))
        for index, row in enumerate(shared.sums.rows)
    ]


def _log2(ratio: float) -> int:
    numerator, denominator = ratio.as_integer_ratio()
    return numerator.bit_length() - denominator.bit_length()


@dataclass(frozen=True)
class _Selection:
    """One sequence of inputs: two wires for each selection of one of four, and the last one's result."""

    wires: tuple[Wire, ...]
    result: Net


def _selection(number: int, sequence: Lane, rows: Sequence[Wire], code: Microcode) -> _Selection:
    """The selections of one sequence of inputs."""
    chosen = selection(sequence)
    bits = [(code.bit([p >> 1 & 1 for p in places]), code.bit([p & 1 for p in places])) for places in chosen.select]
    width = rows[0].net.width

    def net(index: int) -> Net:
        return rows[index].net if index >= 0 else Net(f"select{number}_{-1 - index}", width)

    wires: list[Wire] = []
    for index, node in enumerate(chosen.nodes):
        result = net(-1 - index)
        of = Net(f"{result.name}_of", len(node.sources) * width)
        which = Joined(bits[node.level]) if len(node.sources) > 2 else bits[node.level][1]
        wires += [
            Wire(of, Joined(tuple(net(s) for s in reversed(node.sources)))),
            Wire(result, Pick(of, which, width)),
        ]
    last = wires[-1].net if wires else net(next(r for r in sequence if r is not None))
    return _Selection(tuple(wires), last)


@dataclass(frozen=True)
class _Lane:
    """One multiplier.

    Attributes:
        instance: Its cell, and what that is fed with.
        sum: Its accumulator.
        digits: Digits of a weight, for multipliers in LUTs.
    """

    instance: Instance
    sum: LaneSum
    digits: int


def _lane(shared: SharedSegment, engine: Engine, group: int, number: int, selected: Net, code: Microcode) -> _Lane:
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
    own = engine.sums[number]
    signed = shared.signed
    parameters, digits = {"A": selected.width + int(not signed)}, 0
    if shared.multiplier == "fabric":
        digits = (shared.weight_bits + 1) // 2
        parameters |= {"DIGITS": digits, "DROP": shared.sums.dropped_bits}
        factor = _booth(weights, digits, code)
    else:
        parameters["B"] = shared.weight_bits
        if shared.sums.dropped_bits:
            parameters["DROP"] = shared.sums.dropped_bits
        factor = {"b": code.number(weights, shared.weight_bits)}
    inputs = {
        "a": selected if signed else Joined((Constant(0, 1), selected)),
        **factor,
        "load": code.bit([slot in firsts for slot in slots], LOAD_DELAY),
        "c": code.number(starts, own.width, LOAD_DELAY),
    }
    name = f"lane{group}_{number}"
    cell = Instance(_cells(shared)[-1], name, inputs, {"p": own.net}, {**parameters, "P": own.width})
    return _Lane(cell, own, digits)


def _booth(weights: list[int], count: int, code: Microcode) -> dict[str, Expression]:
    """Weights as digits from -2 to 2 (A. D. Booth, 1951; radix 4): for each one whether it is 1, 2 and negative."""
    digits = [
        [-2 * (w >> 2 * k + 1 & 1) + (w >> 2 * k & 1) + (w << 1 >> 2 * k & 1) for w in weights] for k in range(count)
    ]

    def join(test: Callable[[int], bool]) -> Expression:
        return Joined(tuple(code.bit([test(d) for d in digit]) for digit in reversed(digits)))

    return {
        "one": join(lambda d: abs(d) == 1),
        "two": join(lambda d: abs(d) == 2),
        "negative": join(lambda d: d < 0),
    }
