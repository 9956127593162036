"""Small circuits for tests, fed row by row by Verilator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from l1ml.compiler.circuit import Bit, Bits, Constant, Item, Joined, Module, Net, Port, Section, Wire
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.tools import set_up_verilator

BENCH = Path(__file__).parent / "compiler/circuit/play.sv"

CLOCK = Net("clk")

Row = Mapping[str, int]
"""A value for each net, in one clock cycle."""


def device(inputs: Sequence[Net], outputs: Sequence[Net], items: Sequence[Item]) -> Module:
    """A module that takes nets side by side on one port, the first one at bit 0, and gives others on another."""
    stimulus, low, slices = Net("stimulus", sum(net.width for net in inputs)), 0, []
    for net in inputs:
        slices.append(Wire(net, Bits(stimulus, low, net.width) if net.bits else Bit(stimulus, low)))
        low += net.width
    answer = Net("answer", -(-sum(net.width for net in outputs) // 32) * 32)
    missing = answer.width - sum(net.width for net in outputs)
    given = Wire(answer, Joined((*[Constant(0, missing)] * (missing > 0), *reversed(outputs))))
    ports = (Port(CLOCK, "input"), Port(stimulus, "input"), Port(answer, "output"))
    return Module("device", (), ports, (Section("", (*slices, *items, given)),))


def play(
    folder: Path, inputs: Sequence[Net], outputs: Sequence[Net], rows: Sequence[Row], sources: Sequence[Path]
) -> list[dict[str, int]]:
    """Feed a ``device`` with rows, one in each clock cycle.

    Args:
        folder: Where to compile.
        inputs: Its inputs.
        outputs: Its outputs.
        rows: A value for each input.
        sources: Its Verilog.

    Returns:
        A value for each output, in each clock cycle. Registers begin with random values.
    """
    set_up_verilator()
    answer = -(-sum(net.width for net in outputs) // 32) * 32
    sizes = {"IN": sum(net.width for net in inputs), "OUT": answer, "ROWS": len(rows)}
    (folder / "stimulus.hex").write_text("".join(f"{_packed(inputs, row):x}\n" for row in rows))
    command = ["verilator", "--binary", "-Wno-fatal", "-CFLAGS", "-std=c++20 -O0", "--x-initial", "unique"]
    command += ["--top-module", "play", *(f"-G{name}={value}" for name, value in sizes.items())]
    made = subprocess.run([*command, *sources, BENCH], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-2000:]
    ran = [folder / "obj_dir/Vplay", "+verilator+rand+reset+2", "+verilator+seed+5"]
    done = subprocess.run(ran, cwd=folder, check=True, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if len(line) == answer // 4]
    assert len(lines) == len(rows), done.stdout[-2000:]
    return [_unpacked(outputs, int(line, 16)) for line in lines]


def written(folder: Path, *modules: Module) -> list[Path]:
    """The Verilog of modules."""
    for module in modules:
        (folder / module.file).write_text(print_module(module))
    return [folder / module.file for module in modules]


READ = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
for command in sys.argv[1:]:
    ys.run_pass(command, design)
"""


def as_yosys_reads_it(folder: Path, source: Path) -> Path:
    """A module as Yosys understands it, which proves things of it and estimates what it takes."""
    commands = [f"read_verilog -sv {source}", "proc", "write_verilog -noattr yosys.v"]
    done = subprocess.run([sys.executable, "-c", READ, *commands], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return folder / "yosys.v"


def _packed(nets: Sequence[Net], row: Row) -> int:
    bits = low = 0
    for net in nets:
        bits |= row[net.name] % (1 << net.width) << low
        low += net.width
    return bits


def _unpacked(nets: Sequence[Net], bits: int) -> dict[str, int]:
    found = {}
    for net in nets:
        found[net.name] = bits % (1 << net.width)
        bits >>= net.width
    return found
