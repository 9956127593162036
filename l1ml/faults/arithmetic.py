"""Faults of sums, products' weights, inputs, roundings and saturations, by what the statement of a wire looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from l1ml.compiler.printers.systemverilog import literal
from l1ml.faults.fault import Edit, Fault
from l1ml.faults.verilog.expressions import choice, join, number, shift_of, split, zeros_below
from l1ml.faults.verilog.source import Source, Statement

_SLICE = re.compile(r"(\w+)\[(\d+):(\d+)\]")
_OTHER_SIGN = {"+": "-", "-": "+"}


def faults_of_sum(statement: Statement) -> Iterator[Fault]:
    """Weights, carries and bits of a sum."""
    terms, operators = split(statement.expression, "+-")
    if not operators or not statement.width or statement.form not in ("wire", "register"):
        return
    width = statement.width

    def fault(kind: str, what: str, expression: str) -> Fault:
        return Fault(kind, what, (Edit(statement, expression),))

    for at, term in enumerate(terms):
        if constant := number(term):
            for bit in range(width):
                flipped = literal(constant[1] ^ 1 << bit, constant[0])
                yield fault("weight", f"bit {bit} of the constant {term} flipped", _with(terms, operators, at, flipped))
        if shift := shift_of(term):
            for other in (shift - 1, shift + 1):
                moved = f"{term.rpartition(' << ')[0]} << {other})"
                yield fault("weight", f"{term} shifted by {other}", _with(terms, operators, at, moved))
        if at:
            yield fault("weight", f"{term} left out", join(terms[:at] + terms[at + 1 :], _but(operators, at - 1)))
            signs = [*operators[: at - 1], _OTHER_SIGN[operators[at - 1]], *operators[at:]]
            yield fault("weight", f"{term} of the other sign", join(terms, signs))
    for bit in range(1 + max(map(zeros_below, terms)), width):  # nothing is carried out of zeros
        masks = literal((1 << bit) - 1, width), literal(-1 << bit, width)
        parts = (f"(({join([f'({t} & {m})' for t in terms], operators)}) & {m})" for m in masks)
        yield fault("carry", f"no carry into bit {bit}", " | ".join(parts))
    yield from stuck_bits(statement)
    if operators == ["-"] and not number(terms[1]):
        yield fault("inputs", "minuend and subtrahend swapped", join(terms[::-1], operators))


def stuck_bits(statement: Statement) -> Iterator[Fault]:
    """Each bit of a target at 0 and at 1."""
    width, expression = statement.width, statement.expression
    if expression == "'0":
        return
    for bit in range(width):
        at_zero = f"({expression}) & {literal(~(1 << bit), width)}"
        yield Fault("accumulator", f"bit {bit} stuck at 0", (Edit(statement, at_zero),))
        at_one = f"({expression}) | {literal(1 << bit, width)}"
        yield Fault("accumulator", f"bit {bit} stuck at 1", (Edit(statement, at_one),))


def faults_of_inputs(source: Source) -> Iterator[Fault]:
    """Each input of a module swapped with the one that is read next."""
    before: dict[tuple[str, int], Statement] = {}
    for statement in source.statements:
        found = _SLICE.fullmatch(statement.expression)
        if statement.form == "wire" and found and (found[1].endswith("_data") or found[1] in ("held", "digit")):
            key = found[1], statement.width
            other = before.get(key)
            if other and other.expression != statement.expression:
                edits = Edit(statement, other.expression), Edit(other, statement.expression)
                yield Fault("inputs", f"{statement.target} and {other.target} swapped", edits)
            before[key] = statement


def faults_of_choice(statement: Statement) -> Iterator[Fault]:
    """A multiplexer the other way round; one that saturates, without effect or with another limit."""
    parts = choice(statement.expression)
    if parts is None or statement.form != "wire":
        return
    condition, first, second = parts

    def fault(kind: str, what: str, expression: str) -> Fault:
        return Fault(kind, what, (Edit(statement, expression),))

    limit = number(first)
    if limit is None:
        yield fault("inputs", f"{first} and {second} swapped", f"{condition} ? {second} : {first}")
        return
    yield fault("saturation", f"not limited to {first}", second)
    for step in (-1, 1):
        other = literal(limit[1] + step, limit[0])
        yield fault("saturation", f"limited to {other} instead of {first}", f"{condition} ? {other} : {second}")


def faults_of_bits(statement: Statement, source: Source) -> Iterator[Fault]:
    """Negative values kept by a ReLU, overflow bits overlooked, ties rounded the wrong way, truncation left out."""
    expression, width = statement.expression, statement.width
    if statement.form != "wire" or not width:
        return

    def fault(kind: str, what: str, mutated: str) -> Fault:
        return Fault(kind, what, (Edit(statement, mutated),))

    operands, operators = split(expression, "&")
    if operators == ["&"]:
        if width > 1:
            yield fault("saturation", f"negative values of {operands[1]} kept", _in_width(operands[1], width))
        else:
            to_sum = any("+" in use.expression for use in source.uses.get(statement.target, ()))
            for operand, other in (operands, operands[::-1]):
                what = f"{other} overlooked"
                yield fault("rounding" if to_sum else "saturation", what, operand)
    if found := re.fullmatch(r"([|&])(\w+)", expression):
        operator, name = found.groups()
        overlook = "&" if operator == "|" else "|"
        inner = source.widths.get(name, 0)
        for bit in range(inner if inner > 1 else 0):
            mask = literal(~(1 << bit) if operator == "|" else 1 << bit, inner)
            mutated = f"{operator}({name} {overlook} {mask})"
            yield fault("saturation", f"bit {bit} of {name} overlooked", mutated)
    if (found := _SLICE.fullmatch(expression)) and int(found[3]) and width > 1 and found[1] != "digit":
        name, low = found[1], int(found[3])
        inner = source.widths.get(name, 0)
        if inner == int(found[2]) + 1:
            up = f"{expression} + {width}'({name}[{low - 1}])"
            yield fault("rounding", f"{name} rounded up at one half, not down", up)


def _in_width(operand: str, width: int) -> str:
    return operand if operand.startswith(f"{width}'(") else f"{width}'({operand})"


def _but(items: list[str], at: int) -> list[str]:
    return items[:at] + items[at + 1 :]


def _with(terms: list[str], operators: list[str], at: int, term: str) -> str:
    return join([*terms[:at], term, *terms[at + 1 :]], operators)
