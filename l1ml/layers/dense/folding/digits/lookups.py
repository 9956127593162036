"""Tables and the additions of their words, as a circuit."""

from __future__ import annotations

from collections.abc import Sequence

from l1ml.compiler.circuit import (
    Constant,
    Expression,
    Item,
    Joined,
    Net,
    Register,
    Resized,
    Sum,
    TruthTable,
    Wire,
    plus,
    resized,
)
from l1ml.compiler.programs.circuit import Pipeline
from l1ml.layers.dense.folding.digits.tables import Chain, Group, TableKernel, bounds, lift, width_of, words_of


def table_pipeline(kernel: TableKernel) -> Pipeline:
    """A kernel as a pipeline: chains of tables, and the additions of those of one output in stages behind them."""
    stages: list[list[Item]] = [[]]
    sums = [
        [_chain(stages[0], chain, f"k{i}_{j}") for j, chain in enumerate(entry.chains)]
        for i, entry in enumerate(kernel.sums)
    ]
    while any(len(terms) > 1 for terms in sums):
        before, number = stages[-1], len(stages)
        stages.append([])
        for i, terms in enumerate(sums):
            kept = [Net(f"{term.name}_s{number}", term.width, True) for term in terms]
            before += [Register(net, term) for net, term in zip(kept, terms, strict=True)]
            step = kernel.additions + 1
            groups = [kept[k : k + step] for k in range(0, len(kept), step)]
            sums[i] = [_addition(stages[-1], group, f"k{i}_s{number}_{j}") for j, group in enumerate(groups)]
    results = [resized(total, entry.width) for (total,), entry in zip(sums, kernel.sums, strict=True)]
    return Pipeline(stages, results, [])


def _addition(items: list[Item], terms: Sequence[Net], name: str) -> Net:
    """Sum of terms, one after the other."""
    total, *others = terms
    for place, term in enumerate(others):
        wider = Net(f"{name}_{place}", max(total.width, term.width) + 1, True)
        items.append(Wire(wider, plus(Resized(total, wider.width), Resized(term, wider.width))))
        total = wider
    return total


def _chain(items: list[Item], chain: Chain, name: str) -> Net:
    """Sum of the words of a chain of tables."""
    first, *others = chain
    taken_back = sum(map(lift, others))
    low, high = (bound - taken_back for bound in bounds(first))
    total = Net(f"{name}_0", width_of(low, high), True)
    items.append(Wire(total, _word(items, total, first, [word - taken_back for word in words_of(first)])))
    for place, group in enumerate(others, 1):
        low, high = (bound + more + lift(group) for bound, more in zip((low, high), bounds(group), strict=True))
        longer = Net(f"{name}_{place}", width_of(low, high), True)
        word = _word(items, longer, group, [-word - lift(group) for word in words_of(group)])
        items.append(Wire(longer, Sum((Resized(total, longer.width), word), (False, True))))
        total = longer
    return total


def _word(items: list[Item], of: Net, group: Group, words: Sequence[int]) -> Expression:
    """The word of a table in the width of a net, each bit by a truth table of its own.

    Of words in one constant Yosys makes a ROM, into which it takes the registers of the address.
    """
    address = Net(f"{of.name}_bits", len(group))
    items.append(Wire(address, Joined(tuple(b.bit for b in reversed(group)))))
    columns = (sum((word >> k & 1) << place for place, word in enumerate(words)) for k in range(of.width))
    every = (1 << len(words)) - 1
    bits = [Constant(column % 2, 1) if column in (0, every) else TruthTable(column, address) for column in columns]
    return Joined(tuple(reversed(bits)))
