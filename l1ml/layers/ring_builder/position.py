"""What depends on the layer, and where a place of a layer lies: its column, its row, and whether there is a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from l1ml.compiler.circuit import Bitwise, Choice, Compared, Constant, Expression, Lowered, Net, Resized, Wire, resized
from l1ml.layers.ring_builder.plan import Grid, Plan

LAST_COLUMN, LAST_ROW = "last_column", "last_row"
"""Wires that ``is_cell`` reads: the last column and the last row of the present layer."""


def by_layer(values: Sequence[Expression], layer: Expression) -> Expression:
    """One value of those of all layers; the most common one needs no comparison."""
    ((chosen, _),) = Counter(values).most_common(1)
    others = [(number, value) for number, value in enumerate(values) if value != chosen]
    for number, value in reversed(others):
        chosen = Choice(Compared("==", layer, Constant(number, layer.width)), value, chosen)
    return chosen


def number_of(plan: Plan, layer: Expression, width: int, number: Callable[[Grid], int]) -> Expression:
    """A number of the present layer."""
    return by_layer([Constant(number(grid), width) for grid in plan.grids], layer)


def last_word(plan: Plan, layer: Expression) -> Expression:
    """The last word of a layer, counted from its first."""
    return by_layer([Constant(words - 1, plan.word_bits) for words in plan.layer_words], layer)


def last_cells(plan: Plan, layer: Expression) -> tuple[Wire, ...]:
    """The wires that ``is_cell`` reads."""
    last_column = number_of(plan, layer, plan.column_bits, lambda grid: grid.columns - 1)
    last_row = number_of(plan, layer, plan.row_bits, lambda grid: grid.rows - 1)
    return Wire(Net(LAST_COLUMN, plan.column_bits), last_column), Wire(Net(LAST_ROW, plan.row_bits), last_row)


def is_cell(in_column: Expression, in_row: Expression) -> Expression:
    """Whether the present layer has a cell in a column and a row."""
    right = Compared(">=", Net(LAST_COLUMN, in_column.width), in_column)
    return Bitwise("&", right, Compared(">=", Net(LAST_ROW, in_row.width), in_row))


def column(plan: Plan, layer: Expression, place: Expression) -> Expression:
    """The column of a place."""
    return by_layer([Resized(Lowered(place, shift), plan.column_bits) for shift in plan.row_shifts], layer)


def row(plan: Plan, layer: Expression, place: Expression) -> Expression:
    """The row of a place."""
    mask = by_layer([Constant((1 << shift) - 1, plan.row_bits) for shift in plan.row_shifts], layer)
    return Bitwise("&", resized(place, plan.row_bits), mask)
