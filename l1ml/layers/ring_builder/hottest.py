"""The module that finds the place of each layer's hottest cell."""

from __future__ import annotations

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Item,
    Joined,
    Module,
    Net,
    Port,
    Register,
    Resized,
    Section,
    ShiftRegister,
    Wire,
)
from l1ml.compiler.core import CLOCK, RESET
from l1ml.layers.ring_builder.plan import Plan
from l1ml.layers.ring_builder.position import column, is_cell, last_cells, last_word, row


def hottest_module(plan: Plan, name: str) -> Module:
    """A tree over the lanes of a word, then the words of a layer one after the other."""
    valid, layer, word = Net("valid"), Net("layer", plan.layer_bits), Net("word", plan.word_bits)
    data = Net("data", plan.lanes * plan.cell.width)
    hottest = Net("hottest", len(plan.grids) * plan.place_bits)
    return Module(
        name,
        (
            "Finds the place of each layer's hottest cell, of equal ones the first: a tree over the lanes of a word,",
            "one level a clock cycle, then the words of the layer one after the other.",
        ),
        (
            Port(CLOCK, "input"),
            Port(RESET, "input"),
            Port(valid, "input"),
            Port(layer, "input"),
            Port(word, "input"),
            Port(data, "input"),
            Port(hottest, "output", "a layer's until the next region's"),
        ),
        (
            _leaves(plan, layer, word, data),
            _tree(plan),
            _arriving(plan, valid, layer, word),
            _best(plan),
            _kept(plan, hottest),
        ),
    )


def _value(plan: Plan, node: int) -> Net:
    return Net(f"value{node}", plan.cell.width, True)


def _lane(plan: Plan, node: int) -> Expression:
    """The lane that the value of a node came from."""
    leaf = node - plan.lanes
    return Constant(leaf, plan.lane_bits) if leaf >= 0 else Net(f"lane{node}", plan.lane_bits)


def _leaves(plan: Plan, layer: Net, word: Net, data: Net) -> Section:
    width = plan.cell.width
    lowest = Constant(plan.cell.minimum, width)
    wires: list[Item] = [*last_cells(plan, layer)]
    registers = []
    for lane in range(plan.lanes):
        place, there = Net(f"place{lane}", plan.place_bits), Net(f"is_cell{lane}")
        wires += [
            Wire(place, Joined((word, Constant(lane, plan.lane_bits)))),
            Wire(there, is_cell(column(plan, layer, place), row(plan, layer, place))),
        ]
        value = Choice(there, Bits(data, lane * width, width), lowest)
        registers.append(Register(_value(plan, plan.lanes + lane), value))
    return Section(
        "A place without a cell is never left of one with a cell, so it is not taken even if that is as low.",
        (*wires, *registers),
    )


def _tree(plan: Plan) -> Section:
    wires: list[Item] = []
    registers = []
    for node in reversed(range(1, plan.lanes)):
        left, right = 2 * node, 2 * node + 1
        larger = Net(f"right{node}")
        own = Net(f"lane{node}", plan.lane_bits)
        wires.append(Wire(larger, Compared(">", _value(plan, right), _value(plan, left))))
        registers += [
            Register(_value(plan, node), Choice(larger, _value(plan, right), _value(plan, left))),
            Register(own, Choice(larger, _lane(plan, right), _lane(plan, left))),
        ]
    about = f"Node k has the larger of nodes 2k and 2k+1, the left one if they are equal. Lane 0 is node {plan.lanes}."
    return Section(about, (*wires, *registers))


def _arriving(plan: Plan, valid: Net, layer: Net, word: Net) -> Section:
    depth = plan.lane_bits + 1
    pipe = Net("valid_pipe", depth)
    return Section(
        "What is known of the word that leaves the tree",
        (
            Register(pipe, Resized(Joined((pipe, valid)), depth), reset=Constant(0, depth)),
            ShiftRegister("layer_pipe", depth, layer),
            ShiftRegister("word_pipe", depth, word),
            Wire(Net("valid_out"), Bit(pipe, depth - 1)),
            Wire(Net("layer_out", layer.width), Element("layer_pipe", depth - 1, layer.width)),
            Wire(Net("word_out", word.width), Element("word_pipe", depth - 1, word.width)),
        ),
    )


def _best(plan: Plan) -> Section:
    valid, word = Net("valid_out"), Net("word_out", plan.word_bits)
    best, better, top = Net("best", plan.cell.width, True), Net("better"), _value(plan, 1)
    best_place, next_place = Net("best_place", plan.place_bits), Net("next_place", plan.place_bits)
    first = Compared("==", word, Constant(0, word.width))
    return Section(
        "The best of the layer so far",
        (
            Wire(better, Bitwise("|", first, Compared(">", top, best))),
            Wire(next_place, Choice(better, Joined((word, _lane(plan, 1))), best_place)),
            Register(best, top, Bitwise("&", valid, better)),
            Register(best_place, next_place, valid),
        ),
    )


def _kept(plan: Plan, hottest: Net) -> Section:
    valid, layer, word = Net("valid_out"), Net("layer_out", plan.layer_bits), Net("word_out", plan.word_bits)
    last, next_place = Net("last"), Net("next_place", plan.place_bits)
    registers = []
    for number in range(len(plan.grids)):
        here = Bitwise("&", last, Compared("==", layer, Constant(number, layer.width)))
        registers.append(Register(Net(f"hottest{number}", plan.place_bits), next_place, here))
    ended = Bitwise("&", valid, Compared("==", word, last_word(plan, layer)))
    joined = Joined(tuple(register.net for register in reversed(registers)))
    return Section("The best of each layer that is over", (Wire(last, ended), *registers, Wire(hottest, joined)))
