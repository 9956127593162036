"""The control bits of shared multipliers: for each slot a word that says what to select and by what to multiply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from l1ml.compiler.circuit import (
    BLOCK_ROM_DEPTH,
    Bit,
    Constant,
    Element,
    Expression,
    Item,
    Joined,
    Net,
    Rom,
    Section,
    ShiftRegister,
    Wire,
)


@dataclass(frozen=True)
class Column(Expression):
    """A bit of the word, ``delay`` clock cycles after the word; a place holder until all columns are known."""

    index: int
    delay: int

    @property
    def width(self) -> int:
        return 1


class Microcode:
    """Collects columns of bits, one bit for each slot; equal columns exist once."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._columns: dict[tuple[bool, ...], int] = {}
        self._late: dict[int, list[int]] = {}

    def bit(self, values: Sequence[int | bool], delay: int = 0) -> Expression:
        """A bit that has these values in the slots, ``delay`` clock cycles after each slot's word."""
        bits = tuple(bool(v) for v in values)
        if len(set(bits)) == 1:
            return Constant(int(bits[0]), 1)
        index = self._columns.setdefault(bits, len(self._columns))
        if delay:
            late = self._late.setdefault(delay, [])
            if index not in late:
                late.append(index)
        return Column(index, delay)

    def number(self, values: Sequence[int], width: int, delay: int = 0) -> Expression:
        """A two's complement number that has these values in the slots."""
        if len(set(values)) == 1:
            return Constant(values[0], width)
        return Joined(tuple(self.bit([v >> i & 1 for v in values], delay) for i in reversed(range(width))))

    def settled(self, expression: Expression) -> Expression:
        """An expression with the bits of the finished words in it."""
        word = Net("word", self.width)

        def place(part: Expression) -> Expression | None:
            if not isinstance(part, Column):
                return None
            if not part.delay:
                return Bit(word, part.index)
            columns = self._late[part.delay]
            return Bit(Net(f"late{part.delay}", len(columns)), columns.index(part.index))

        return expression.rewritten(place)

    def section(self, slot: Expression) -> Section:
        """The memory of the words, and copies of bits of them that come later."""
        word = Net("word", self.width)
        items: list[Item] = []
        if self.width:
            items.append(Rom(word, slot, tuple(self.words), self.in_block_ram))
        for cycles, columns in self._late.items():
            pipe = f"late{cycles}_pipe"
            bits = Joined(tuple(Bit(word, column) for column in reversed(columns)))
            last = Element(pipe, cycles - 1, len(columns))
            items += [ShiftRegister(pipe, cycles, bits), Wire(Net(f"late{cycles}", len(columns)), last)]
        return Section("Microcode" * bool(items), tuple(items))

    @property
    def width(self) -> int:
        """Bits of a word."""
        return len(self._columns)

    @property
    def words(self) -> list[int]:
        """The word of each slot."""
        return [sum(1 << i for c, i in self._columns.items() if c[slot]) for slot in range(self.slots)]

    @property
    def in_block_ram(self) -> bool:
        """Whether the words are deep enough for block RAM."""
        return self.slots >= BLOCK_ROM_DEPTH

    @property
    def register_bits(self) -> int:
        """Flip-flops of the word and of its delays."""
        return self.width + sum(cycles * len(columns) for cycles, columns in self._late.items())
