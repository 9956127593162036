"""The control bits of shared multipliers: for each slot a word that says what to select and by what to multiply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from l1ml.compiler.programs.printer import literal

BLOCK_ROM_DEPTH = 65
"""From this many slots on, words are kept in block RAM; below, a bit of them is one LUT."""


@dataclass(frozen=True)
class Delay:
    """Bits of the word that are wanted some clock cycles later."""

    cycles: int
    columns: list[int]

    @property
    def name(self) -> str:
        return f"late{self.cycles}"


class Microcode:
    """Collects columns of bits, one bit for each slot; equal columns exist once."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._columns: dict[tuple[bool, ...], int] = {}
        self._delays: dict[int, Delay] = {}

    def bit(self, values: Sequence[int | bool], delay: int = 0) -> str:
        """Verilog of one bit that has these values in the slots, ``delay`` clock cycles after each slot's word."""
        column = tuple(bool(v) for v in values)
        if len(set(column)) == 1:
            return f"1'b{int(column[0])}"
        index = self._columns.setdefault(column, len(self._columns))
        if not delay:
            return f"word[{index}]"
        late = self._delays.setdefault(delay, Delay(delay, []))
        if index not in late.columns:
            late.columns.append(index)
        return f"{late.name}[{late.columns.index(index)}]"

    def number(self, values: Sequence[int], width: int, delay: int = 0) -> str:
        """Verilog of a two's complement number that has these values in the slots."""
        if len(set(values)) == 1:
            return literal(values[0], width)
        bits = [self.bit([v >> i & 1 for v in values], delay) for i in reversed(range(width))]
        return f"{{{', '.join(bits)}}}"

    @property
    def width(self) -> int:
        """Bits of a word."""
        return len(self._columns)

    @property
    def words(self) -> list[int]:
        """The word of each slot."""
        return [sum(1 << i for c, i in self._columns.items() if c[slot]) for slot in range(self.slots)]

    @property
    def delays(self) -> list[Delay]:
        """Copies of the word's bits that come later."""
        return list(self._delays.values())

    @property
    def in_block_ram(self) -> bool:
        """Whether the words are deep enough for block RAM."""
        return self.slots >= BLOCK_ROM_DEPTH

    @property
    def register_bits(self) -> int:
        """Flip-flops of the word and of its delays."""
        return self.width + sum(d.cycles * len(d.columns) for d in self.delays)
