"""Proving that a fault changes no result, whatever the event."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from l1ml.faults.circuits import Circuits
from l1ml.faults.fault import Fault
from l1ml.faults.network import Network
from l1ml.faults.proofs.cone import UnprovableError, make_cone
from l1ml.faults.proofs.held import held_cone
from l1ml.faults.proofs.unrolled import unrolled_cone
from l1ml.faults.sums import sums_before
from l1ml.faults.wiring import Wiring, wire_design
from l1ml.plain_paths import plain

_PROCESS = Path(__file__).with_name("yosys_proof.py")

WHERE: dict[str, tuple[bool, int | None]] = {
    "what reads it": (False, 1),
    "what reads that": (False, 2),
    "the next operations": (False, 4),
    "its pipeline stage": (False, None),
    "its place, for all that its module gets": (True, 0),
    "its module": (True, None),
}
"""How far a question goes, one after the other: whether through pipeline registers, and through how many wires."""

UNREAD = "nothing that reaches an output reads it"

SECONDS = 20
"""Time of the solver for one question."""

MEMORY = 2048
"""Its memory in MiB."""


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

    def __init__(self, circuits: Circuits, network: Callable[[], Network | None] = lambda: None) -> None:
        """Find what counts in the design.

        Args:
            circuits: The design.
            network: Gives its weights, for bounds of what a module gets; asked for when a proof needs them.
        """
        self.design, self._network = circuits.design, cache(network)
        self.wirings = wire_design(circuits)
        self.core = self.wirings[self.design.name]

    def prove(self, fault: Fault) -> Proof:
        """Try to prove that a fault changes no result."""
        held = held_cone(fault, self.core, self.wirings, self.design)
        if held is not None and ask(held.verilog()) == "proved":
            return Proof(True, "SAT: a result is only read while it is valid")
        wiring = self.wirings[fault.module]
        targets = [edit.target for edit in fault.edits]
        if all(edit.part == "value" for edit in fault.edits) and wiring.cancel(targets):
            read = any(wiring.counts.get(target) for target in targets)
            return Proof(True, "it cancels in all sums that are read" if read else UNREAD)
        proof = prove(fault, wiring)
        if proof.equivalent:
            return proof
        unrolled = unrolled_cone(fault, wiring)
        if unrolled is not None and (not unrolled.pairs or ask(unrolled.verilog()) == "proved"):
            return Proof(True, "SAT: the same sum after all clock cycles of an event")
        return self._bounded(fault, wiring) or proof

    def _bounded(self, fault: Fault, wiring: Wiring) -> Proof | None:
        """Try to prove it for what the sums before it can be, in view of the layers before."""
        if wiring.placed is None or (network := self._network()) is None:
            return None
        ends = {known.net: known.ends(network) for known in sums_before(fault, wiring, network)}
        known = {net: pair for net, pair in ends.items() if pair}
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
            return Proof(True, UNREAD)
        verdict = ask(cone.verilog())
        if verdict == "proved":
            return Proof(True, f"SAT: the same function in {where}")
        how = f"{where} can tell" if verdict == "refuted" else f"no answer of the prover for {where} in {SECONDS} s"
    return Proof(False, how)


def ask(verilog: str, seconds: int = SECONDS) -> str:
    """Whether the output ``differ`` of a module ``cone`` is always 0.

    Args:
        verilog: The module and those within it.
        seconds: Time of the solver.

    Returns:
        ``proved``, ``refuted`` or, where time or memory were not enough, nothing.
    """
    with tempfile.TemporaryDirectory(prefix="l1ml-proof-") as scratch:
        file = Path(scratch, "cone.sv")
        file.write_text(verilog)
        command = [sys.executable, "-P", str(_PROCESS), str(plain(file)), str(seconds), str(MEMORY)]
        done = subprocess.run(command, capture_output=True, text=True)
    verdicts = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("L1ML ")]
    return verdicts[-1] if verdicts else ""
