"""Proving that a fault changes no result, whatever the event."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, isfinite
from pathlib import Path

from l1ml.compiler.design import Design, Module
from l1ml.faults.fault import Edit, Fault
from l1ml.faults.network import Network
from l1ml.faults.proofs.cone import UnprovableError, make_cone
from l1ml.faults.proofs.held import held_cone
from l1ml.faults.proofs.unrolled import unrolled_cone
from l1ml.faults.verilog.linear import NONE, Forms
from l1ml.faults.verilog.modules import wire_design
from l1ml.faults.verilog.source import Source, Statement
from l1ml.faults.verilog.wiring import RESULT, Wiring, names

_PROCESS = Path(__file__).with_name("yosys_proof.py")

WHERE: dict[str, tuple[bool, int | None]] = {
    "what reads it": (False, 1),
    "what reads that": (False, 2),
    "the next operations": (False, 4),
    "its pipeline stage": (False, None),
    "its module": (True, None),
}
"""How far a question goes, one after the other: whether through pipeline registers, and through how many wires."""

SECONDS = 20
"""Time of the solver for one question."""

MEMORY = 2048
"""Its memory in MiB."""

MANY = 4
"""Sums before a fault for which bounds are looked for at most."""


@dataclass(frozen=True)
class Proof:
    """What is known of a fault that no vector has found.

    Attributes:
        equivalent: Whether it is proved that no result can change.
        how: By what, or what stood in the way.
    """

    equivalent: bool
    how: str


class Prover:
    """Proves faults of one design."""

    def __init__(self, folder: Path, design: Design, network: Callable[[], Network | None] = lambda: None) -> None:
        """Read the design.

        Args:
            folder: Folder with its Verilog.
            design: The design.
            network: Gives its weights, for bounds of what a module gets; asked for when a proof needs them.
        """
        self.design, self._network = design, cache(network)
        self.wirings = wire_design(folder, design)
        self.sources = {file: wiring.source for file, wiring in self.wirings.items()}
        self.core = Source.read(folder / f"{design.name}.sv")

    def prove(self, fault: Fault) -> Proof:
        """Try to prove that a fault changes no result."""
        held = held_cone(fault, self.core, self.sources, self.design)
        if held is not None and ask(held.verilog()) == "proved":
            return Proof(True, "SAT: a result is only read while it is valid")
        if fault.file not in self.wirings:
            return Proof(False, "a fault of the top module or of a cell, which are not proved")
        wiring = self.wirings[fault.file]
        proof = prove(fault, wiring)
        if proof.equivalent:
            return proof
        (module,) = (m for m in self.design.modules if f"{m.name}.sv" == fault.file)
        unrolled = unrolled_cone(fault, wiring, module)
        if unrolled is not None and (not unrolled.pairs or ask(unrolled.verilog()) == "proved"):
            return Proof(True, "SAT: the same sum after all clock cycles of an event")
        return self._bounded(fault, module) or proof

    def _bounded(self, fault: Fault, module: Module) -> Proof | None:
        """Try to prove it for what the sums before it can be, in view of the layers before."""
        wiring = self.wirings[fault.file]
        reading = [use for edit in fault.edits for use in _readers(edit, wiring)]
        forms = Forms(wiring, module.inputs, wiring.ranges)
        own = {target for edit in fault.edits if len(forms.of.get(target := edit.statement.target, NONE).factors) > 1}
        sums = sorted(own | forms.sums_before([use.expression for use in reading]))
        accumulators = _accumulators(reading, wiring, module)
        if len(sums) + len(accumulators) > MANY:
            return None
        known: dict[str, tuple[int, int]] = {}
        for name in accumulators:
            index, worth, offset = module.sums[name]
            network = self._network()
            ends = network and network.sum_ends(module.layers[0], index)
            if ends and all(map(isfinite, ends)):
                known[name] = floor((ends[0] + offset) / worth), floor((ends[1] + offset) / worth)
        for name in sums:
            form = forms.of[name]
            (tensor, *others) = {owner for owner, _ in form.factors}
            network = None if others else self._network()
            ends = network and network.ends(tensor, {index: factor for (_, index), factor in form.factors.items()})
            if ends and all(map(isfinite, ends)):
                known[name] = ceil(ends[0]) + form.constant, floor(ends[1]) + form.constant
        if not known:
            return None
        try:
            verdict = ask(make_cone(fault, wiring, through=True, known=known).verilog())
        except UnprovableError:
            return None
        bounds = ", ".join(f"{low} <= {name} <= {high}" for name, (low, high) in known.items())
        return (
            Proof(True, f"SAT: the same function in its module, as {bounds} by MILP") if verdict == "proved" else None
        )


def _readers(edit: Edit, wiring: Wiring) -> list[Statement]:
    """The statements in which an edit makes a difference first."""
    statement = edit.statement
    return wiring.source.uses.get(statement.target, []) if statement.form == "table" else [statement]


def _accumulators(reading: list[Statement], wiring: Wiring, module: Module) -> list[str]:
    """The accumulators on which statements depend, if those are behind all of them, where the sums are complete."""
    if not all(wiring.stage[statement.line][0] == RESULT for statement in reading):
        return []
    before: set[str] = set()
    todo = [statement.expression for statement in reading]
    while todo:
        new = [name for name in names(todo.pop()) if name not in before]
        before.update(new)
        todo += [s.expression for n in new if n not in module.sums for s in wiring.drivers.get(n, ())]
    return sorted(before & module.sums.keys())


def prove(fault: Fault, wiring: Wiring) -> Proof:
    """Try to prove that a fault changes nothing: nearby, then farther away.

    Args:
        fault: The fault.
        wiring: The module that it is in.
    """
    how = ""
    for where, (through, depth) in WHERE.items():
        try:
            cone = make_cone(fault, wiring, through=through, depth=depth)
        except UnprovableError as error:
            how = str(error)
            continue
        if not cone.pairs:
            return Proof(True, "nothing that reaches an output reads it")
        verdict = ask(cone.verilog())
        if verdict == "proved":
            return Proof(True, f"SAT: the same function in {where}")
        how = f"{where} can tell" if verdict == "refuted" else f"no answer of the prover for {where} in {SECONDS} s"
    return Proof(False, how)


def ask(verilog: str, seconds: int = SECONDS) -> str:
    """Whether the output ``differ`` of a module ``cone`` is always 0.

    Args:
        verilog: The module, with what it is made of.
        seconds: Time of the solver.

    Returns:
        ``proved``, ``refuted`` or, where time or memory were not enough, nothing.
    """
    with tempfile.TemporaryDirectory(prefix="l1ml-proof-") as scratch:
        file = Path(scratch, "cone.sv")
        file.write_text(verilog)
        command = [sys.executable, "-P", str(_PROCESS), str(file), str(seconds), str(MEMORY)]
        done = subprocess.run(command, capture_output=True, text=True)
    verdicts = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("L1ML ")]
    return verdicts[-1] if verdicts else ""
