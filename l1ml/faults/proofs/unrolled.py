"""Accumulators of a folded module, followed through all clock cycles of an event.

A fault of an accumulator may change bits that an event never has, or that have left when the sum is read. What is added
in each cycle is free, but for what its wires can hold; so is what the registers hold before.
"""

from __future__ import annotations

from dataclasses import replace

from l1ml.compiler.circuit import Constant, Expression, Item, Lookup, Net, Register, Wire
from l1ml.compiler.circuit.queries import name_of, names_in
from l1ml.faults.fault import Fault
from l1ml.faults.proofs.cone import Cone, renamed
from l1ml.faults.wiring import Wiring

FIRST, DONE = "first", "done"
"""Strobes of a folded module: the sum starts anew; the result is there."""


def unrolled_cone(fault: Fault, wiring: Wiring) -> Cone | None:
    """The question whether a fault of an accumulator is seen in the sum of an event.

    Args:
        fault: The fault.
        wiring: The module that it is in.

    Returns:
        The question, or None if it is no fault of an accumulator.
    """
    edit, placed = fault.place, wiring.placed
    if len(fault.edits) > 1 or edit.part != "value" or placed is None or not {FIRST, DONE} <= placed.strobes.keys():
        return None
    group = _group(wiring, edit.target)
    if edit.needs or edit.target not in group or not _read_at_the_end(wiring, group):
        return None
    cone = Cone()
    steps = placed.strobes[DONE] - wiring.last_result - placed.strobes[FIRST]
    for register in group.values():
        for kind in ("is", "would"):
            first = replace(register.net, name=f"{register.net.name}_{kind}0")
            cone.free[first.name] = first
    for step in range(steps):
        for name, register in group.items():
            for kind, value in (
                ("is", register.value),
                ("would", edit.wrong if name == edit.target else register.value),
            ):
                net = replace(register.net, name=f"{name}_{kind}{step + 1}")
                cone.wires[net.name] = Wire(net, _at(value, wiring, group, kind, step, cone))
    for name, register in group.items():
        mask = 0
        for item in wiring.readers.get(name, ()):
            mask |= 0 if name_of(item) in group else wiring.wanted_of(item, name)
        right, wrong = (replace(register.net, name=f"{name}_{kind}{steps}") for kind in ("is", "would"))
        cone.compare(right, wrong, mask)
    return cone


def _group(wiring: Wiring, name: str) -> dict[str, Register]:
    """A register that reads itself and is started by the strobe ``first``, and the registers that it feeds."""
    found: dict[str, Register] = {}
    todo = [name]
    while todo:
        name = todo.pop()
        item = wiring.drivers.get(name)
        if name in found or not isinstance(item, Register) or item.enable is not None or item.reset is not None:
            continue
        read = set(names_in(item.value))
        if {name, FIRST} <= read:
            found[name] = item
            todo += [name_of(reader) for reader in wiring.readers.get(name, ()) if isinstance(reader, Register)]
            todo += sorted(read)
    return found


def _read_at_the_end(wiring: Wiring, group: dict[str, Register]) -> bool:
    """Whether only the registers themselves and what makes the result of complete sums read the registers."""

    def fits(item: Item) -> bool:
        name = name_of(item)
        at_first = name in wiring.stages and wiring.stages[name].number == 0
        return name in group or (wiring.in_result(item) and at_first) or not wiring.counts.get(name)

    return all(fits(item) for name in group for item in wiring.readers.get(name, ()))


def _at(value: Expression, wiring: Wiring, group: dict[str, Register], kind: str, step: int, cone: Cone) -> Expression:
    """A value in a clock cycle; what is added in it is taken from the wires before its register."""

    def place(part: Expression) -> Expression | None:
        if not isinstance(part, Net):
            return None
        if part.name == FIRST:
            return Constant(int(step == 0), 1)
        net = replace(part, name=f"{part.name}_{kind}{step}" if part.name in group else f"{part.name}_at{step}")
        if part.name in group or net.name in cone.wires:
            return net
        item = wiring.drivers.get(part.name)
        if not isinstance(item, Register) or item.enable is not None or wiring.is_stage_register(item):
            return _free(part, step, cone)
        read = list(item.value.walk())
        if any(isinstance(other, Lookup) for other in read):
            return _free(part, step, cone)
        for other in read:
            if isinstance(other, Net):
                _free(other, step, cone)
        cone.wires[net.name] = Wire(net, renamed(item.value, f"_at{step}"))
        return net

    return value.rewritten(place)


def _free(net: Net, step: int, cone: Cone) -> Net:
    free = replace(net, name=f"{net.name}_at{step}")
    return cone.free.setdefault(free.name, free)
