"""Fault injection: faults are put into emitted Verilog, and what verification says of each is counted."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from l1ml.compiler.printers.systemverilog import text_of
from l1ml.console import progress_bar
from l1ml.errors import L1mlError
from l1ml.faults.choose import all_faults, choose
from l1ml.faults.circuits import Circuits, read_circuits
from l1ml.faults.fault import KINDS, Fault
from l1ml.faults.network import Network
from l1ml.faults.proofs.prove import Prover
from l1ml.faults.schemata import write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import Cycles, make_cycles
from l1ml.verification.simulation import bench_job

DETECTED, EQUIVALENT, MISSED = "detected", "equivalent", "missed"
"""What can become of a fault: verification finds it, it is proved to change no result, or neither."""


@dataclass(frozen=True)
class Verdict:
    """What became of one fault.

    Attributes:
        kind: Its kind.
        place: File and line.
        target: What gets the wrong value.
        right: Its expression.
        wrong: What it is instead.
        what: The fault in words.
        state: ``detected``, ``equivalent`` or ``missed``.
        reason: In which pattern it was detected and by what, how it was proved, or why it was not.
    """

    kind: str
    place: str
    target: str
    right: str
    wrong: str
    what: str
    state: str
    reason: str


@dataclass(frozen=True)
class Mutation:
    """What became of all faults.

    Attributes:
        design: Name of the design.
        reuse_factor: The largest of its modules.
        seed: By which the faults were chosen.
        available: How many faults there were to choose from.
        events: Different events that each of them had to survive.
        verdicts: What became of each.
        sought: Events that were looked for and that show faults which the others do not: integers in LSB, shape
            (any, elements of all inputs).
    """

    design: str
    reuse_factor: int
    seed: int
    available: int
    events: int
    verdicts: list[Verdict]
    sought: NDArray[np.int64]

    def count(self, state: str, kind: str | None = None) -> int:
        """Faults in a state, of one kind or of all."""
        return sum(v.state == state and kind in (None, v.kind) for v in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """Everything, for a JSON file."""
        states = (DETECTED, EQUIVALENT, MISSED)
        injected = Counter(v.kind for v in self.verdicts)
        return {
            "design": self.design,
            "reuse_factor": self.reuse_factor,
            "seed": self.seed,
            "available": self.available,
            "events": self.events,
            "sought": len(self.sought),
            "injected": len(self.verdicts),
            **{state: self.count(state) for state in states},
            "kinds": {k: {"injected": injected[k], **{s: self.count(s, k) for s in states}} for k in KINDS},
            "faults": [asdict(verdict) for verdict in self.verdicts],
        }


Look = Callable[[list[Fault], Progress], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Looks for events that show faults, at least one for as many as it can, and tells what a right core answers."""


def mutate(
    verilog: Path,
    inputs: NDArray[np.int64],
    golden: NDArray[np.int64],
    *,
    faults: int,
    seed: int,
    work: Path | None = None,
    look: Look | None = None,
    network: Callable[[], Network | None] = lambda: None,
) -> Mutation:
    """Put faults into a design and see which of them verification finds.

    Args:
        verilog: Folder with the Verilog and its ``design.json``.
        inputs: The vectors of verification: integers in LSB, shape (events, elements of all inputs).
        golden: What a right core answers, shape (events, elements of all outputs).
        faults: How many.
        seed: For their choice.
        work: Folder for the simulation; a temporary one by default.
        look: Called with the faults that are neither detected nor proved to change nothing, to find events for them,
            and with where to show how far it is.
        network: Gives the weights, for proofs; called if one needs them.

    Raises:
        L1mlError: If there are not as many faults, the simulation fails, or the core without a fault is wrong.
    """
    circuits = read_circuits(verilog)
    design = circuits.design
    every = list(all_faults(circuits))
    chosen = choose(every, faults, seed)
    numbers = range(1, len(chosen) + 1)
    job, sought = bench_job(design, 1), inputs[:0]
    with tempfile.TemporaryDirectory(prefix="l1ml-faults-") as scratch, progress_bar() as progress:
        folder = work or Path(scratch)
        task = progress.add_task("Faults", total=len(chosen), note="compiling the core with all of them")
        simulator = FaultSimulator(write_schemata(circuits, chosen, folder), folder)

        def detected(inputs: NDArray[np.int64], golden: NDArray[np.int64], faults: Sequence[int]) -> dict[int, Verdict]:
            cycles, seen = make_cycles(design, inputs, golden, job), {}
            _check_without(simulator, cycles, design.name)
            for outcome in simulator.run(cycles, faults):
                if outcome.cycle is not None:
                    reason = f"{outcome.what} in pattern {cycles.pattern_of(outcome.cycle)}"
                    seen[outcome.fault] = _verdict(circuits, chosen[outcome.fault - 1], DETECTED, reason)
                progress.update(task, advance=1, note=f"{len(seen)} detected")
            return seen

        verdicts = detected(inputs, golden, numbers)
        left = [number for number in numbers if number not in verdicts]
        task = progress.add_task("Proofs for those that were not", total=len(left), note="")
        prover = Prover(circuits, network)
        for number in left:
            proof = prover.prove(chosen[number - 1])
            verdicts[number] = _verdict(
                circuits, chosen[number - 1], EQUIVALENT if proof.equivalent else MISSED, proof.how
            )
            progress.update(task, advance=1)
        missed = [number for number in numbers if verdicts[number].state == MISSED]
        if look and missed:
            sought, answers = look([chosen[number - 1] for number in missed], progress)
            if len(sought):
                task = progress.add_task("Faults, with the events that were found", total=len(missed), note="")
                verdicts |= detected(sought, answers, missed)
    reuse_factor = max(m.reuse_factor for m in design.modules)
    ordered = [verdicts[number] for number in numbers]
    return Mutation(design.name, reuse_factor, seed, len(every), len(inputs) + len(sought), ordered, sought)


def _check_without(simulator: FaultSimulator, cycles: Cycles, name: str) -> None:
    (outcome,) = simulator.run(cycles, [0])
    if outcome.cycle is not None:
        pattern = cycles.pattern_of(outcome.cycle)
        raise L1mlError(f"{name} without a fault gives wrong {outcome.what} in pattern {pattern}: verify it first")


def _verdict(circuits: Circuits, fault: Fault, state: str, reason: str) -> Verdict:
    wrong = "; ".join(f"{e.target}: {text_of(e.wrong)}" for e in fault.edits)
    target = fault.place.target
    place = circuits.place_of(fault.module, target)
    return Verdict(fault.kind, place, target, text_of(fault.place.right), wrong, fault.what, state, reason)


def survivors(verdicts: Sequence[Verdict], state: str) -> list[str]:
    """A line for each fault in a state: place, expression, what was wrong with it, and the reason."""
    return [
        f"{v.place} ({v.kind}): {v.target} = {v.right[:60]}{'…' * (len(v.right) > 60)}: {v.what}; {v.reason}"
        for v in verdicts
        if v.state == state
    ]
