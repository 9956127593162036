"""The cells that multiply: what they compute, and what they cost in a DSP."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from l1ml.estimation import synthesis as build
from l1ml.paths import shared
from l1ml.tools import set_up_verilator

CELLS = shared("firmware_templates") / "cells"
MAPPED = shared("firmware_templates") / "yosys"
BENCH = Path(__file__).parent / "cells"

Row = dict[str, str]
"""A line of ``check_cells.sv``: a cell, its sizes, and in how many clock cycles it was right and wrong."""

DSP_SIZES = ((18, 18, 48), (25, 18, 48), (9, 6, 20), (8, 25, 40))
"""Bits of the factors and of the sum; no more than a DSP48E1 has, and no fewer than Yosys gives to one."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``check_cells.sv``, compiled."""
    folder = tmp_path_factory.mktemp("cells")
    sources = [BENCH / "DSP48E2.sv", *sorted(CELLS.glob("*.sv"))]
    for file in sorted(MAPPED.glob("l1ml_*.v")):
        renamed, number = re.subn(r"(?m)^module (\w+)", r"module \1_dsp", file.read_text())
        assert number == 1
        sources.append(folder / file.name)
        sources[-1].write_text(renamed)
    set_up_verilator()
    # Delays in a bench take coroutines, for which the packaged Verilator sets no compiler option.
    command = ["verilator", "--binary", "-Wno-fatal", "-CFLAGS", "-std=c++20 -O0", "--top-module", "check_cells"]
    subprocess.run([*command, *sources, BENCH / "check_cells.sv"], cwd=folder, check=True, capture_output=True)
    return folder / "obj_dir" / "Vcheck_cells"


@pytest.fixture(scope="module")
def rows(bench: Path) -> list[Row]:
    """What the bench says of each cell."""
    done = subprocess.run([bench, "+verilator+seed+7"], check=True, capture_output=True, text=True)
    return [dict(re.findall(r"(\w+)=(\w+)", line)) for line in done.stdout.splitlines() if line.startswith("cell=")]


@pytest.mark.parametrize(
    "cell", ["l1ml_mul", "l1ml_mul_dsp", "l1ml_mac", "l1ml_mac_dsp", "l1ml_mul_acc", "l1ml_booth_mac"]
)
def test_a_cell_computes_the_formula_at_its_head(rows: list[Row], cell: str) -> None:
    mine = [row for row in rows if row["cell"] == cell]
    assert {int(row["a"]) >= int(row["b"]) for row in mine} == {True, False}
    assert all(int(row["compared"]) > 16_000 for row in mine)
    assert [row for row in mine if row["wrong"] != "0"] == []


def test_up_to_five_bits_are_dropped_from_products_of_one_to_twelve_bits(rows: list[Row]) -> None:
    mine = [row for row in rows if row["cell"] == "l1ml_booth_mac"]
    assert {int(row["drop"]) for row in mine} == set(range(6))
    for factor in "ab":
        assert {int(row[factor]) for row in mine} >= set(range(1, 13))


@pytest.mark.parametrize("control", ["opmode=000010101", "opmode=010000101", "opmode=000000011", "alumode=0011"])
def test_the_model_of_the_dsp_refuses_what_it_does_not_know(bench: Path, control: str) -> None:
    done = subprocess.run([bench, f"+{control}"], capture_output=True, text=True)
    name, bits = control.split("=")
    assert done.returncode
    assert f"{name.upper()} {bits} is not modelled" in done.stdout + done.stderr


PROOF = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
for command in sys.argv[1:]:
    ys.run_pass(command, design)
"""


@pytest.mark.parametrize("sizes", [(4, 3, 0, 6), (3, 4, 2, 9), (5, 6, 0, 14), (6, 5, 3, 8), (1, 1, 1, 3)], ids=str)
def test_yosys_proves_that_digits_do_what_a_multiplier_does(sizes: tuple[int, ...]) -> None:
    parameters = " ".join(f"-chparam {name} {size}" for name, size in zip(("A", "B", "DROP", "P"), sizes, strict=True))
    commands = [
        f"read_verilog -sv -formal {' '.join(map(str, CELLS.glob('*.sv')))} {BENCH / 'prove_booth.sv'}",
        f"hierarchy -top prove_booth {parameters}",
        "prep -flatten",
        "async2sync",  # makes an assertion of the check
        "sat -tempinduct -prove-asserts -set-init-zero -verify -maxsteps 10",
    ]
    done = subprocess.run([sys.executable, "-c", PROOF, *commands], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Induction step proven: SUCCESS!" in done.stdout


def _side_by_side(folder: Path) -> Path:
    """A module with a ``l1ml_mac`` and a ``l1ml_mul`` of each size, whose inputs are their own."""
    lines = []
    for i, (a, b, p) in enumerate(DSP_SIZES):
        lines.append(f"wire signed [{a - 1}:0] a{i}, d{i}; wire signed [{b - 1}:0] b{i}, e{i};")
        lines.append(f"wire signed [{p - 1}:0] c{i}, p{i}; wire signed [{a + b - 1}:0] q{i}; wire load{i};")
        lines.append(f"l1ml_mac #({a}, {b}, {p}) mac{i}(clk, a{i}, b{i}, load{i}, c{i}, p{i});")
        lines.append(f"l1ml_mul #({a}, {b}) mul{i}(clk, d{i}, e{i}, q{i});")
    n = range(len(DSP_SIZES))
    inputs = ", ".join(f"a{i}, b{i}, c{i}, d{i}, e{i}, load{i}" for i in n)
    outputs = ", ".join(f"p{i}, q{i}" for i in n)
    bits_in = sum(2 * a + 2 * b + p + 1 for a, b, p in DSP_SIZES)
    bits_out = sum(a + b + p for a, b, p in DSP_SIZES)
    ports = f"input clk, input [{bits_in - 1}:0] x, output [{bits_out - 1}:0] y"
    lines += [f"assign {{{inputs}}} = x;", f"assign y = {{{outputs}}};"]
    file = folder / "design.sv"
    file.write_text(f"module design({ports});\n" + "\n".join(lines) + "\nendmodule\n")
    return file


@pytest.mark.parametrize(
    ("family", "folder", "suffix"), [("xc7", CELLS, "sv"), ("xcup", MAPPED, "v")], ids=["as_written", "for_estimates"]
)
def test_a_cell_is_one_dsp_and_nothing_else(family: str, folder: Path, suffix: str, tmp_path: Path) -> None:
    """Yosys merges registers, adder and choice into a DSP48E1, not into a DSP48E2: estimates of UltraScale+ read the
    cell as a DSP48E2 instead. That this is fair shows where Yosys does merge."""
    cells = [folder / f"{name}.{suffix}" for name in ("l1ml_mac", "l1ml_mul")]
    found = build.synthesize([*cells, _side_by_side(tmp_path)], "design", family=family)
    assert {key: found[key] for key in build.KEYS} == {"lut": 0, "ff": 0, "dsp": 8, "bram": 0, "carry": 0}
