"""Emitted roundings, saturations and ReLUs proved equal to a reference written from the definition of ``ap_fixed``.

The reference is ``cells/ap_cast.v``; the prover is Yosys, which needs no simulation of any value.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from programs import symbols

from l1ml.compiler.buses import Sink, Source
from l1ml.compiler.circuit import Net, Wire
from l1ml.compiler.printers.systemverilog import declared, text_of
from l1ml.compiler.programs.cast import cast, relu_cast
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import trace_program
from l1ml.faults.proofs.prove import ask
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES, FixedType

REFERENCE = (Path(__file__).parent / "cells/ap_cast.v").read_text()

ROUNDINGS = ("TRN", "RND", "RND_CONV", "RND_INF", "RND_ZERO", "RND_MIN_INF", "TRN_ZERO")
"""In the order of the reference."""

SATURATIONS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
"""In the order of the reference."""

SECONDS = 500
"""More than the prover needs on any machine."""


def question(source: FixedType, targets: Sequence[FixedType], relu: bool = False, spoil: str = "") -> str:
    """A module ``cone`` whose output ``differ`` is 1 where an emitted cast is not the reference.

    Args:
        source: Type of what is cast.
        targets: Types that it is cast to.
        relu: Whether negative values become 0 before.
        spoil: Rounding mode that the reference has instead of that of the target, to see the prover refuse.
    """
    inputs = symbols(*([v * source.lsb] for v in (source.minimum, source.maximum, 1)))
    value = np.asarray(inputs)[0]
    outputs = [relu_cast(value, t) if relu else cast(value, t) for t in targets]
    logic = trace_program([value], outputs)
    sinks = [Sink(t.width, t.fraction) for t in targets]
    sources = [Source(Net("x", source.width), 0, source.fraction)]
    pipeline = hardware_of(logic, schedule(logic, 1e9), sources, sinks)
    (stage,) = pipeline.stages
    text = [f"module cone(input wire [{source.width - 1}:0] x, output wire differ);"]
    for wire in stage:
        assert isinstance(wire, Wire)
        text.append(f"wire {declared(wire.net)}{wire.net.name} = {text_of(wire.value)};")
    for number, (target, output) in enumerate(zip(targets, pipeline.outputs, strict=True)):
        parameters = {
            "SW": source.width,
            "SS": int(source.signed),
            "DROP": source.fraction - target.fraction,
            "TW": target.width,
            "TS": int(target.signed),
            "Q": ROUNDINGS.index(spoil or target.rounding),
            "O": SATURATIONS.index(target.saturation),
            "RELU": int(relu),
        }
        listed = ", ".join(f".{key}({value})" for key, value in parameters.items())
        text.append(f"wire [{target.width - 1}:0] is{number} = {text_of(output)};")
        text.append(f"wire [{target.width - 1}:0] should{number};")
        text.append(f"ap_cast #({listed}) cast{number}(.x(x), .y(should{number}));")
    differences = ", ".join(f"is{number} != should{number}" for number in range(len(targets)))
    return "\n".join([REFERENCE, *text, f"assign differ = |{{{differences}}};", "endmodule"])


def targets(widths: Sequence[int], drops: Sequence[int], source: FixedType) -> list[FixedType]:
    """Types of some widths that lose some fractional bits, in all modes."""
    shapes = product(widths, drops, (True, False), ROUNDINGS, SATURATIONS)
    return [FixedType(w, w - source.fraction + drop, *rest) for w, drop, *rest in shapes]


def test_all_modes_are_there() -> None:
    assert set(ROUNDINGS) == set(ROUNDING_MODES) and set(SATURATIONS) == set(SATURATION_MODES)


@pytest.mark.parametrize("relu", [False, True], ids=["cast", "relu"])
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_casts_of_six_bits_are_proved(signed: bool, relu: bool) -> None:
    """All modes, signed and not, fewer and more bits at both ends."""
    source = FixedType(6, 3, signed)
    assert ask(question(source, targets((1, 4, 8), (-1, 1, 3), source), relu), SECONDS) == "proved"


def test_a_cast_that_rounds_in_another_way_is_refuted() -> None:
    source = FixedType(6, 3)
    wrong = [FixedType(4, 3, True, "RND_CONV", "SAT")]
    assert ask(question(source, wrong), SECONDS) == "proved"
    assert ask(question(source, wrong, spoil="RND"), SECONDS) == "refuted"


@pytest.mark.slow
@pytest.mark.parametrize("relu", [False, True], ids=["cast", "relu"])
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("width", range(1, 9))
def test_casts_of_all_widths_up_to_eight_bits_are_proved(width: int, signed: bool, relu: bool) -> None:
    source = FixedType(width, (width + 1) // 2, signed)
    for size in range(1, 9):
        assert ask(question(source, targets((size,), range(-2, width + 2), source), relu), SECONDS) == "proved", size
