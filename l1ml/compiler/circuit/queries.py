"""Who drives and who reads the nets of a module, where in a pipeline, and which of their bits make a difference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from l1ml.compiler.circuit.expressions import Bit, Bits, Constant, Element, Expression, Lookup, Net, Pick
from l1ml.compiler.circuit.module import (
    Instance,
    Item,
    Module,
    Ram,
    Register,
    Rom,
    ShiftRegister,
    Stage,
    Table,
    Wire,
    driven,
)
from l1ml.compiler.circuit.operations import (
    Bitwise,
    Choice,
    Inverted,
    Joined,
    Lowered,
    Product,
    Raised,
    Repeated,
    Resized,
    Sum,
)

Masks = dict[str, int]
"""Bits by name of a net, of an array or of a table."""

_PARTS: dict[type[Item], tuple[str, ...]] = {
    Wire: ("value",),
    Register: ("value", "enable", "reset"),
    ShiftRegister: ("value",),
    Rom: ("address",),
    Ram: ("read", "write", "address", "data"),
    Table: (),
}


def name_of(item: Item) -> str:
    """What an item is known by: the net that it drives; an array, a table or an instance by its own name."""
    return item.net.name if isinstance(item, (Wire, Register, Rom, Ram)) else item.name


def parts_of(item: Item) -> dict[str, Expression]:
    """The expressions that an item reads by name of the attribute, those of an instance by input."""
    if isinstance(item, Instance):
        return dict(item.inputs)
    return {name: part for name in _PARTS[type(item)] if (part := getattr(item, name)) is not None}


def with_parts(item: Item, others: Mapping[str, Expression]) -> Item:
    """An item that reads other expressions."""
    if isinstance(item, Instance):
        return replace(item, inputs={**item.inputs, **others})
    changes: dict[str, Any] = dict(others)
    return replace(item, **changes)


def names_in(expression: Expression) -> Iterator[str]:
    """Names of the nets, arrays and tables that an expression reads, as often as it does."""
    for part in expression.walk():
        match part:
            case Net(name=name) | Element(array=name) | Lookup(table=name):
                yield name


def all_bits(width: int) -> int:
    """A mask of all bits."""
    return (1 << width) - 1


class Connections:
    """The items of a module by what they drive and by what they read.

    Attributes:
        module: The module.
        drivers: By name of a net, an array or a table, the item that drives it.
        readers: The items that read it, each once.
        stages: By name of an item, the pipeline stage in which it is.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.drivers: dict[str, Item] = {}
        self.readers: dict[str, list[Item]] = {}
        self.stages: dict[str, Stage] = {}
        for section in module.sections:
            for item in section.items:
                for name in [net.name for net in driven(item)] or [name_of(item)]:
                    self.drivers[name] = item
                if section.stage:
                    self.stages[name_of(item)] = section.stage
                for name in dict.fromkeys(n for part in parts_of(item).values() for n in names_in(part)):
                    self.readers.setdefault(name, []).append(item)

    def net(self, name: str) -> Net:
        """A net that an item drives, by its name."""
        return next(net for net in driven(self.drivers[name]) if net.name == name)

    def is_stage_register(self, item: Item) -> bool:
        """Whether an item is a register of a pipeline, which takes a value in every clock cycle."""
        is_free = isinstance(item, Register) and item.enable is None and item.reset is None
        return is_free and name_of(item) in self.stages

    def stage_of(self, name: str) -> Stage | None:
        """The pipeline stage in which a net has its value; None for a net that no stage drives."""
        driver = self.drivers.get(name)
        stage = self.stages.get(name_of(driver)) if driver else None
        if stage and isinstance(driver, Register):
            return Stage(stage.pipeline, stage.number + 1)
        return stage

    def bits_wanted(self, item: Item, masks: Masks) -> Masks:
        """Which bits of the parts of an item make a difference in what is wanted of the nets that it drives."""
        mask = masks.get(name_of(item), 0)
        match item:
            case Wire() | ShiftRegister():
                return {"value": mask}
            case Register():
                wanted = {"value": mask, "enable": int(mask > 0), "reset": mask}
                return {part: wanted[part] for part in parts_of(item)}
            case Instance():
                mask = max((masks.get(net.name, 0) for net in item.outputs.values()), default=0)
                return self.inputs_wanted(item) if mask else dict.fromkeys(item.inputs, 0)
        return {name: all_bits(part.width) if mask else 0 for name, part in parts_of(item).items()}

    def inputs_wanted(self, instance: Instance) -> Masks:
        """Which bits of its inputs make a difference within an instance: all, as nothing is known of it."""
        return {port: all_bits(value.width) for port, value in instance.inputs.items()}

    def bits_that_count(self, wanted: Mapping[str, int], stop: Collection[str] = ()) -> Masks:
        """Which bits of each net can make a difference in bits that are wanted, in any later clock cycle.

        Args:
            wanted: Those bits.
            stop: Nets behind which nobody looks for what makes a difference in them.
        """
        masks: Masks = {}
        todo: list[str] = []

        def want(name: str, mask: int) -> None:
            if mask & ~masks.get(name, 0):
                masks[name] = masks.get(name, 0) | mask
                todo.append(name)

        for name, mask in wanted.items():
            want(name, mask)
        while todo:
            name = todo.pop()
            driver = self.drivers.get(name)
            if driver is None or name in stop:
                continue
            parts = parts_of(driver)
            for part, mask in self.bits_wanted(driver, masks).items():
                bits_read(parts[part], mask, want)
        return masks


