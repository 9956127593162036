"""The words that control shared multipliers: their bits, weights as digits, and where they are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import compile_graph, convert

import l1ml
from l1ml.estimation.synthesis import estimate
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.layers.dense.folding.multipliers.microcode import BLOCK_ROM_DEPTH, Microcode
from l1ml.layers.dense.folding.multipliers.printing import _booth

EVENTS = 200


def read(code: Microcode, expression: str, word: int) -> int:
    """What an expression of microcode is for a word, as many cycles later as it says: unsigned."""
    if constant := re.fullmatch(r"(\d+)'d(\d+)", expression):
        return int(constant[2])
    value = 0
    delays = {d.name: d for d in code.delays}
    for bit in expression.strip("{}").split(", "):
        if index := re.fullmatch(r"word\[(\d+)\]", bit):
            value = value << 1 | word >> int(index[1]) & 1
        elif late := re.fullmatch(r"(late\d+)\[(\d+)\]", bit):
            value = value << 1 | word >> delays[late[1]].columns[int(late[2])] & 1
        else:
            assert bit in ("1'b0", "1'b1")
            value = value << 1 | int(bit[-1])
    return value


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


@st.composite
def numbers(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, list[int]]]]:
    """Slots, and for some numbers the bits, the delay and the value in each slot."""
    slots = draw(st.integers(1, 12))
    wanted = []
    for width in draw(st.lists(st.integers(1, 9), max_size=6)):
        value = st.integers(-(1 << width - 1), (1 << width - 1) - 1)
        wanted.append((width, draw(st.integers(0, 3)), draw(st.lists(value, min_size=slots, max_size=slots))))
    return slots, wanted


@given(numbers())
def test_the_words_hold_every_number_in_every_slot(numbers: tuple[int, list[tuple[int, int, list[int]]]]) -> None:
    slots, wanted = numbers
    code = Microcode(slots)
    texts = [code.number(values, width, delay) for width, delay, values in wanted]
    assert len(code.words) == slots
    assert all(0 <= word < 1 << code.width for word in code.words)
    for (width, delay, values), text in zip(wanted, texts, strict=True):
        assert [signed(read(code, text, word), width) for word in code.words] == values
        assert set(re.findall(r"[a-z]+\d*(?=\[)", text)) <= {f"late{delay}" if delay else "word"}
    columns = {tuple(v >> i & 1 for v in values) for width, _, values in wanted for i in range(width)}
    assert code.width == len({c for c in columns if len(set(c)) > 1})  # equal ones exist once, constants nowhere
    assert len({d.name for d in code.delays}) == len(code.delays)
    for late in code.delays:
        assert late.cycles > 0
        assert len(set(late.columns)) == len(late.columns)


def test_equal_columns_are_one_and_constants_cost_nothing() -> None:
    code = Microcode(4)
    assert code.bit([0, 1, 1, 0]) == code.bit([False, True, True, False]) == "word[0]"
    assert code.bit([1, 1, 1, 1]) == "1'b1"
    assert code.bit([0, 0, 0, 0], 3) == "1'b0"
    assert code.number([-2, -2, -2, -2], 4) == "4'd14"
    assert (code.width, code.delays, code.register_bits) == (1, [], 1)
    assert code.number([0, -1, -1, 0], 3) == "{word[0], word[0], word[0]}"
    assert (code.width, code.words) == (1, [0, 1, 1, 0])


def test_delays_are_listed_with_their_columns_and_counted() -> None:
    code = Microcode(3)
    assert code.bit([1, 0, 0], 2) == "late2[0]"
    assert code.bit([0, 0, 1]) == "word[1]"
    assert code.bit([0, 0, 1], 2) == "late2[1]"
    assert code.bit([1, 0, 0], 5) == "late5[0]"
    assert code.bit([1, 0, 0], 2) == "late2[0]"
    assert [(d.name, d.cycles, d.columns) for d in code.delays] == [("late2", 2, [0, 1]), ("late5", 5, [0])]
    assert code.register_bits == 2 + 2 * 2 + 5


def test_block_ram_begins_where_a_bit_takes_more_than_one_lut() -> None:
    assert not Microcode(BLOCK_ROM_DEPTH - 1).in_block_ram
    assert Microcode(BLOCK_ROM_DEPTH).in_block_ram


def digits(code: Microcode, printed: dict[str, Any], word: int) -> list[int]:
    """The digits that a word has, the lowest one first."""
    one, two, negative = (read(code, printed[key], word) for key in ("one", "two", "negative"))
    assert not one & two
    sizes = [(one >> k & 1) + 2 * (two >> k & 1) for k in range(printed["digits"])]
    return [-size if negative >> k & 1 else size for k, size in enumerate(sizes)]


@pytest.mark.parametrize("bits", range(1, 13))
def test_digits_of_all_weights_add_up_to_them(bits: int) -> None:
    weights = np.arange(-(1 << bits - 1), 1 << bits - 1)
    for part in np.array_split(weights, max(1, len(weights) // 64)):  # words are as many as slots
        check_digits(part.tolist(), bits)


@settings(deadline=None)
@given(
    st.integers(1, 18).flatmap(lambda bits: st.lists(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1), min_size=1))
)
def test_digits_of_some_weights_add_up_to_them(weights: list[int]) -> None:
    check_digits(weights, 18)


def check_digits(weights: Sequence[int], bits: int) -> None:
    code = Microcode(len(weights))
    printed = _booth(list(weights), bits, code)
    assert printed["digits"] == (bits + 1) // 2
    for word, weight in zip(code.words, weights, strict=True):
        assert sum(digit * 4**k for k, digit in enumerate(digits(code, printed, word))) == weight


def test_deep_microcode_is_in_block_ram_and_agrees_with_the_cpp(keras: Any, tmp_path: Path) -> None:
    """One dense layer just below the limit and one at it, each of its own inputs."""
    rng = np.random.default_rng(5)
    depths = {"shallow": BLOCK_ROM_DEPTH - 1, "deep": BLOCK_ROM_DEPTH}
    inputs, outputs = [], []
    options: dict[str, Any] = {}
    for name, depth in depths.items():
        inputs.append(keras.layers.Input((depth,), name=f"x_{name}"))
        dense = keras.layers.Dense(2, name=name)
        outputs.append(dense(inputs[-1]))
        dense.set_weights([rng.integers(-31, 32, (depth, 2)) / 16, rng.integers(-31, 32, 2) / 16])
        precision = {"weight": "fixed<6,2>", "bias": "fixed<6,2>", "accum": "auto", "result": "fixed<14,10>"}
        options[inputs[-1].name] = {"precision": {"result": "fixed<6,2>"}}
        options[name] = {"ReuseFactor": depth, "Strategy": "Resource", "precision": precision}
    graph = convert(keras.Model(inputs, outputs), tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=EVENTS)
    assert (result.events, result.mismatches) == (EVENTS, 0)
    assert result.simulation.initiation_interval == depths["deep"]
    modules = estimate(rtl_folder(graph))["modules"]
    assert {name: modules[f"net_{name}"]["dsp"] for name in depths} == {"shallow": 2, "deep": 2}
    assert modules["net_shallow"]["bram"] == 0
    assert modules["net_deep"]["bram"] > 0
