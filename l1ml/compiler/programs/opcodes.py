"""The operations of alkaid's intermediate representation (ALIR) by name."""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """What an operation of a program does."""

    NEGATE = -2
    INPUT = -1
    ADD = 0
    SUBTRACT = 1
    RELU = 2
    QUANTIZE = 3
    ADD_CONSTANT = 4
    CONSTANT = 5
    MUX = 6
    MULTIPLY = 7
    LOOKUP = 8
    UNARY = 9
    BITWISE = 10
    SUM = 11
