"""What a fault is, and which kinds there are."""

from __future__ import annotations

from dataclasses import dataclass

from l1ml.compiler.circuit import Expression, Instance, Item
from l1ml.compiler.circuit.queries import name_of, parts_of

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
    """Another expression for a part of an item.

    Attributes:
        item: The item.
        part: ``value`` of a wire; ``value``, ``enable`` or ``reset`` of a register; the name of an instance's input.
        wrong: What is there instead.
        needs: Items that this needs, none of which is in the module.
    """

    item: Item
    part: str
    wrong: Expression
    needs: tuple[Item, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Name of the item, and the part."""
        return name_of(self.item), self.part

    @property
    def right(self) -> Expression:
        """What should be there."""
        return parts_of(self.item)[self.part]

    @property
    def target(self) -> str:
        """What gets the value: a net, or an input of an instance."""
        name, part = self.key
        return f"{name}.{part}" if isinstance(self.item, Instance) else name


@dataclass(frozen=True)
class Draft:
    """A fault of any module.

    Attributes:
        kind: One of `KINDS`.
        what: What is wrong, in a few words.
        edits: What it changes, most often one item.
    """

    kind: str
    what: str
    edits: tuple[Edit, ...]

    @classmethod
    def of(cls, kind: str, what: str, item: Item, wrong: Expression, part: str = "value") -> Draft:
        """A fault of one item."""
        return cls(kind, what, (Edit(item, part, wrong),))


@dataclass(frozen=True)
class Fault(Draft):
    """A fault of one module.

    Attributes:
        module: Name of the module.
    """

    module: str

    @property
    def place(self) -> Edit:
        """The first part that is changed."""
        return self.edits[0]
