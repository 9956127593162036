"""The ring builder: memory of words, two passes over a region, and the sweep over the sums."""

from __future__ import annotations

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Expression,
    Instance,
    Inverted,
    Joined,
    Net,
    Pick,
    Ram,
    Register,
    Resized,
    Section,
    Wire,
    next_count,
    plus,
)
from l1ml.compiler.core import IN_VALID, RESET
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.trace import Interval, full_range
from l1ml.layers.ring_builder.hottest import hottest_module
from l1ml.layers.ring_builder.lane import lane_module
from l1ml.layers.ring_builder.place import place_module
from l1ml.layers.ring_builder.plan import Plan
from l1ml.layers.ring_builder.position import column, row

READING, DONE, END = Net("reading"), Net("done2"), Net("end2")
ANSWER, SWEEP = Net("answer2"), Net("sweep2", 2)
RUNNING = Inverted(RESET)


def stream(segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float) -> Hardware:
    """The ring builder of a segment: modules of its own, and what is between them.

    Args:
        segment: The ring builder, alone.
        intervals: What its inputs can be: anything.
        module: Name of its module.
        stage_delay: Longest logic between two registers; there is none that could be cut.
    """
    (layer,), (output,) = segment.layers, segment.outputs
    plan: Plan = layer.plan
    cells, out_data = bus_of(segment.inputs[0]), bus_of(output)
    return Hardware(
        about=(
            f"{plan.words} words of cells in, {plan.rings} rings out. A word may come in every clock cycle or later; "
            "regions follow",
            "each other without a gap.",
            "",
            "Two passes over a region. While its words arrive, they are stored and each layer's hottest cell is found. "
            "Then they",
            "are read again and each cell is added to a ring. The second pass takes a word every clock cycle and "
            "begins right after",
            "the last word: where it overlaps with the first pass of the next region, it is never behind that. So one "
            "memory of",
            "words, and one place for each layer's hottest cell, are enough.",
            "",
            "Each lane sums for itself, in two banks that take turns: while one sums, the other's sums are read, ring "
            "by ring, added",
            "over the lanes, and cleared. The digit of a name is the pipeline stage of the second pass.",
        ),
        sections=(
            Section("First pass", (_places(plan, module, "write", IN_VALID), _hottest(plan, module, cells))),
            _second_pass(plan, module),
            _words(plan, cells),
            _sweep(plan),
            *_lanes(plan, module),
            _adders(plan),
            _answer(plan, out_data),
        ),
        latency=plan.latency,
        register_bits=2 * plan.rings * plan.ring_type.width,
        intervals={output.name: full_range(output)},
        controls=(RESET.name, IN_VALID.name),
        parts=(
            place_module(plan, f"{module}_place"),
            hottest_module(plan, f"{module}_hottest"),
            lane_module(plan, f"{module}_lane"),
        ),
    )


def _layer(plan: Plan, prefix: str, stage: str = "") -> Net:
    return Net(f"{prefix}layer{stage}", plan.layer_bits)


def _word(plan: Plan, prefix: str, stage: str = "") -> Net:
    return Net(f"{prefix}word{stage}", plan.word_bits)


def _places(plan: Plan, name: str, pass_: str, advance: Net) -> Instance:
    outputs = {
        "layer": _layer(plan, f"{pass_}_"),
        "word": _word(plan, f"{pass_}_"),
        "address": Net(f"{pass_}_address", plan.address_bits),
        "done": Net(f"{pass_}_done"),
    }
    return Instance(f"{name}_place", f"u_{pass_}", {"rst": RESET, "advance": advance}, outputs)


def _hottest(plan: Plan, name: str, in_data: Net) -> Instance:
    inputs = {
        "rst": RESET,
        "valid": IN_VALID,
        "layer": _layer(plan, "write_"),
        "word": _word(plan, "write_"),
        "data": in_data,
    }
    return Instance(f"{name}_hottest", "u_hottest", inputs, {"hottest": _hottest_places(plan)})


def _hottest_places(plan: Plan) -> Net:
    return Net("hottest", len(plan.grids) * plan.place_bits)


def _second_pass(plan: Plan, name: str) -> Section:
    bank, done = Net("bank"), Net("read_done")
    begin = Bitwise("&", IN_VALID, Net("write_done"))
    low, high = Constant(0, 1), Constant(1, 1)
    return Section(
        "Second pass",
        (
            _places(plan, name, "read", READING),
            Register(READING, Choice(begin, high, Choice(done, low, READING)), reset=low),
            Register(bank, Inverted(bank), Bitwise("&", READING, done), low),
        ),
    )


