"""Faults of sums, products' weights, inputs, roundings and saturations, by what the expression of a net looks like."""

from __future__ import annotations

from collections.abc import Iterator

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Constant,
    Expression,
    Inverted,
    Net,
    Raised,
    Reduced,
    Register,
    Repeated,
    Sum,
    Wire,
    plus,
    resized,
)
from l1ml.compiler.circuit.queries import Connections
from l1ml.compiler.printers.systemverilog import text_of
from l1ml.faults.fault import Draft, Edit


def faults_of_sum(item: Wire | Register) -> Iterator[Draft]:
    """Weights, carries and bits of a sum."""
    total = item.value
    if not isinstance(total, Sum) or len(total.terms) < 2:
        return
    width, terms = total.width, total.terms
    for at, (term, minus) in enumerate(zip(terms, total.minus, strict=True)):
        name = text_of(term)
        if isinstance(term, Constant):
            for bit in range(width):
                flipped = _with(total, at, Constant(term.pattern ^ 1 << bit, width), minus)
                yield Draft.of("weight", f"bit {bit} of the constant {name} flipped", item, flipped)
        if isinstance(term, Raised):
            for places in (term.places - 1, term.places + 1):
                moved = _with(total, at, Raised(term.of, places), minus)
                yield Draft.of("weight", f"{name} shifted by {places}", item, moved)
        if at:
            left = Sum((*terms[:at], *terms[at + 1 :]), (*total.minus[:at], *total.minus[at + 1 :]))
            yield Draft.of("weight", f"{name} left out", item, left)
            yield Draft.of("weight", f"{name} of the other sign", item, _with(total, at, term, not minus))
    for bit in range(1 + max(map(_zeros_below, terms)), width):  # nothing is carried out of zeros
        below, above = (Constant(mask, width) for mask in ((1 << bit) - 1, -1 << bit))
        parts = (
            Bitwise("&", Sum(tuple(Bitwise("&", term, mask) for term in terms), total.minus), mask)
            for mask in (below, above)
        )
        yield Draft.of("carry", f"no carry into bit {bit}", item, Bitwise("|", *parts))
    yield from stuck_bits(item)
    if total.minus == (False, True) and not isinstance(terms[1], Constant):
        yield Draft.of("inputs", "minuend and subtrahend swapped", item, Sum(terms[::-1], total.minus))


def stuck_bits(item: Wire | Register, kind: str = "accumulator") -> Iterator[Draft]:
    """Each bit of a net at 0 and at 1."""
    for bit in range(item.net.width):
        for stuck, wrong in enumerate(stuck_at(item.value, bit)):
            yield Draft.of(kind, f"bit {bit} stuck at {stuck}", item, wrong)


def stuck_at(value: Expression, bit: int) -> tuple[Expression, Expression]:
    """An expression with a bit that is always 0, and with one that is always 1."""
    width = value.width
    return Bitwise("&", value, Constant(~(1 << bit), width)), Bitwise("|", value, Constant(1 << bit, width))


def faults_of_inputs(connections: Connections) -> Iterator[Draft]:
    """Each input of a module swapped with the one that is read next."""
    before: dict[tuple[Expression, int], Wire] = {}
    for item in connections.module.items:
        if not isinstance(item, Wire) or not isinstance(item.value, Bits) or not isinstance(item.value.of, Net):
            continue
        of = item.value.of
        if connections.stage_of(of.name) is None:  # not computed here
            other = before.get((of, item.value.count))
            if other and other.value != item.value:
                yield _swapped(Edit(item, "value", other.value), Edit(other, "value", item.value))
            before[of, item.value.count] = item


def _swapped(first: Edit, second: Edit) -> Draft:
    return Draft("inputs", f"{first.target} and {second.target} swapped", (first, second))


def faults_of_multiplexer(item: Wire) -> Iterator[Draft]:
    """A multiplexer the other way round; one that saturates, without effect or with another limit."""
    value = item.value
    if not isinstance(value, Choice) or is_flag(value.condition):
        return
    condition, first, second = value.condition, value.if_set, value.if_clear
    if not isinstance(first, Constant):
        what = f"{text_of(first)} and {text_of(second)} swapped"
        yield Draft.of("inputs", what, item, Choice(condition, second, first))
        return
    yield Draft.of("saturation", f"not limited to {text_of(first)}", item, second)
    for step in (-1, 1):
        other = Constant((first.pattern + step) % (1 << first.bits), first.bits)
        what = f"limited to {text_of(other)} instead of {text_of(first)}"
        yield Draft.of("saturation", what, item, Choice(condition, other, second))


def is_flag(expression: Expression) -> bool:
    """Whether an expression is a flag, which is a net of no vector."""
    return isinstance(expression, Net) and expression.bits is None


def faults_of_bits(item: Wire, connections: Connections) -> Iterator[Draft]:
    """Negative values kept by a ReLU, overflow bits overlooked, ties rounded the wrong way, truncation left out."""
    width = item.net.width
    if is_flag(item.net):
        return
    match item.value:
        case Bitwise(op="&", left=left, right=Repeated(of=Inverted())) if width > 1:
            yield Draft.of("saturation", f"negative values of {text_of(left)} kept", item, left)
        case Bitwise(op="&", left=left, right=right) if width == 1:
            readers = connections.readers.get(item.net.name, ())
            to_sum = any(isinstance(r, (Wire, Register)) and isinstance(r.value, Sum) for r in readers)
            for kept, other in ((left, right), (right, left)):
                yield Draft.of("rounding" if to_sum else "saturation", f"{text_of(other)} overlooked", item, kept)
        case Reduced(op=op, of=Net() as of) if of.width > 1:
            for bit in range(of.width):
                without = stuck_at(of, bit)[op == "&"]
                yield Draft.of("saturation", f"bit {bit} of {of.name} overlooked", item, Reduced(op, without))
        case Bits(of=Net() as of, low=low) if low and width > 1 and low + width == of.width:
            if connections.stage_of(of.name) is not None:
                up = plus(item.value, resized(Bit(of, low - 1), width))
                yield Draft.of("rounding", f"{of.name} rounded up at one half, not down", item, up)


def _zeros_below(term: Expression) -> int:
    """How many of the lowest bits of a term are always 0."""
    if isinstance(term, Constant) and term.pattern:
        return (term.pattern & -term.pattern).bit_length() - 1
    return term.places if isinstance(term, Raised) else 0


def _with(total: Sum, at: int, term: Expression, minus: bool) -> Sum:
    return Sum((*total.terms[:at], term, *total.terms[at + 1 :]), (*total.minus[:at], minus, *total.minus[at + 1 :]))
