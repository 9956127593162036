"""Expressions as SystemVerilog.

An expression means what it says whatever the signs and widths that Verilog's rules give to its parts. Operands have one
width before they are printed, and results the signs that Verilog gives them (`l1ml.compiler.circuit.operations`), so
only these need care: a shift to the right stands in a cast, which nothing around it reaches into (a signed one in
``$signed``, as Verilator forgets the sign of a size cast within another one); a comparison names the sign of its sides;
an index is unsigned. And in three places a size cast keeps an expression in its width:

- where it is an index, which Verilog makes wider;
- where it is extended: Verilator adds and multiplies in the width after that;
- where it has a cast to fewer bits in it and nothing gives it a width: Yosys then takes the width before that cast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from l1ml.compiler.circuit import (
    SMALL_TABLE_BITS,
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Inverted,
    Joined,
    Lookup,
    Lowered,
    Net,
    Pick,
    Product,
    Raised,
    Reduced,
    Repeated,
    Resized,
    Sum,
    TruthTable,
)


def text_of(expression: Expression) -> str:
    """An expression, to stand where nothing binds it tighter."""
    return _TEXTS[type(expression)](expression)


def declared(net: Net) -> str:
    """Sign and range of a net, with a space behind; empty for a flag."""
    return "" if net.bits is None else f"{'signed ' if net.signed else ''}[{net.width - 1}:0] "


def literal(value: int, width: int, *, signed: bool = False) -> str:
    """A sized constant, two's complement."""
    return f"{width}'{'s' * signed}d{value % (1 << width)}"


def alone(expression: Expression) -> str:
    """An expression where nothing gives it a width, as a condition or within braces."""
    wrong = isinstance(expression, _OPERATORS) and _leaks(expression)
    return _cast(expression) if wrong else text_of(expression)


def index_of(expression: Expression) -> str:
    """An expression as the index of an array."""
    return f"$unsigned({alone(expression)})" if expression.signed else alone(expression)


_ATOMS = (Net, Element, Constant, Bits, Bit, Pick, Lookup, TruthTable, Resized, Raised, Joined, Repeated, Inverted)


_BEHIND_UNARY = (Net, Element, Constant, Bits, Bit, Pick, Lookup, Joined, Repeated)
"""What needs no parentheses behind an operator with one operand: two of them in a row are not Verilog, and one before a
cast belongs to the size of that for Yosys."""

_OPERATORS = (Sum, Product, Choice, Bitwise, Inverted, Raised)
"""What Verilog gives the width of what is around it."""


def _leaks(e: Expression) -> bool:
    """Whether Yosys takes an expression for wider than it is."""
    match e:
        case TruthTable():
            return True
        case Resized():
            return e.count < e.of.width or _leaks(e.of)
        case Raised() | Lowered() | Inverted() | Repeated() | Sum() | Product() | Choice() | Bitwise() | Joined():
            return any(map(_leaks, e.operands))
    return False


def _grows(e: Expression) -> bool:
    """Whether an expression has further bits where Verilog asks for them."""
    match e:
        case Sum() | Product() | Raised() | Inverted():
            return True
        case Choice():
            return _grows(e.if_set) or _grows(e.if_clear)
        case Bitwise():
            return _grows(e.left) or _grows(e.right)
    return False


def _operand(expression: Expression) -> str:
    text = text_of(expression)
    return text if isinstance(expression, _ATOMS) else f"({text})"


def _cast(e: Expression) -> str:
    return f"{e.width}'({text_of(e)})"


def _sum(e: Sum) -> str:
    text = ""
    for term, minus in zip(e.terms, e.minus, strict=True):
        if text:
            text += f" {'-' if minus else '+'} {_operand(term)}"
        else:
            text = f"-({text_of(term)})" if minus else _operand(term)
    return text


def _lookup(e: Lookup) -> str:
    if e.address.width > SMALL_TABLE_BITS:
        return f"{e.table.lower()}({text_of(e.address)})"
    return f"{e.table}[{_word(e.address, e.count)}]"


def _pick(e: Pick) -> str:
    return f"{text_of(e.of)}[{_word(e.index, e.count)}]"


def _word(index: Expression, bits: int) -> str:
    """The range of a word of some bits."""
    if index.signed:
        return f"$unsigned({alone(index)}) * {bits} +: {bits}"
    return f"{_cast(index) if _grows(index) else _operand(index)} * {bits} +: {bits}"


def _resized(e: Resized) -> str:
    if not isinstance(e.of, Lowered):
        return f"{e.count}'({_cast(e.of) if e.of.width < e.count and _grows(e.of) else text_of(e.of)})"
    of = e.of.of
    text = _cast(of) if _grows(of) and (of.width < e.count or _leaks(of)) else _operand(of)
    text = f"$signed({text} >>> {e.of.places})" if e.signed else f"{text} >> {e.of.places}"
    return text if e.signed and e.count == of.width and not _leaks(of) else f"{e.count}'({text})"


def _compared(e: Compared) -> str:
    sides = (e.left, e.right)
    if e.op != "==" and e.left.signed:
        return f" {e.op} ".join(_operand(s) if isinstance(s, Net) else f"$signed({alone(s)})" for s in sides)
    wrong = any(map(_leaks, sides))
    return f" {e.op} ".join(_cast(s) if wrong and _grows(s) else _operand(s) for s in sides)


def _choice(e: Choice) -> str:
    condition = alone(e.condition) if isinstance(e.condition, _ATOMS) else f"({alone(e.condition)})"
    return f"{condition} ? {_operand(e.if_set)} : {_operand(e.if_clear)}"


def _unary(op: str, of: Expression, text: str) -> str:
    return f"{op}{text}" if isinstance(of, _BEHIND_UNARY) else f"{op}({text})"


_TEXTS: dict[type, Callable[[Any], str]] = {
    Net: lambda e: e.name,
    Element: lambda e: f"{e.array}[{e.index}]",
    Constant: lambda e: literal(e.value, e.bits, signed=e.is_signed),
    Bits: lambda e: f"{text_of(e.of)}[{e.low + e.count - 1}:{e.low}]",
    Bit: lambda e: f"{text_of(e.of)}[{e.index}]",
    Pick: _pick,
    TruthTable: lambda e: f"1'({e.rows}'h{e.values:x} >> {_operand(e.address)})",
    Lookup: _lookup,
    Resized: _resized,
    Raised: lambda e: f"({_operand(e.of)} << {e.places})",
    Lowered: lambda e: _resized(Resized(e, e.width)),
    Sum: _sum,
    Product: lambda e: f"{_operand(e.left)} * {_operand(e.right)}",
    Choice: _choice,
    Joined: lambda e: f"{{{', '.join(map(alone, e.parts))}}}",
    Repeated: lambda e: f"{{{e.times}{{{alone(e.of)}}}}}",
    Bitwise: lambda e: f"{_operand(e.left)} {e.op} {_operand(e.right)}",
    Inverted: lambda e: _unary("~", e.of, text_of(e.of)),
    Reduced: lambda e: _unary(e.op, e.of, alone(e.of)),
    Compared: _compared,
}
