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
        luts = sum(_luts(group, first=place == 0) for chain in self.chains for place, group in enumerate(chain))
        return luts + self.width * (len(self.chains) - 1)


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
    """The chain with bits exchanged between its tables, wherever that does not take more LUTs."""
    if len(chain) == 1:
        return chain
    luts = [_luts(group, first=place == 0) for place, group in enumerate(chain)]
    for draw in np.random.default_rng(0).random((trials, 4)).tolist():
        a = int(draw[0] * len(chain))
        b = (a + 1 + int(draw[1] * (len(chain) - 1))) % len(chain)
        i, j = int(draw[2] * len(chain[a])), int(draw[3] * len(chain[b]))
        chain[a][i], chain[b][j] = chain[b][j], chain[a][i]
        found = [_luts(chain[place], first=place == 0) for place in (a, b)]
        if sum(found) > luts[a] + luts[b]:
            chain[a][i], chain[b][j] = chain[b][j], chain[a][i]
        else:
            luts[a], luts[b] = found
    return chain


def _luts(group: Group, *, first: bool) -> int:
    """LUTs of a table: one for each bit of its words, in the first table of a chain also for those of the sign."""
    low, high = bounds(group)
    if not first:
        return ((high - low) // _step(group)).bit_length()
    # Below the second lowest place of the weights, a word is one of the bits or nothing.
    places = sorted((b.weight & -b.weight).bit_length() - 1 for b in group)
    return width_of(low, high) - places[1] if len(places) > 1 else 0


def _step(group: Group) -> int:
    """Worth of the lowest bit of a table's words."""
    return min(b.weight & -b.weight for b in group)
