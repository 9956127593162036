"""The finished design: what simulation, reports and users' scripts need to know about the Verilog."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from l1ml.compiler.network import Tensor, View, beats_of
from l1ml.errors import L1mlError

FILE_NAME = "design.json"
"""Written beside the Verilog."""


class Module(BaseModel):
    """One segment of the network as a Verilog module.

    Attributes:
        name: Name of the module and of its file.
        segment: Name of the segment, that of its first layer.
        layers: Names of its hls4ml layers.
        title: The layers with their classes.
        reuse_factor: Clock cycles over which the work is spread.
        strategy: How it was folded; empty at reuse factor 1, where a pipeline of adders needs no choice.
        start: Clock cycle, counted from ``in_valid``, in which its inputs are there.
        latency: Clock cycles from its inputs to its outputs.
        producers: Name of the hls4ml layer behind each output, as hls4ml's tracing calls it.
        register_bits: Flip-flops of its pipeline, before synthesis.
        strobes: Control inputs of a folded module: the clock cycle, counted from ``in_valid``, in which each is set.
        cells: Files of cells that it is built of.
        controls: Ports of the core that it reads, too.
        parts: Names of modules that it is built of.
        ranges: For outputs with elements that cannot be all that their type holds, lowest and highest integer of each
            element, in LSB.
        sums: For accumulators that hold the sums of a dense layer when the result is made: index of the output, worth w
            of the lowest bit and offset o. It then holds floor((sum + o) / w), all bits before the point.
        expected_luts: LUTs of a folded module as strategy ``auto`` reckons them, before any synthesis.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    segment: str
    layers: tuple[str, ...]
    title: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    producers: tuple[str, ...]
    reuse_factor: int
    strategy: str = ""
    start: int
    latency: int
    register_bits: int
    strobes: dict[str, int] = {}
    cells: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    ranges: dict[str, tuple[tuple[int, int], ...]] = {}
    sums: dict[str, tuple[int, float, float]] = {}
    expected_luts: float = 0.0

    @property
    def interval(self) -> int:
        """Clock cycles between two events that it takes."""
        return max(self.reuse_factor, *(t.beats for t in (*self.inputs, *self.outputs)))


class Design(BaseModel):
    """A core: its ports, its timing and its modules in topological order.

    Attributes:
        inputs: What comes in one word.
        latency: Clock cycles from an event's last word to the first word of its result.
        initiation_interval: Clock cycles between two events.
        files: Those of the core, in order of compilation.
        views: What is nothing but wires between the modules, in topological order.
        trigger: Module around the core with an input in registers, in a file of its name; empty without one.
        model: SHA-256 of hls4ml's C++ with its weights, ``of.cpp`` of a verdict; empty without such a model.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    part: str
    clock_ns: float
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    modules: tuple[Module, ...]
    latency: int
    initiation_interval: int
    files: tuple[str, ...]
    views: tuple[View, ...] = ()
    trigger: str = ""
    model: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """All files of the folder in order of compilation, as ``files.f`` lists them."""
        return (*self.files, f"{self.trigger}.sv") if self.trigger else self.files

    @property
    def in_beats(self) -> int:
        """Words of an event, each with its own ``in_valid``."""
        return beats_of(self.inputs)

    @property
    def out_beats(self) -> int:
        """Words of a result, which leave one after the other."""
        return beats_of(self.outputs)

    def save(self, folder: Path) -> None:
        """Write ``design.json`` into the folder of the Verilog."""
        (folder / FILE_NAME).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Design:
        """Read ``design.json``.

        Raises:
            L1mlError: If it is missing or not what ``save`` writes.
        """
        file = folder / FILE_NAME
        try:
            return cls.model_validate_json(file.read_text())
        except FileNotFoundError:
            raise L1mlError(f"{file} is missing: write the Verilog first, with hls_model.write() or l1ml rtl") from None
        except ValidationError as error:
            raise L1mlError(f"{file} is not a design of this version of l1ml ({error.error_count()} faults)") from None
