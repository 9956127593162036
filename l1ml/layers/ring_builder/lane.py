"""The module that adds the cells of one lane to rings."""

from __future__ import annotations

from itertools import accumulate

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Expression,
    Inverted,
    Item,
    Joined,
    Module,
    Net,
    Parameter,
    Port,
    Ram,
    Register,
    Resized,
    Section,
    Sum,
    Wire,
    plus,
    resized,
)
from l1ml.compiler.core import CLOCK
from l1ml.layers.ring_builder.plan import Plan
from l1ml.layers.ring_builder.position import by_layer, column, is_cell, last_cells, number_of, row

VALID, BANK, SWEEP = Net("valid2"), Net("bank2"), Net("sweep2", 2)


def lane_module(plan: Plan, name: str) -> Module:
    """Adds the cells of one lane to the rings at their distance from the hottest cell."""
    lane = Parameter(Net("LANE", plan.lane_bits), Constant(0, plan.lane_bits), "Which lane it is.")
    swept = Net("swept3", plan.parts * plan.sum_type.width)
    inputs = {
        Net("layer1", plan.layer_bits): "",
        Net("word1", plan.word_bits): "",
        Net("hot_column1", plan.column_bits): "of the hottest cell of the layer",
        Net("hot_row1", plan.row_bits): "",
        Net("cell1", plan.cell.width, True): "",
        VALID: "",
        BANK: "the bank that sums",
        Net("layer2", plan.layer_bits): "",
        SWEEP: "the banks whose sums are read and cleared",
        Net("index2", plan.index_bits): "which of them",
    }
    return Module(
        name,
        (
            "Adds the cells of one lane to the rings at their distance from the hottest cell.",
            "The digit of a name is the pipeline stage.",
        ),
        (
            Port(CLOCK, "input"),
            *(Port(net, "input", note) for net, note in inputs.items()),
            Port(swept, "output", f"{plan.parts} x {plan.sum_type}"),
        ),
        (
            _distances(plan, lane.net),
            _ring(plan),
            *(_bank(plan, bank) for bank in range(2)),
            _swept(plan, swept),
        ),
        (lane,),
    )


def _distances(plan: Plan, lane: Net) -> Section:
    layer, place = Net("layer1", plan.layer_bits), Net("place1", plan.place_bits)
    own_column, own_row = Net("column1", plan.column_bits), Net("row1", plan.row_bits)
    first, second, third = (Net(f"cell{stage}", plan.cell.width, True) for stage in (1, 2, 3))

    def far(own: Net) -> Expression:
        hot = Net(f"hot_{own.name}", own.width)
        return Choice(Compared(">", own, hot), _less(own, hot), _less(hot, own))

    return Section(
        "How far the cell is from the hottest one",
        (
            Wire(place, Joined((Net("word1", plan.word_bits), lane))),
            Wire(own_column, column(plan, layer, place)),
            Wire(own_row, row(plan, layer, place)),
            *last_cells(plan, layer),
            Register(Net("is_cell2"), is_cell(own_column, own_row)),
            Register(Net("far_column2", plan.column_bits), far(own_column)),
            Register(Net("far_row2", plan.row_bits), far(own_row)),
            Register(second, first),
            Register(third, second),
        ),
    )


def _less(left: Expression, right: Expression) -> Sum:
    return Sum((left, right), (False, True))


def _ring(plan: Plan) -> Section:
    layer, columns, rows = (
        Net("layer2", plan.layer_bits),
        Net("far_column2", plan.column_bits),
        Net("wide_row2", plan.column_bits),
    )
    ring, number = Net("ring2", plan.column_bits), Net("number2", plan.ring_bits)
    last = number_of(plan, layer, plan.column_bits, lambda grid: grid.rings - 1)
    ends = accumulate(grid.rings for grid in plan.grids)
    first = [Constant(end - grid.rings, plan.ring_bits) for end, grid in zip(ends, plan.grids, strict=True)]
    return Section(
        "The ring of the cell, and its number among those of all layers",
        (
            Wire(rows, resized(Net("far_row2", plan.row_bits), plan.column_bits)),
            Wire(ring, Choice(Compared(">", columns, rows), columns, rows)),
            Wire(Net("hit2"), Bitwise("&", Bitwise("&", VALID, Net("is_cell2")), Compared(">=", last, ring))),
            Wire(number, plus(by_layer(first, layer), resized(ring, plan.ring_bits))),
        ),
    )


def _bank(plan: Plan, bank: int) -> Section:
    """Sums, one for each ring; those of a part are in a memory of their own."""
    sweep, number = Bit(SWEEP, bank), Net("number2", plan.ring_bits)
    address, clear = Net(f"address3_{bank}", plan.index_bits), Net(f"clear3_{bank}")
    index = Bits(number, plan.part_bits, plan.ring_bits - plan.part_bits)
    mine = Bitwise("&", Net("hit2"), BANK if bank else Inverted(BANK))
    registers: list[Item] = [
        Register(address, Choice(sweep, Net("index2", plan.index_bits), resized(index, plan.index_bits))),
        Register(clear, sweep),
    ]
    memories: list[Item] = []
    for part in range(plan.parts):
        write, total = Net(f"write3_{bank}_{part}"), _sum(plan, bank, part)
        here: Expression = mine
        if plan.part_bits:
            low = Bits(number, 0, plan.part_bits)
            here = Bitwise("&", mine, Compared("==", low, Constant(part, plan.part_bits)))
        registers.append(Register(write, Bitwise("|", sweep, here)))
        zero = Constant(0, total.width)
        # Both terms are cleared before they are added: that takes no logic of its own.
        term = Resized(Net("cell3", plan.cell.width, True), total.width)
        data = plus(Choice(clear, zero, total), Choice(clear, zero, term))
        name, depth = f"memory{bank}_{part}", plan.rings // plan.parts
        memories.append(Ram(name, depth, total, address, write, address, data, registered=False, in_block_ram=False))
    return Section(f"Sums of bank {bank}, one for each ring", (*registers, *memories))


def _sum(plan: Plan, bank: int, part: int) -> Net:
    return Net(f"sum3_{bank}_{part}", plan.sum_type.width, True)


def _swept(plan: Plan, swept: Net) -> Section:
    first, second = (Joined(tuple(_sum(plan, bank, part) for part in reversed(range(plan.parts)))) for bank in range(2))
    return Section("The sums that are read", (Wire(swept, Choice(Net("clear3_0"), first, second)),))
