"""Expressions as SystemVerilog.

An expression means what it says whatever the signs and widths that Verilog's rules give to its parts. Operands have one
width before they are printed, and results the signs that Verilog gives them (`l1ml.compiler.circuit.operations`), so
only these need care: a shift to the right stands in a size cast, which nothing around it reaches into; a comparison
names the sign of both sides; and an index, which Verilog makes wider, is unsigned and has its bits cut off before.
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


def index_of(expression: Expression) -> str:
    """An expression as the index of an array."""
    text = text_of(expression)
    return f"$unsigned({text})" if expression.signed else text


_ATOMS = (Net, Element, Constant, Bits, Bit, Pick, Lookup, TruthTable, Resized, Raised, Joined, Repeated, Inverted)


def _operand(expression: Expression) -> str:
    text = text_of(expression)
    return text if isinstance(expression, _ATOMS) else f"({text})"


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


_WIDENED = (Sum, Product, Choice, Bitwise, Inverted, Raised)
"""What has further bits where Verilog asks for them."""


def _word(index: Expression, bits: int) -> str:
    """The range of a word of some bits."""
    if isinstance(index, _WIDENED) or index.signed:
        return f"$unsigned({text_of(index)}) * {bits} +: {bits}"
    return f"{_operand(index)} * {bits} +: {bits}"


def _resized(e: Resized) -> str:
    inner = e.of
    if isinstance(inner, Lowered):
        text = f"{_operand(inner.of)} {'>>>' if inner.signed else '>>'} {inner.places}"
    else:
        text = text_of(inner)
    return f"{e.count}'({text})"


def _compared(e: Compared) -> str:
    sides = [e.left, e.right]
    if e.op != "==" and all(side.signed for side in sides):
        return f" {e.op} ".join(_operand(s) if isinstance(s, Net) else f"$signed({text_of(s)})" for s in sides)
    return f" {e.op} ".join(map(_operand, sides))


def _unary(op: str, of: Expression) -> str:
    """Two such operators in a row are not Verilog."""
    return f"{op}({text_of(of)})" if isinstance(of, Inverted) else f"{op}{_operand(of)}"


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
    Choice: lambda e: f"{_operand(e.condition)} ? {_operand(e.if_set)} : {_operand(e.if_clear)}",
    Joined: lambda e: f"{{{', '.join(map(text_of, e.parts))}}}",
    Repeated: lambda e: f"{{{e.times}{{{text_of(e.of)}}}}}",
    Bitwise: lambda e: f"{_operand(e.left)} {e.op} {_operand(e.right)}",
    Inverted: lambda e: _unary("~", e.of),
    Reduced: lambda e: _unary(e.op, e.of),
    Compared: _compared,
}
