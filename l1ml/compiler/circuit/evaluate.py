"""What an expression is worth: exact two's complement arithmetic, the meaning that every printer has to keep."""

from __future__ import annotations

from collections.abc import Mapping

from l1ml.compiler.circuit.expressions import (
    Bit,
    Bits,
    Constant,
    Element,
    Expression,
    Lookup,
    Net,
    Pick,
    TruthTable,
)
from l1ml.compiler.circuit.module import Table
from l1ml.compiler.circuit.operations import (
    Bitwise,
    Choice,
    Compared,
    Inverted,
    Joined,
    Lowered,
    Product,
    Raised,
    Reduced,
    Repeated,
    Resized,
    Sum,
)


def evaluate(expression: Expression, values: Mapping[str, int], tables: Mapping[str, Table] | None = None) -> int:
    """The bits of an expression.

    Args:
        expression: The expression.
        values: The bits of each net by its name, of each element as ``name[index]``; a negative integer stands for its
            two's complement.
        tables: The tables that it looks up, by name.

    Returns:
        The bits as an unsigned integer.

    Raises:
        KeyError: If a net, an element or a table is missing.
        ValueError: If a word is picked that is not there.
    """

    def bits(e: Expression) -> int:
        return evaluate(e, values, tables)

    def number(e: Expression) -> int:
        return signed(bits(e), e.width) if e.signed else bits(e)

    result: int
    match expression:
        case Net():
            result = values[expression.name]
        case Element():
            result = values[f"{expression.array}[{expression.index}]"]
        case Constant():
            result = expression.value
        case Bits():
            result = bits(expression.of) >> expression.low
        case Bit():
            result = bits(expression.of) >> expression.index
        case Pick():
            low = bits(expression.index) * expression.count
            if low + expression.count > expression.of.width:
                raise ValueError(f"{expression.of} has no word at bit {low}")
            result = bits(expression.of) >> low
        case Lookup():
            result = (tables or {})[expression.table].words[bits(expression.address)]
        case TruthTable():
            result = expression.values >> bits(expression.address)
        case Resized():
            result = number(expression.of)
        case Raised():
            result = bits(expression.of) << expression.places
        case Lowered():
            result = number(expression.of) >> expression.places
        case Sum():
            terms = zip(expression.terms, expression.minus, strict=True)
            result = sum(-bits(term) if minus else bits(term) for term, minus in terms)
        case Product():
            result = bits(expression.left) * bits(expression.right)
        case Choice():
            result = bits(expression.if_set if bits(expression.condition) else expression.if_clear)
        case Joined():
            result = 0
            for part in expression.parts:
                result = result << part.width | bits(part)
        case Repeated():
            result = sum(bits(expression.of) << (i * expression.of.width) for i in range(expression.times))
        case Bitwise():
            result = _bitwise(expression.op, bits(expression.left), bits(expression.right))
        case Inverted():
            result = ~bits(expression.of)
        case Reduced():
            every = (1 << expression.of.width) - 1
            result = bits(expression.of) == every if expression.op == "&" else bits(expression.of) != 0
        case Compared():
            of = number if expression.op != "==" else bits
            result = _compared(expression.op, of(expression.left), of(expression.right))
        case _:
            raise TypeError(f"{expression} is no expression that is known")
    return result % (1 << expression.width)


def signed(bits: int, width: int) -> int:
    """What bits are worth as two's complement."""
    return bits - (1 << width) if bits >> (width - 1) & 1 else bits


def _bitwise(op: str, left: int, right: int) -> int:
    return left & right if op == "&" else left | right if op == "|" else left ^ right


def _compared(op: str, left: int, right: int) -> bool:
    return left == right if op == "==" else left >= right if op == ">=" else left > right
