"""Accumulators of a folded module, followed through all clock cycles of an event.

A fault of an accumulator may change bits that an event never has, or that have left when the sum is read. What is added
in each cycle is free, but for what its wires can hold; so is what the registers hold before.
"""

from __future__ import annotations

import re

from l1ml.compiler.design import Module
from l1ml.faults.fault import Fault
from l1ml.faults.proofs.cone import Cone
from l1ml.faults.verilog.source import Statement
from l1ml.faults.verilog.wiring import Wiring, base, names, renamed


def unrolled_cone(fault: Fault, wiring: Wiring, module: Module) -> Cone | None:
    """The question whether a fault of an accumulator is seen in the sum of an event.

    Args:
        fault: The fault.
        wiring: The module that it is in.
        module: The module.

    Returns:
        The question, or None if it is no fault of an accumulator.
    """
    edit = fault.edits[0]
    if len(fault.edits) > 1 or edit.expression is None or not {"first", "done"} <= module.strobes.keys():
        return None
    group = _group(wiring, base(edit.statement.target))
    if edit.statement not in group.values():
        return None
    steps = module.strobes["done"] - wiring.last_result - module.strobes["first"]
    cone = Cone()
    for name, statement in group.items():
        for kind in ("is", "would"):
            cone.free[f"{name}_{kind}0"] = statement.declared
    for step in range(steps):
        for name, statement in group.items():
            for kind in ("is", "would"):
                faulty = kind == "would" and statement.line == edit.statement.line
                expression = str(edit.expression) if faulty else statement.expression
                own = {other: f"{other}_{kind}{step}" for other in group}
                expression = _at(expression, wiring, own, step, cone)
                cone.wires.append(
                    {"name": f"{name}_{kind}{step + 1}", "declared": statement.declared, "expression": expression}
                )
    for name, statement in group.items():
        mask = wiring.bits_read(name, but=group) & ((1 << statement.width) - 1)
        pair = (f"{name}_seen_is", f"{name}_seen_would")
        for seen, kind in zip(pair, ("is", "would"), strict=True):
            text = f"{name}_{kind}{steps} & {statement.width}'d{mask}"
            cone.wires.append({"name": seen, "declared": statement.declared, "expression": text})
        if mask:
            cone.pairs.append(pair)
    return cone


def _group(wiring: Wiring, name: str) -> dict[str, Statement]:
    """A register that reads itself and is started by the strobe ``first``, and the registers that it feeds."""
    found: dict[str, Statement] = {}
    todo = [name]
    while todo:
        name = todo.pop()
        (statement, *others) = wiring.drivers.get(name, [None])
        if name in found or statement is None or others or statement.form != "register":
            continue
        if (
            not statement.declared
            or name not in names(statement.expression)
            or "first" not in names(statement.expression)
        ):
            continue
        found[name] = statement
        todo += [base(use.target) for use in wiring.source.uses.get(name, ()) if use.form == "register"]
        todo += [other for other in names(statement.expression) if other in wiring.drivers]
    return found


def _at(expression: str, wiring: Wiring, own: dict[str, str], step: int, cone: Cone) -> str:
    """An expression in a clock cycle; what is added in it is taken from the wires before its register."""
    others = dict(own)
    for name in names(expression):
        if name in own:
            continue
        if name == "first":
            others[name] = f"1'b{int(step == 0)}"
            continue
        others[name] = f"{name}_at{step}"
        statements = wiring.drivers.get(name, [])
        if len(statements) == 1 and statements[0].form == "register" and not re.fullmatch(r"\w+_s\d+", name):
            added = {n: f"{n}_at{step}" for n in names(statements[0].expression)}
            for leaf, free in added.items():
                cone.free[free] = wiring.declared[leaf]
            wire = {"name": others[name], "declared": wiring.declared[name]}
            wire["expression"] = renamed(statements[0].expression, added)
            if wire not in cone.wires:
                cone.wires.append(wire)
        else:
            cone.free[others[name]] = wiring.declared[name]
    return renamed(expression, others)
