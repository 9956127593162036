"""What a fault is, and which kinds there are."""

from __future__ import annotations

from dataclasses import dataclass

from l1ml.faults.verilog.source import Statement

KINDS = {
    "weight": "a bit of a weight or of a bias flipped, a term of a sum left out or of the other sign",
    "carry": "the carry into one bit of a sum lost",
    "accumulator": "a bit of a sum or of a register stuck at 0 or 1",
    "inputs": "two inputs swapped",
    "table": "an entry of a table changed, or the table shifted by one",
    "latency": "a register or a strobe early or late by a clock cycle",
    "rounding": "rounded in another way",
    "saturation": "not saturated, to another limit, or an overflow overlooked",
    "valid": "a valid, a strobe or an enable stuck",
}
"""Kinds of faults, with what each does."""


@dataclass(frozen=True)
class Edit:
    """Another expression for a statement.

    Attributes:
        statement: The statement.
        expression: What its target gets instead; ``None``: what it should have got a clock cycle before.
    """

    statement: Statement
    expression: str | None


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: One of `KINDS`.
        what: What is wrong, in a few words.
        edits: What it changes, most often one statement.
    """

    kind: str
    what: str
    edits: tuple[Edit, ...]

    @property
    def place(self) -> Statement:
        """The first statement that is changed."""
        return self.edits[0].statement

    @property
    def file(self) -> str:
        """File that it is in."""
        return self.place.file