def _words(plan: Plan, in_data: Net) -> Section:
    """The memory of words, and what goes with the word that is read."""
    cells, layer = Net("cells1", in_data.width), _layer(plan, "read_")
    write, read = Net("write_address", plan.address_bits), Net("read_address", plan.address_bits)
    ended = Bitwise("&", READING, Net("read_done"))
    return Section(
        "A word is read before one of the next region takes its place.",
        (
            Ram("memory", plan.words, cells, read, IN_VALID, write, in_data, registered=True, in_block_ram=True),
            Register(Net("valid1"), Bitwise("&", READING, RUNNING)),
            Register(Net("done1"), Bitwise("&", ended, RUNNING)),
            Register(Net("bank1"), Net("bank")),
            Register(_layer(plan, "", "1"), layer),
            Register(_word(plan, "", "1"), _word(plan, "read_")),
            Register(Net("hottest1", plan.place_bits), Pick(_hottest_places(plan), layer, plan.place_bits)),
            Register(Net("valid2"), Bitwise("&", Net("valid1"), RUNNING)),
            Register(DONE, Bitwise("&", Net("done1"), RUNNING)),
            Register(Net("bank2"), Net("bank1")),
            Register(_layer(plan, "", "2"), _layer(plan, "", "1")),
        ),
    )


def _sweep(plan: Plan) -> Section:
    index = Net("index2", plan.index_bits)
    zero, last = Constant(0, index.width), Constant(plan.rings // plan.parts - 1, index.width)
    complete = Choice(Net("bank2"), Constant(2, 2), Constant(1, 2))
    again = Bitwise("|", Bitwise("|", RESET, DONE), END)
    going = Bitwise("|", DONE, Bitwise("&", ANSWER, Inverted(END)))
    return Section(
        "Sweep over the rings of the bank that is complete; after a reset over both, to clear them.",
        (
            Wire(END, Compared("==", index, last)),
            Register(SWEEP, Choice(DONE, complete, Choice(END, Constant(0, 2), SWEEP)), reset=Constant(3, 2)),
            Register(index, Choice(again, zero, next_count(index))),
            Register(ANSWER, Bitwise("&", RUNNING, going)),
        ),
    )


def _lanes(plan: Plan, name: str) -> tuple[Section, ...]:
    layer, hottest, cells = (
        _layer(plan, "", "1"),
        Net("hottest1", plan.place_bits),
        Net("cells1", plan.lanes * plan.cell.width),
    )
    hot_column, hot_row = Net("hot_column1", plan.column_bits), Net("hot_row1", plan.row_bits)
    width = plan.cell.width
    instances = []
    for lane in range(plan.lanes):
        inputs: dict[str, Expression] = {
            "layer1": layer,
            "word1": _word(plan, "", "1"),
            "hot_column1": hot_column,
            "hot_row1": hot_row,
            "cell1": Bits(cells, lane * width, width),
            "valid2": Net("valid2"),
            "bank2": Net("bank2"),
            "layer2": _layer(plan, "", "2"),
            "sweep2": SWEEP,
            "index2": Net("index2", plan.index_bits),
        }
        outputs = {"swept3": _swept(plan, lane)}
        instances.append(Instance(f"{name}_lane", f"u_lane{lane}", inputs, outputs, {"LANE": lane}))
    found = (Wire(hot_column, column(plan, layer, hottest)), Wire(hot_row, row(plan, layer, hottest)))
    return Section("Where the hottest cell lies", found), Section("The lanes", tuple(instances))


def _swept(plan: Plan, lane: int) -> Net:
    return Net(f"swept3_{lane}", plan.parts * plan.sum_type.width)


def _node(plan: Plan, part: int, node: int) -> Net:
    return Net(f"node{part}_{node}", plan.ring_type.width, True)


def _adders(plan: Plan) -> Section:
    """The sums of the lanes, added two by two."""
    width, registers = plan.sum_type.width, []
    for part in range(plan.parts):
        for lane in range(plan.lanes):
            node, swept = _node(plan, part, plan.lanes + lane), _swept(plan, lane)
            sign = Bit(swept, part * width + width - 1)
            value = Joined((*[sign] * (node.width - width), Bits(swept, part * width, width)))
            registers.append(Register(node, value))
        for number in reversed(range(1, plan.lanes)):
            left, right = _node(plan, part, 2 * number), _node(plan, part, 2 * number + 1)
            registers.append(Register(_node(plan, part, number), plus(left, right)))
    return Section(f"Node k of a part is the sum of nodes 2k and 2k+1; lane 0 is node {plan.lanes}.", tuple(registers))


def _answer(plan: Plan, out_data: Net) -> Section:
    depth, bits = plan.lane_bits + 2, plan.parts * plan.ring_type.width
    answers = Net("answer_pipe", depth)
    totals = [_node(plan, part, 1) for part in reversed(range(plan.parts))]
    moved = Joined((*totals, Bits(out_data, bits, out_data.width - bits)))
    return Section(
        "Rings move down from the top until the first one is at bit 0.",
        (
            Register(answers, Resized(Joined((answers, ANSWER)), depth), reset=Constant(0, depth)),
            Register(out_data, moved, Bit(answers, depth - 1)),
        ),
    )