def bits_read(expression: Expression, mask: int, want: Callable[[str, int], None]) -> None:
    """Tell which bits of which nets, arrays and tables make a difference in some bits of an expression.

    Args:
        expression: The expression.
        mask: The bits of it.
        want: Is told names and masks.
    """
    if not mask:
        return
    match expression:
        case Net(name=name) | Element(array=name):
            want(name, mask)
        case Constant():
            pass
        case Bits(of=of, low=low):
            bits_read(of, mask << low, want)
        case Bit(of=of, index=index):
            bits_read(of, 1 << index, want)
        case Pick(of=of, index=index_of, count=count):
            words = sum(mask << low for low in range(0, of.width, count))
            bits_read(of, words & all_bits(of.width), want)
            bits_read(index_of, all_bits(index_of.width), want)
        case Lookup(table=table, address=address):
            want(table, mask)
            bits_read(address, all_bits(address.width), want)
        case Resized(of=of):
            bits_read(of, _of_extended(mask, of), want)
        case Raised(of=of, places=places):
            bits_read(of, mask >> places, want)
        case Lowered(of=of, places=places):
            bits_read(of, _of_extended(mask << places, of), want)
        case Sum() | Product():
            for operand in expression.operands:
                bits_read(operand, all_bits(mask.bit_length()), want)
        case Choice(condition=condition, if_set=if_set, if_clear=if_clear):
            bits_read(condition, 1, want)
            bits_read(if_set, mask, want)
            bits_read(if_clear, mask, want)
        case Joined(parts=parts):
            for part in reversed(parts):
                bits_read(part, mask & all_bits(part.width), want)
                mask >>= part.width
        case Repeated(times=times, of=of):
            bits_read(of, _folded(mask, times, of.width), want)
        case Bitwise(op=op, left=left, right=right):
            for one, other in ((left, right), (right, left)):
                kept = mask
                if isinstance(other, Constant) and op != "^":
                    kept &= other.pattern if op == "&" else ~other.pattern
                bits_read(one, kept, want)
        case Inverted(of=of):
            bits_read(of, mask, want)
        case _:
            for operand in expression.operands:
                bits_read(operand, all_bits(operand.width), want)


def bits_in(expression: Expression, mask: int) -> Masks:
    """Which bits of which nets, arrays and tables make a difference in some bits of an expression."""
    found: Masks = {}

    def want(name: str, bits: int) -> None:
        found[name] = found.get(name, 0) | bits

    bits_read(expression, mask, want)
    return found


def _of_extended(mask: int, of: Expression) -> int:
    """Bits of an expression that make a difference in bits of it extended."""
    sign = 1 << of.width - 1 if of.signed and mask >> of.width else 0
    return mask & all_bits(of.width) | sign


def _folded(mask: int, times: int, width: int) -> int:
    found = 0
    for _ in range(times):
        found |= mask & all_bits(width)
        mask >>= width
    return found
