"""Taking emitted expressions apart. They are printed with spaces around operators, and in brackets where it matters."""

from __future__ import annotations

import re
from collections.abc import Collection


def split(expression: str, operators: Collection[str]) -> tuple[list[str], list[str]]:
    """Operands and operators at the top level of an expression.

    Args:
        expression: The expression.
        operators: Those to split at, each one character.
    """
    operands, found, depth, start = [], [], 0, 0
    for at, letter in enumerate(expression):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and letter in operators and expression[at - 1 : at] == " " == expression[at + 1 : at + 2]:
            operands.append(expression[start : at - 1])
            found.append(letter)
            start = at + 2
    return [*operands, expression[start:]], found


def join(operands: list[str], operators: list[str]) -> str:
    """Inverse of `split`."""
    text = operands[0]
    for operator, operand in zip(operators, operands[1:], strict=True):
        text += f" {operator} {operand}"
    return text


def choice(expression: str) -> tuple[str, str, str] | None:
    """Condition, first and second value of ``a ? b : c`` at the top level."""
    operands, operators = split(expression, "?:")
    if operators != ["?", ":"]:
        return None
    condition, first, second = operands
    return condition, first, second


def number(operand: str) -> tuple[int, int] | None:
    """Width and value of a sized decimal constant."""
    found = re.fullmatch(r"(\d+)'d(\d+)", operand)
    return (int(found[1]), int(found[2])) if found else None


def words(literal: str, width: int) -> list[int]:
    """The words of a table that is printed as one hexadecimal literal."""
    bits, digits = literal.split("'h")
    value = int(digits, 16)
    return [value >> low & ((1 << width) - 1) for low in range(0, int(bits), width)]


def shift_of(operand: str) -> int:
    """By how much an operand is shifted left."""
    found = re.fullmatch(r"\(.* << (\d+)\)", operand)
    return int(found[1]) if found else 0


def zeros_below(operand: str) -> int:
    """How many of the lowest bits of an operand are always 0."""
    constant = number(operand)
    if constant and constant[1]:
        return (constant[1] & -constant[1]).bit_length() - 1
    return shift_of(operand)
