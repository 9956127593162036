"""What a wire or a register gets, as data: expressions over the nets of a module.

Every expression has a width. Operands of sums, choices and bitwise operations have the width of the result; ``Resized``
brings them to it. So an expression means the same in every hardware description language, whatever its rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

SMALL_TABLE_BITS = 6
"""Tables with up to this many address bits are one LUT for each output bit and printed as one literal."""


@dataclass(frozen=True)
class Expression:
    """Bits of known number; two's complement if ``signed``."""

    @property
    def width(self) -> int:
        """Number of bits."""
        raise NotImplementedError

    @property
    def signed(self) -> bool:
        """Whether it is extended by its highest bit."""
        return False

    @cached_property
    def operands(self) -> tuple[Expression, ...]:
        """The expressions right below."""
        found: list[Expression] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Expression):
                found.append(value)
            elif isinstance(value, tuple):
                found += [item for item in value if isinstance(item, Expression)]
        return tuple(found)

    def walk(self) -> Iterator[Expression]:
        """The expression and all below it, from the top."""
        yield self
        for operand in self.operands:
            yield from operand.walk()

    def rewritten(self, change: Callable[[Expression], Expression | None]) -> Expression:
        """A copy in which ``change`` has replaced what it gives something for, from the top."""
        changed = change(self)
        if changed is not None:
            return changed
        if not self.operands:
            return self

        def new(value: Any) -> Any:
            if isinstance(value, Expression):
                return value.rewritten(change)
            return tuple(map(new, value)) if isinstance(value, tuple) else value

        return type(self)(*(new(getattr(self, field.name)) for field in fields(self)))


def check(right: bool, message: str) -> None:
    """Refuse an expression that is none.

    Raises:
        ValueError: With the message, unless ``right``.
    """
    if not right:
        raise ValueError(message)


def same_width(*operands: Expression) -> None:
    """Refuse operands of different widths."""
    widths = [operand.width for operand in operands]
    check(len(set(widths)) == 1, f"operands of {widths} bits; resize them to one width")


@dataclass(frozen=True)
class Net(Expression):
    """A wire, a register or a port; without ``bits`` a flag, which is one bit and no vector of one."""

    name: str
    bits: int | None = None
    is_signed: bool = False

    def __post_init__(self) -> None:
        check(self.bits is None or self.bits > 0, f"{self.name} has {self.bits} bits")
        check(self.bits is not None or not self.is_signed, f"{self.name} is a flag, which has no sign")

    @property
    def width(self) -> int:
        return 1 if self.bits is None else self.bits

    @property
    def signed(self) -> bool:
        return self.is_signed


@dataclass(frozen=True)
class Element(Expression):
    """One word of a shift register, the newest one at index 0."""

    array: str
    index: int
    bits: int

    def __post_init__(self) -> None:
        check(self.index >= 0 and self.bits > 0, f"{self.array} has no word {self.index} of {self.bits} bits")

    @property
    def width(self) -> int:
        return self.bits


@dataclass(frozen=True)
class Constant(Expression):
    """An integer; a negative one is its two's complement."""

    value: int
    bits: int
    is_signed: bool = False

    def __post_init__(self) -> None:
        check(self.bits > 0, f"a constant of {self.bits} bits")

    @property
    def width(self) -> int:
        return self.bits

    @property
    def signed(self) -> bool:
        return self.is_signed

    @property
    def pattern(self) -> int:
        """The bits as an unsigned integer."""
        return self.value % (1 << self.bits)


def _has_bits(of: Expression) -> bool:
    return isinstance(of, Element) or (isinstance(of, Net) and of.bits is not None)


@dataclass(frozen=True)
class Bits(Expression):
    """``count`` bits of a net or an element from bit ``low`` on."""

    of: Expression
    low: int
    count: int

    def __post_init__(self) -> None:
        check(_has_bits(self.of), f"bits cannot be taken of {self.of}, only of vectors")
        inside = self.low >= 0 and self.count > 0 and self.low + self.count <= self.of.width
        check(inside, f"bits {self.low} to {self.low + self.count - 1} of {self.of} are not there")

    @property
    def width(self) -> int:
        return self.count


@dataclass(frozen=True)
class Bit(Expression):
    """One bit of a net or an element."""

    of: Expression
    index: int

    def __post_init__(self) -> None:
        check(_has_bits(self.of), f"a bit cannot be taken of {self.of}, only of a vector")
        check(0 <= self.index < self.of.width, f"bit {self.index} of {self.of} is not there")

    @property
    def width(self) -> int:
        return 1


@dataclass(frozen=True)
class Pick(Expression):
    """Word ``index`` of the words of ``count`` bits in a net, the first one in the lowest bits."""

    of: Expression
    index: Expression
    count: int

    def __post_init__(self) -> None:
        check(isinstance(self.of, Net) and _has_bits(self.of), "words can be picked of nets only, of vectors")
        check(0 < self.count <= self.of.width, f"a word of {self.count} bits is not in {self.of}")

    @property
    def width(self) -> int:
        return self.count


@dataclass(frozen=True)
class Lookup(Expression):
    """The word of a constant table at an address."""

    table: str
    address: Expression
    count: int

    def __post_init__(self) -> None:
        check(self.count > 0, f"a word of {self.count} bits of {self.table}")

    @property
    def width(self) -> int:
        return self.count


@dataclass(frozen=True)
class TruthTable(Expression):
    """A bit as a function of up to six others, a LUT: the bit of ``values`` at an address."""

    values: int
    address: Expression

    def __post_init__(self) -> None:
        check(self.address.width <= SMALL_TABLE_BITS, f"a truth table of {self.address.width} bits")
        check(0 <= self.values < 1 << self.rows, f"a truth table of {self.rows} rows has the values {self.values:#x}")

    @property
    def rows(self) -> int:
        """Number of values."""
        return 1 << self.address.width

    @property
    def width(self) -> int:
        return 1
