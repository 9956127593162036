"""A digit's sums by tables: the bits of the digits address tables, whose words are added one after the other.

A LUT in front of a carry chain has six inputs, of which an addition of two words uses two. A word that depends on five
bits is looked up in the very LUT that adds it: the sum of n weighted bits is a table of six of them and a chain of
tables of five, one LUT for each bit of a word (S. White, IEEE ASSP Magazine 6 (1989) 4, with one addition a table).

Words of all but the first table are lifted above 0 by a constant and their negatives subtracted, so that no sign is
extended: the upper bits of what is subtracted are 1, and an adder in front of which nothing happens is a wire. The
first table takes back what that adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from l1ml.compiler.circuit import Expression

FIRST, NEXT = 6, 5
"""Bits that address the first table of a chain, and each of those that follow."""

TRIALS = 400
"""Exchanges that are tried, unless told."""


@dataclass(frozen=True)
class Weighted:
    """A bit and what it is worth in a sum."""

    bit: Expression
    weight: int


Group = list[Weighted]
"""The bits that address a table."""

Chain = list[Group]
"""Tables whose words are added one after the other."""


@dataclass(frozen=True)
class TableSum:
    """The sum of one output: some chains of tables, and an addition of these."""

    chains: list[Chain]

    @property
    def width(self) -> int:
        """Bits of the sum, two's complement."""
        return width_of(*bounds([bit for chain in self.chains for group in chain for bit in group]))

    @property
    def cost(self) -> int:
        """Estimate of its LUTs."""
        return sum(map(_cost, self.chains)) + self.width * (len(self.chains) - 1)


@dataclass(frozen=True)
class TableKernel:
    """A constant kernel from the bits of digits to the sums of one digit.

    Attributes:
        sums: One for each output.
        additions: Most additions one after the other in front of a register, the accumulators' not counted.
    """

    sums: tuple[TableSum, ...]
    additions: int

    @property
    def cost(self) -> int:
        """Estimate of its LUTs."""
        return sum(entry.cost for entry in self.sums)


def table_sum(bits: Sequence[Weighted], additions: int, trials: int = TRIALS) -> TableSum:
    """Distribute weighted bits among tables.

    Args:
        bits: The bits.
        additions: Most additions in a chain.
        trials: Exchanges of two bits between the tables of a chain that are tried.
    """
    ordered = sorted(bits, key=lambda b: ((b.weight & -b.weight).bit_length(), abs(b.weight)))
    count = ceil(len(ordered) / (FIRST + NEXT * additions))
    return TableSum([_improved(_split(ordered[k::count]), trials) for k in range(count)])


def bounds(bits: Sequence[Weighted]) -> tuple[int, int]:
    """Lowest and highest sum of weighted bits."""
    return sum(b.weight for b in bits if b.weight < 0), sum(b.weight for b in bits if b.weight > 0)


def lift(group: Group) -> int:
    """What makes all words of a table positive."""
    return _step(group) - bounds(group)[0]


def words_of(group: Group) -> list[int]:
    """The words of a table: the sum of the weights of the bits that are set in the address."""
    return [sum(b.weight for k, b in enumerate(group) if address >> k & 1) for address in range(1 << len(group))]


def width_of(low: int, high: int) -> int:
    """Bits of what lies in an interval, two's complement."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1


def _split(bits: Group) -> Chain:
    return [bits[:FIRST]] + [bits[k : k + NEXT] for k in range(FIRST, len(bits), NEXT)]


def _improved(chain: Chain, trials: int) -> Chain:
    """The chain with bits exchanged between its tables for fewer LUTs."""
    random, best = np.random.default_rng(0), _cost(chain)
    for _ in range(trials if len(chain) > 1 else 0):
        a, b = (int(g) for g in random.choice(len(chain), 2, replace=False))
        i, j = int(random.integers(len(chain[a]))), int(random.integers(len(chain[b])))
        chain[a][i], chain[b][j] = chain[b][j], chain[a][i]
        cost = _cost(chain)
        if cost > best:
            chain[a][i], chain[b][j] = chain[b][j], chain[a][i]
        best = min(best, cost)
    return chain


def _cost(chain: Chain) -> int:
    """LUTs: of the first table one for each bit that is more than a wire, of the others one for each bit of a word."""
    first, *others = chain
    low, high = bounds(first)
    # Below the second lowest place of the weights, the sum is one bit or none.
    places = sorted((b.weight & -b.weight).bit_length() - 1 for b in first)
    own = width_of(low, high) - places[1] if len(places) > 1 else 0
    return own + sum(((bounds(group)[1] - bounds(group)[0]) // _step(group)).bit_length() for group in others)


def _step(group: Group) -> int:
    """Worth of the lowest bit of a table's words."""
    return min(b.weight & -b.weight for b in group)
