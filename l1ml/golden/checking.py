"""Holding firmware against a golden pack: equal integers, tolerance 0, and the timing that was measured."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import FILE_NAME, Design
from l1ml.errors import L1mlError
from l1ml.golden.firmware import check_design, compile_copy, cpp_again, look_into, write_again
from l1ml.golden.pack import Pack
from l1ml.summaries import in_words
from l1ml.verification.compare import differences, wrong_segment
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.vitis import simulate_vitis

Integers: TypeAlias = NDArray[np.int64]
Guard: TypeAlias = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Difference:
    """The first output that is not what the pack says.

    Attributes:
        family: Family of vectors of the event.
        event: Index of the event in the pack.
        output: Index of the output element.
        golden: Integer of the pack, in LSB.
        found: Integer of the firmware, in LSB.
        layer: The first layers, in the order of the data, whose output differs for this event; empty if not known.
    """

    family: str
    event: int
    output: int
    golden: int
    found: int
    layer: str


@dataclass(frozen=True)
class Verdict:
    """What came of one form of firmware.

    Attributes:
        what: ``RTL`` or ``C++``.
        events: Number of events compared.
        outputs: Output elements of each.
        mismatches: Number of outputs that differ, of RTL in any pattern of stimuli.
        first: The first of them.
        timing: Measured latency and initiation interval of RTL, in clock cycles.
        golden_timing: Those of the pack; None if another tool made the RTL, whose timing is its own.
    """

    what: str
    events: int
    outputs: int
    mismatches: int
    first: Difference | None
    timing: tuple[int, int] | None
    golden_timing: tuple[int, int] | None

    def fault(self, *, allow_latency: bool = False) -> str | None:
        """What is wrong, in one line; None if nothing is.

        Args:
            allow_latency: Whether another latency will do. Another initiation interval never does.
        """
        if self.first is not None:
            first = self.first
            layer = f"; first difference in {first.layer}" if first.layer else ""
            return (
                f"{self.what} and pack differ in {self.mismatches} outputs; event {first.event} ({first.family}), "
                f"output {first.output}: golden {first.golden}, {self.what} {first.found}{layer}"
            )
        if self.timing is None or self.golden_timing is None or self.timing == self.golden_timing:
            return None
        if allow_latency and self.timing[1] == self.golden_timing[1]:
            return None
        hint = " (--allow-latency accepts another latency)" if self.timing[1] == self.golden_timing[1] else ""
        return (
            f"{self.what} has latency {self.timing[0]} and II {self.timing[1]}, the pack says "
            f"{self.golden_timing[0]} and {self.golden_timing[1]}{hint}"
        )

    def __str__(self) -> str:
        timing = "" if self.timing is None else f"; measured latency {self.timing[0]}, II {self.timing[1]}"
        return f"{self.what}: {in_words(self.events, self.outputs, self.mismatches)}{timing}"


def check(pack: Pack, work: Path, *, rtl: Path | None = None, hls: Path | None = None) -> list[Verdict]:
    """Hold firmware against a pack: that of some folders, or what the present code makes of the pack's graph.

    Args:
        pack: The pack.
        work: Folder for what is written and compiled.
        rtl: Folder with Verilog of l1ml or of Vitis HLS.
        hls: Folder with an hls4ml project.

    Returns:
        A verdict for C++ and RTL each, as far as they were asked for.

    Raises:
        L1mlError: If the firmware is of another project, cannot be compiled, or breaks its protocol.
    """
    again, verdicts = work / "again", []
    if rtl is None and hls is None:
        write_again(pack, again)
        rtl = again / "verilog"
        verdicts.append(check_cpp(pack, cpp_again(pack, again), again))
    if hls is not None:
        project = look_into(hls).hls
        if project is None:
            raise L1mlError(f"{hls} holds RTL, no hls4ml project: check it with --rtl")
        verdicts.append(check_cpp(pack, compile_copy(project, pack, work / "hls"), again))
    if rtl is not None:
        found = look_into(rtl)
        if found.vitis is not None:
            verdicts.append(check_vitis(pack, found.vitis))
        elif found.verilog is not None:
            verdicts.append(check_rtl(pack, simulator_of(pack, found.verilog, work / "sim"), again))
        else:
            raise L1mlError(f"{rtl} holds an hls4ml project, no RTL: check it with --hls")
    return verdicts


def simulator_of(pack: Pack, verilog: Path, work: Path) -> CoreSimulator:
    """The simulator of a folder of Verilog, which is that of the pack's project.

    Raises:
        L1mlError: If it is not, or a file is missing.
    """
    design = Design.load(verilog)
    check_design(design, pack, verilog)
    for name in design.files:
        if not (verilog / name).is_file():
            raise L1mlError(f"{verilog / name} is missing, which {FILE_NAME} names; write the Verilog again")
    return CoreSimulator(verilog, work=work)


def check_rtl(pack: Pack, simulator: CoreSimulator, again: Path, guard: Guard = nullcontext) -> Verdict:
    """Send the vectors of a pack through Verilog.

    Args:
        pack: The pack.
        simulator: The Verilog.
        again: Where the C++ of the pack's graph is, or goes if its layers are asked for after a mismatch.
        guard: Held while more is compiled to name a layer, by processes that share folders.
    """
    simulation = simulator.run(pack.inputs)
    wrong = differences(simulation, pack.outputs)

    def layer(event: int) -> str:
        with guard():
            golden = golden_layers(pack, event, again)
            return wrong_segment(simulator, pack.inputs[event : event + 1], golden) if golden else ""

    return _verdict("RTL", pack, wrong, layer, (simulation.latency, simulation.initiation_interval))


def check_cpp(pack: Pack, emulator: Emulator, again: Path, guard: Guard = nullcontext) -> Verdict:
    """Send the vectors of a pack through C++; arguments as for ``check_rtl``."""
    outputs = emulator.run(pack.inputs)
    event, output = np.nonzero(outputs != pack.outputs)
    wrong = np.stack([event, output, outputs[event, output]], axis=1)

    def layer(event: int) -> str:
        places = pack.manifest.layers
        with guard():
            golden = golden_layers(pack, event, again)
        found = emulator.trace_integers(pack.inputs[event : event + 1], {p.tensor: p.producer for p in places})
        for place in places:
            if place.tensor.name in golden and not np.array_equal(
                golden[place.tensor.name], found[place.tensor.name][0]
            ):
                return place.title
        return ""

    return _verdict("C++", pack, wrong, layer, None)


def check_vitis(pack: Pack, folder: Path) -> Verdict:
    """Send the vectors of a pack through RTL that Vitis HLS made."""
    outputs, latency, interval = simulate_vitis(folder, pack.network, pack.inputs)
    event, output = np.nonzero(outputs != pack.outputs)
    wrong = np.stack([event, output, outputs[event, output]], axis=1)
    verdict = _verdict("RTL", pack, wrong, lambda event: "", (latency, interval))
    return replace(verdict, golden_timing=None)


def golden_layers(pack: Pack, event: int, again: Path) -> dict[str, Integers]:
    """Golden integers within the network for an event: those of the pack, or of the C++ of its graph.

    Returns:
        By the name of their tensor; nothing if that C++ does not give what the pack says.
    """
    if pack.layers:
        return {name: rows[event] for name, rows in pack.layers.items()}
    emulator = cpp_again(pack, again)
    row = pack.inputs[event : event + 1]
    if not np.array_equal(emulator.run(row)[0], pack.outputs[event]):
        return {}
    traced = emulator.trace_integers(row, {p.tensor: p.producer for p in pack.manifest.layers})
    return {name: rows[0] for name, rows in traced.items()}


def with_logs(error: L1mlError, work: Path, kept: Path) -> L1mlError:
    """The error, with the logs that it may point to copied to where they stay when the folder of work goes."""
    if str(work) not in str(error):
        return error
    for log in work.rglob("*.log"):
        target = kept / log.relative_to(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, target)
    return L1mlError(str(error).replace(str(work), str(kept)))


def _verdict(
    what: str, pack: Pack, wrong: Integers, layer: Callable[[int], str], timing: tuple[int, int] | None
) -> Verdict:
    first = None
    if len(wrong):
        event, output, found = wrong[0].tolist()
        try:
            title = layer(event)
        except L1mlError as error:  # the mismatch is what counts
            title = f"a layer that cannot be named: {error}"
        first = Difference(
            pack.vectors.family_of(event),
            pack.first_event + event,
            output,
            int(pack.outputs[event, output]),
            found,
            title,
        )
    record = pack.manifest
    golden_timing = (record.latency, record.initiation_interval)
    return Verdict(what, len(pack.inputs), pack.outputs.shape[1], len(wrong), first, timing, golden_timing)
