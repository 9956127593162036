"""Errors in printed Verilog that a file switches on, so that one compiled simulation serves many tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from l1ml.compiler.design import Module

SWITCH = """
    // For the test: a file switches an error on.
    logic wrong;
    initial begin
        int file;
        file = $fopen("{file}", "r");
        wrong = file != 0;
    end
"""

EITHER = """
module {name} (input wire logic clk, {ports});
{wires}
    {name}_good good (.clk(clk), {inputs}, {goods});
    {name}_bad bad (.clk(clk), {inputs}, {bads});
{switch}
{choices}
endmodule
"""


@contextmanager
def switched_on(switch: Path) -> Iterator[None]:
    """Run a block with an error in the Verilog."""
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


def wrong_operator(file: Path, switch: Path) -> None:
    """Put a ``-`` in the place of a ``+``, once in the middle of a module, while the switch is on."""
    text = file.read_text()
    sums = list(re.finditer(r"^    wire logic .* = (?P<left>[^?\n]*) \+ (?P<right>[^+\n]*);$", text, re.MULTILINE))
    match = sums[len(sums) // 2]
    left, right = match["left"], match["right"]
    text = f"{text[: match.start('left')]}wrong ? {left} - {right} : {left} + {right}{text[match.end('right') :]}"
    head, body = text.split(");\n", 1)
    file.write_text(head + ");\n" + SWITCH.format(file=switch) + body)


def either(module: Module, good: str, bad: str, switch: Path) -> str:
    """Both forms of a module, and one of its name that chooses between their outputs."""
    name, outputs = module.name, module.outputs
    sides = (("input wire", module.inputs), ("output wire", outputs))
    ports = [f"{side} logic [{t.bits - 1}:0] {t.name}_data" for side, tensors in sides for t in tensors]
    chooser = EITHER.format(
        name=name,
        ports=", ".join(ports),
        wires="\n".join(f"    wire logic [{t.bits - 1}:0] {t.name}_good, {t.name}_bad;" for t in outputs),
        inputs=", ".join(f".{t.name}_data({t.name}_data)" for t in module.inputs),
        goods=", ".join(f".{t.name}_data({t.name}_good)" for t in outputs),
        bads=", ".join(f".{t.name}_data({t.name}_bad)" for t in outputs),
        switch=SWITCH.format(file=switch),
        choices="\n".join(f"    assign {t.name}_data = wrong ? {t.name}_bad : {t.name}_good;" for t in outputs),
    )
    forms = (text.replace(f"module {name} ", f"module {name}_{form} ") for form, text in (("good", good), ("bad", bad)))
    return "".join(forms) + chooser
