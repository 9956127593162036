"""The words that control shared multipliers: their bits, weights as digits, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import compile_graph, convert

import l1ml
from l1ml.compiler.circuit import BLOCK_ROM_DEPTH, Bit, Constant, Expression, Joined, Net, Rom, ShiftRegister
from l1ml.estimation.synthesis import estimate
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.layers.dense.folding.multipliers.microcode import Column, Microcode
from l1ml.layers.dense.folding.multipliers.printing import _booth

EVENTS = 200


def read(expression: Expression, word: int) -> int:
    """What an expression of microcode is for a word, as many cycles later as it says: unsigned."""
    if isinstance(expression, Constant):
        return expression.pattern
    if isinstance(expression, Column):
        return word >> expression.index & 1
    assert isinstance(expression, Joined)
    value = 0
    for part in expression.parts:
        value = value << part.width | read(part, word)
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
    expressions = [code.number(values, width, delay) for width, delay, values in wanted]
    assert len(code.words) == slots
    assert all(0 <= word < 1 << code.width for word in code.words)
    for (width, delay, values), expression in zip(wanted, expressions, strict=True):
        assert [signed(read(expression, word), width) for word in code.words] == values
        assert {c.delay for c in expression.walk() if isinstance(c, Column)} <= {delay}
    columns = {tuple(v >> i & 1 for v in values) for width, _, values in wanted for i in range(width)}
    assert code.width == len({c for c in columns if len(set(c)) > 1})  # equal ones exist once, constants nowhere


def test_equal_columns_are_one_and_constants_cost_nothing() -> None:
    code = Microcode(4)
    assert code.bit([0, 1, 1, 0]) == code.bit([False, True, True, False]) == Column(0, 0)
    assert code.bit([1, 1, 1, 1]) == Constant(1, 1)
    assert code.bit([0, 0, 0, 0], 3) == Constant(0, 1)
    assert code.number([-2, -2, -2, -2], 4) == Constant(-2, 4)
    assert (code.width, code.register_bits) == (1, 1)
    assert code.settled(code.number([0, -1, -1, 0], 3)) == Joined((Bit(Net("word", 1), 0),) * 3)
    assert (code.width, code.words) == (1, [0, 1, 1, 0])


def test_delayed_bits_are_taken_behind_as_many_registers() -> None:
    code = Microcode(3)
    early, second, late = code.bit([1, 0, 0], 2), code.bit([0, 0, 1], 2), code.bit([1, 0, 0], 5)
    now = code.bit([0, 0, 1])
    two, five = Net("late2", 2), Net("late5", 1)
    assert [code.settled(b) for b in (early, second, late)] == [Bit(two, 0), Bit(two, 1), Bit(five, 0)]
    assert code.settled(now) == Bit(Net("word", 2), 1)
    rom, *delays = code.section(Net("slot", 2)).items
    assert rom == Rom(Net("word", 2), Net("slot", 2), (1, 0, 2), in_block_ram=False)
    assert [(d.name, d.length) for d in delays if isinstance(d, ShiftRegister)] == [
        ("late2_pipe", 2),
        ("late5_pipe", 5),
    ]
    assert code.register_bits == 2 + 2 * 2 + 5


def test_block_ram_begins_where_a_bit_takes_more_than_one_lut() -> None:
    assert not Microcode(BLOCK_ROM_DEPTH - 1).in_block_ram
    assert Microcode(BLOCK_ROM_DEPTH).in_block_ram


def digits(factor: dict[str, Expression], count: int, word: int) -> list[int]:
    """The digits that a word has, the lowest one first."""
    one, two, negative = (read(factor[key], word) for key in ("one", "two", "negative"))
    assert not one & two
    sizes = [(one >> k & 1) + 2 * (two >> k & 1) for k in range(count)]
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
    code, count = Microcode(len(weights)), (bits + 1) // 2
    factor = _booth(list(weights), count, code)
    for word, weight in zip(code.words, weights, strict=True):
        assert sum(digit * 4**k for k, digit in enumerate(digits(factor, count, word))) == weight


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
