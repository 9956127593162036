"""A result that is not held until the next one, where nobody looks at it but in the cycle in which it is valid."""

from __future__ import annotations

from dataclasses import replace

from l1ml.compiler.circuit import Bit, Choice, Constant, Instance, Net, Register, Wire
from l1ml.compiler.circuit.queries import name_of, names_in
from l1ml.compiler.core import OUT_VALID, RESET
from l1ml.compiler.design import Design, Module
from l1ml.faults.control import ALWAYS
from l1ml.faults.fault import Fault
from l1ml.faults.proofs.cone import Cone, renamed
from l1ml.faults.wiring import Wiring

NEXT, HELD, NOTHING = Net("next", 8), Net("held", 8), Constant(0, 8)
"""Some value that an output register may take, what it holds, and what it is taken for where nobody looks."""


def held_cone(fault: Fault, core: Wiring, modules: dict[str, Wiring], design: Design) -> Cone | None:
    """The question whether an output register that takes a value in every clock cycle is seen to do so.

    The valid flags of the core may be anything at first. After as many clock cycles as a value takes from the register
    to the output, ``differ`` tells whether ``out_valid`` is set and the register had not taken that value.

    Args:
        fault: The fault.
        core: The core.
        modules: The other modules by name.
        design: The design.

    Returns:
        The question, or None if this is no such fault.
    """
    found = _register(fault, modules)
    if found is None:
        return None
    wiring, enable = found
    assert wiring.placed is not None
    if any(m.strobes and {t.name for t in m.inputs} & _behind(wiring.placed, design) for m in design.modules):
        return None  # a folded module reads its input for several cycles
    instance = next(i for i in core.module.items if isinstance(i, Instance) and i.module == wiring.module.name)
    strobe, seen = instance.inputs[enable], core.drivers[OUT_VALID.name]
    if not isinstance(strobe, Bit) or not isinstance(seen, Wire) or not isinstance(strobe.of, Net):
        return None
    flags = core.drivers.get(strobe.of.name)
    if not isinstance(flags, Register) or flags.reset is None or set(names_in(seen.value)) != {flags.net.name}:
        return None
    # The register is read in the next cycle and seen `steps` cycles later.
    steps = design.latency - wiring.placed.start - wiring.placed.latency + 1
    cone = Cone(free={net.name: net for net in (_at(flags.net, 0), NEXT, HELD)})
    for step in range(steps):
        for name in {*names_in(flags.value), RESET.name} - {flags.net.name}:
            free = _at(Net(name), step)
            cone.free[free.name] = free
        now = Choice(_at(RESET, step), renamed(flags.reset, f"_at{step}"), renamed(flags.value, f"_at{step}"))
        after = _at(flags.net, step + 1)
        cone.wires[after.name] = Wire(after, now)
    valid = renamed(seen.value, f"_at{steps}")
    taken = Choice(renamed(strobe, "_at0"), NEXT, HELD)
    cone.compare(Choice(valid, taken, NOTHING), Choice(valid, NEXT, NOTHING), 0xFF)
    return cone


def _at(net: Net, step: int) -> Net:
    return replace(net, name=f"{net.name}_at{step}")


def _register(fault: Fault, modules: dict[str, Wiring]) -> tuple[Wiring, str] | None:
    """The module whose output register a fault lets take a value in every cycle, and the enable of that register."""
    edit = fault.place
    if edit.wrong != ALWAYS or len(fault.edits) > 1:
        return None
    if isinstance(edit.item, Instance):
        wiring, enable = modules.get(edit.item.module), edit.part
        readers = wiring.readers.get(enable, []) if wiring else []
    elif isinstance(edit.item, Register) and edit.part == "enable":
        wiring, enable = modules.get(fault.module), next(names_in(edit.right), "")
        readers = [edit.item]
    else:
        return None
    if wiring is None or not readers or not all(_gives_result(item, enable, wiring) for item in readers):
        return None
    return wiring, enable


def _gives_result(item: object, enable: str, wiring: Wiring) -> bool:
    """Whether an item is a register of an output that takes a value by a strobe."""
    if not isinstance(item, Register) or item.enable is None or name_of(item) not in wiring.module.outputs:
        return False
    return isinstance(item.enable, Net) and item.enable.name == enable and enable not in names_in(item.value)


def _behind(module: Module, design: Design) -> set[str]:
    """Names of the tensors that depend on what a module gives."""
    found = {t.name for t in module.outputs}
    # Views are read by modules that may come first, and so on.
    steps = [(m.inputs, m.outputs) for m in design.modules] + [(v.sources, (v.tensor,)) for v in design.views]
    while more := {t.name for i, o in steps if found & {s.name for s in i} for t in o} - found:
        found |= more
    return found
