"""Faults of tables, microcode, registers, strobes, valid flags and what cells get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from l1ml.compiler.circuit import (
    Bit,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Expression,
    Instance,
    Inverted,
    Joined,
    Lookup,
    Net,
    Register,
    Resized,
    Sum,
    Table,
    Wire,
)
from l1ml.compiler.circuit.queries import Connections, names_in, parts_of
from l1ml.compiler.printers.systemverilog import text_of
from l1ml.faults.arithmetic import is_flag, stuck_at, stuck_bits
from l1ml.faults.fault import Draft, Edit

NEVER, ALWAYS = Constant(0, 1), Constant(1, 1)


def faults_of_table(table: Table, connections: Connections) -> Iterator[Draft]:
    """Each bit of a table, and a table that is not microcode shifted by an entry, for all that read it."""
    readers = connections.readers.get(table.name, [])
    microcode = any(isinstance(r, Register) and isinstance(r.value, Lookup) for r in readers)
    places = [
        (reader, name, part)
        for reader in readers
        for name, part in parts_of(reader).items()
        if table.name in names_in(part)
    ]

    def fault(what: str, wrong: Callable[[Lookup], Expression]) -> Draft:
        def change(part: Expression) -> Expression | None:
            return wrong(part) if isinstance(part, Lookup) and part.table == table.name else None

        edits = tuple(Edit(reader, name, part.rewritten(change)) for reader, name, part in places)
        return Draft("weight" if microcode else "table", f"{table.name}: {what}", edits)

    for index in range(len(table.words) if places else 0):
        for bit in range(table.width):
            yield fault(f"bit {bit} of entry {index} of {len(table.words)} flipped", _flipped(index, bit))
    if places and len(set(table.words)) > 1 and not microcode:
        yield fault("shifted up", _shifted(minus=True))
        yield fault("shifted down", _shifted(minus=False))


def _flipped(index: int, bit: int) -> Callable[[Lookup], Expression]:
    def wrong(right: Lookup) -> Expression:
        there = Compared("==", right.address, Constant(index, right.address.width))
        flip = Choice(there, Constant(1 << bit, right.width), Constant(0, right.width))
        return Bitwise("^", right, flip)

    return wrong


def _shifted(*, minus: bool) -> Callable[[Lookup], Expression]:
    def wrong(right: Lookup) -> Expression:
        width = right.address.width
        address = Resized(Sum((right.address, Constant(1, width)), (False, minus)), width)
        return Lookup(right.table, address, right.count)

    return wrong


def faults_of_register(item: Register, connections: Connections) -> Iterator[Draft]:
    """A register that is late, that has a stuck bit, that takes a value when it should not, or that tells no ties."""
    net, value = item.net, item.value
    in_stage = connections.stage_of(net.name) is not None
    if not in_stage and _is_copy(item, connections):
        return  # what is wrong with a later one of a row of registers is wrong with the first
    if _remembers(item):
        yield Draft.of("rounding", "ties are not told from more than a half", item, NEVER)
        yield Draft.of("rounding", "ties are taken for more than a half", item, ALWAYS)
    yield _late(item, "value")
    if isinstance(value, Choice) and not is_flag(value.condition):
        yield Draft.of("valid", f"{text_of(value.condition)} stuck at 0", item, value.if_clear)
        yield Draft.of("valid", f"{text_of(value.condition)} stuck at 1", item, value.if_set)
    if item.enable is not None:
        yield Draft.of("valid", f"enable {text_of(item.enable)} stuck at 0", item, NEVER, "enable")
        if isinstance(item.enable, (Net, Bit)):
            yield Draft.of("valid", f"enable {text_of(item.enable)} stuck at 1", item, ALWAYS, "enable")
    if item.reset is not None:
        yield from stuck_bits(item, "valid")
        for bit in range(net.width):
            kept = Bitwise("&", net, Constant(1 << bit, net.width))
            yield Draft.of("valid", f"bit {bit} not cleared by reset", item, kept, "reset")
    elif not in_stage and not isinstance(value, Sum):  # bits of sums have their own faults
        yield from stuck_bits(item)


def _is_copy(item: Register, connections: Connections) -> bool:
    """Whether a register always takes what another one has."""
    driver = connections.drivers.get(item.value.name) if isinstance(item.value, Net) else None
    return isinstance(driver, Register) and item.enable is None


def _remembers(item: Register) -> bool:
    """Whether a register is one bit that stays set, which tells ties from what is more."""
    return item.net.width == 1 and isinstance(item.value, Bitwise) and item.net.name in names_in(item.value)


def _late(item: Wire | Register | Instance, part: str) -> Draft:
    """A part that comes a clock cycle late, by one register more."""
    right = parts_of(item)[part]
    name = f"{item.name}_{part}" if isinstance(item, Instance) else item.net.name
    late = Net(f"{name}_late", right.width, right.signed)
    edit = Edit(item, part, late, (Register(late, right),))
    return Draft("latency", f"{edit.target} late by a clock cycle", (edit,))


def faults_of_restart(item: Wire | Register) -> Iterator[Draft]:
    """Flags that choose a value, stuck; bits of the value with which a sum starts."""
    for part in dict.fromkeys(item.value.walk()):
        if not isinstance(part, Choice) or not is_flag(part.condition):
            continue

        def with_other(other: Expression, part: Expression = part) -> Expression:
            return item.value.rewritten(lambda found: other if found == part else None)

        flag, start = text_of(part.condition), part.if_set
        yield Draft.of("valid", f"{flag} stuck at 0", item, with_other(part.if_clear))
        yield Draft.of("valid", f"{flag} stuck at 1", item, with_other(start))
        if isinstance(start, Constant):
            for bit in range(start.bits):
                flipped = Constant(start.pattern ^ 1 << bit, start.bits)
                wrong = with_other(Choice(part.condition, flipped, part.if_clear))
                yield Draft.of("weight", f"bit {bit} of the start {text_of(start)} flipped", item, wrong)


def faults_of_flag(item: Wire, connections: Connections) -> Iterator[Draft]:
    """A flag stuck, early or late; events that come too early taken."""
    if not is_flag(item.net):
        return
    yield from _of_strobe(item, "value", connections)
    match item.value:
        case Bitwise(op="&", left=left, right=Inverted()):
            yield Draft.of("valid", "events that come too early are taken", item, left)


def faults_of_instance(item: Instance, connections: Connections, *, cell: bool) -> Iterator[Draft]:
    """Strobes and data that an instance gets; of a cell, also bits of them."""
    for port, value in item.inputs.items():
        if is_flag(value) or isinstance(value, Bit):
            yield from _of_strobe(item, port, connections)
        elif not cell:
            yield from _early(item, port, connections)
            yield _late(item, port)
        else:
            constant = isinstance(value, Constant)
            for bit in range(value.width):
                for stuck, wrong in enumerate(stuck_at(value, bit)):
                    if constant and not stuck:
                        flipped = Bitwise("^", value, Constant(1 << bit, value.width))
                        yield Draft.of("weight", f"bit {bit} of {port} flipped", item, flipped, port)
                    elif not constant:
                        yield Draft.of("accumulator", f"bit {bit} of {port} stuck at {stuck}", item, wrong, port)


def faults_of_neighbours(instances: list[Instance]) -> Iterator[Draft]:
    """What two cells of a kind get, swapped."""
    for first, second in pairwise(instances):
        for port in first.inputs if first.module == second.module else ():
            one, other = first.inputs[port], second.inputs[port]
            if one != other and one.width == other.width:
                edits = Edit(first, port, other), Edit(second, port, one)
                yield Draft("inputs", f"{port} of {first.name} and of {second.name} swapped", edits)


def _of_strobe(item: Wire | Instance, part: str, connections: Connections) -> Iterator[Draft]:
    name = text_of(item.net) if isinstance(item, Wire) else part
    for stuck, wrong in enumerate((NEVER, ALWAYS)):
        yield Draft.of("valid", f"{name} stuck at {stuck}", item, wrong, part)
    yield from _early(item, part, connections)
    yield _late(item, part)


def _early(item: Wire | Instance, part: str, connections: Connections) -> Iterator[Draft]:
    """A part that comes a clock cycle early, if it is there then."""
    wrong = before(parts_of(item)[part], connections)
    if wrong is not None:
        edit = Edit(item, part, wrong)
        yield Draft("latency", f"{edit.target} early by a clock cycle", (edit,))


def before(value: Expression, connections: Connections) -> Expression | None:
    """What is where a register or a bit of a row of registers will have it in the next clock cycle."""
    of = value.of if isinstance(value, Bit) else value
    driver = connections.drivers.get(of.name) if isinstance(of, Net) else None
    if not isinstance(driver, Register) or driver.enable is not None:
        return None
    if not isinstance(value, Bit):
        return driver.value
    match driver.value:
        case Resized(of=Joined(parts=(row, first))) if row == of and first.width == 1:
            return Bit(of, value.index - 1) if value.index else first
    return None
