"""Operations on expressions.

As in Verilog, what adds, multiplies, chooses or works bit by bit is signed if all its operands are; what compares,
joins or takes bits is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from l1ml.compiler.circuit.expressions import Constant, Element, Expression, Net, check, same_width


@dataclass(frozen=True)
class Resized(Expression):
    """Lower bits of an expression, or all of them extended by its sign."""

    of: Expression
    count: int

    def __post_init__(self) -> None:
        check(self.count > 0, f"an expression resized to {self.count} bits")

    @property
    def width(self) -> int:
        return self.count

    @property
    def signed(self) -> bool:
        return self.of.signed


@dataclass(frozen=True)
class Raised(Expression):
    """An expression shifted left, in its own width."""

    of: Expression
    places: int

    def __post_init__(self) -> None:
        check(self.places >= 0, f"a shift by {self.places} places")

    @property
    def width(self) -> int:
        return self.of.width

    @property
    def signed(self) -> bool:
        return self.of.signed


@dataclass(frozen=True)
class Lowered(Expression):
    """An expression shifted right, in its own width; a signed one is filled by its sign."""

    of: Expression
    places: int

    def __post_init__(self) -> None:
        check(self.places >= 0, f"a shift by {self.places} places")

    @property
    def width(self) -> int:
        return self.of.width

    @property
    def signed(self) -> bool:
        return self.of.signed


@dataclass(frozen=True)
class Sum(Expression):
    """Sum of ``terms``; those for which ``minus`` is set are subtracted."""

    terms: tuple[Expression, ...]
    minus: tuple[bool, ...]

    def __post_init__(self) -> None:
        check(len(self.terms) == len(self.minus) > 0, "a sum needs a sign for each of its terms")
        same_width(*self.terms)

    @property
    def width(self) -> int:
        return self.terms[0].width

    @property
    def signed(self) -> bool:
        return all(term.signed for term in self.terms)


@dataclass(frozen=True)
class Product(Expression):
    """Product, in the width of its factors."""

    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        same_width(self.left, self.right)

    @property
    def width(self) -> int:
        return self.left.width

    @property
    def signed(self) -> bool:
        return self.left.signed and self.right.signed


@dataclass(frozen=True)
class Choice(Expression):
    """One of two values by a condition of one bit."""

    condition: Expression
    if_set: Expression
    if_clear: Expression

    def __post_init__(self) -> None:
        check(self.condition.width == 1, f"a condition of {self.condition.width} bits")
        same_width(self.if_set, self.if_clear)

    @property
    def width(self) -> int:
        return self.if_set.width

    @property
    def signed(self) -> bool:
        return self.if_set.signed and self.if_clear.signed


@dataclass(frozen=True)
class Joined(Expression):
    """Parts side by side, the first one in the highest bits."""

    parts: tuple[Expression, ...]

    def __post_init__(self) -> None:
        check(len(self.parts) > 0, "nothing is joined")

    @property
    def width(self) -> int:
        return sum(part.width for part in self.parts)


@dataclass(frozen=True)
class Repeated(Expression):
    """An expression several times side by side."""

    times: int
    of: Expression

    def __post_init__(self) -> None:
        check(self.times > 0, f"an expression repeated {self.times} times")

    @property
    def width(self) -> int:
        return self.times * self.of.width


@dataclass(frozen=True)
class Bitwise(Expression):
    """``left op right``, bit by bit."""

    op: Literal["&", "|", "^"]
    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        same_width(self.left, self.right)

    @property
    def width(self) -> int:
        return self.left.width

    @property
    def signed(self) -> bool:
        return self.left.signed and self.right.signed


@dataclass(frozen=True)
class Inverted(Expression):
    """Each bit the other way round."""

    of: Expression

    @property
    def width(self) -> int:
        return self.of.width

    @property
    def signed(self) -> bool:
        return self.of.signed


@dataclass(frozen=True)
class Reduced(Expression):
    """Whether any bit (``|``) or every bit (``&``) is set."""

    op: Literal["&", "|"]
    of: Expression

    @property
    def width(self) -> int:
        return 1


@dataclass(frozen=True)
class Compared(Expression):
    """Comparison of two values of the same width and, unless it asks for equality, of the same sign."""

    op: Literal["==", ">=", ">"]
    left: Expression
    right: Expression

    def __post_init__(self) -> None:
        same_width(self.left, self.right)
        same_sign = self.left.signed == self.right.signed
        check(self.op == "==" or same_sign, "a signed value is compared with one that is not")

    @property
    def width(self) -> int:
        return 1


def resized(of: Expression, width: int) -> Expression:
    """An expression in a width, as it is where it has that."""
    return of if of.width == width else Resized(of, width)


def plus(left: Expression, right: Expression) -> Sum:
    """Sum of two."""
    return Sum((left, right), (False, False))


def next_count(net: Net) -> Sum:
    """A counter's next value."""
    return plus(net, Constant(1, net.width))


def nets_of(expression: Expression) -> Iterator[Net]:
    """The nets that an expression reads, as often as it does."""
    return (part for part in expression.walk() if isinstance(part, Net))


def names_in(expression: Expression) -> Iterator[str]:
    """Names of the nets and shift registers that an expression reads, as often as it does."""
    for part in expression.walk():
        match part:
            case Net():
                yield part.name
            case Element():
                yield part.array
