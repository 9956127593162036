"""Expressions in Verilog are worth what the data says, in Verilator and in Yosys, whatever stands within what."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from circuits import as_yosys_reads_it, device, play, written
from expressions import LINES, NETS, TABLES, drawn, pairs

from l1ml.compiler import circuit
from l1ml.compiler.circuit import (
    Net,
    Wire,
)
from l1ml.compiler.circuit.evaluate import evaluate
from l1ml.compiler.printers.systemverilog import text_of

ROWS = 24


def _rows(rng: random.Random) -> list[dict[str, int]]:
    """Values of all nets: zeros, ones, the ends of signed types, small numbers and any."""
    corners: list[Callable[[int], int]] = [
        lambda w: 0,
        lambda w: -1,
        lambda w: 1 << (w - 1),
        lambda w: (1 << (w - 1)) - 1,
    ]
    kinds: list[Callable[[int], int]] = [*corners, lambda w: rng.randrange(-2, 3), *[rng.getrandbits] * 4]
    uniform = [{net.name: corner(net.width) for net in NETS} for corner in corners]
    mixed = [{net.name: rng.choice(kinds)(net.width) for net in NETS} for _ in range(ROWS - len(corners))]
    return [*mixed, *uniform]


def _values(rows: Sequence[dict[str, int]], cycle: int) -> dict[str, int]:
    """What nets and elements of shift registers are worth in a clock cycle."""
    found = dict(rows[cycle])
    for line in LINES:
        (net,) = circuit.nets_of(line.value)
        found |= {f"{line.name}[{age}]": rows[cycle - 1 - age][net.name] for age in range(line.length)}
    return found


@pytest.mark.parametrize("reader", ["verilator", "yosys"])
@pytest.mark.parametrize("which", ["pairs", "random"])
def test_what_is_printed_is_worth_what_the_data_says(which: str, reader: str, tmp_path: Path) -> None:
    chosen = pairs() if which == "pairs" else [*drawn(300, depth=2), *drawn(300, depth=4)]
    assert len(chosen) > (1500 if which == "pairs" else 400)
    wires = [Wire(Net(f"y{i}", e.width), e) for i, e in enumerate(chosen)]
    (source,) = written(tmp_path, device(NETS, [w.net for w in wires], [*TABLES.values(), *LINES, *wires]))
    if reader == "yosys":
        source = as_yosys_reads_it(tmp_path, source)
    rows = _rows(random.Random(2))
    answers = play(tmp_path, NETS, [w.net for w in wires], rows, [source])
    wrong = {}
    for cycle in range(2, ROWS):
        values = _values(rows, cycle)
        for wire in wires:
            if evaluate(wire.value, values, TABLES) != answers[cycle][wire.net.name]:
                wrong.setdefault(
                    text_of(wire.value), (cycle, evaluate(wire.value, values, TABLES), answers[cycle][wire.net.name])
                )
    assert not wrong, "\n".join(f"{text}: {found}" for text, found in wrong.items())
