"""The packed bus against Python's integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.verification.packing import bus_bytes, pack, unpack


@st.composite
def buses(draw: st.DrawFn) -> tuple[list[Tensor], list[list[int]]]:
    """Tensors of any types side by side, and a few events on them."""
    kinds = draw(st.lists(st.tuples(st.integers(1, 90), st.booleans(), st.integers(1, 5)), min_size=1, max_size=4))
    tensors = [Tensor(f"t{i}", size, FixedType(width, 4, signed)) for i, (width, signed, size) in enumerate(kinds)]
    ends = [(max(t.type.minimum, -(2**62)), min(t.type.maximum, 2**62)) for t in tensors for _ in range(t.size)]
    elements = [st.integers(*end) for end in ends]
    return tensors, draw(st.lists(st.tuples(*elements).map(list), min_size=1, max_size=4))


@given(buses())
def test_elements_lie_on_the_bus_from_the_least_significant_bit_on(bus: tuple[list[Tensor], list[list[int]]]) -> None:
    tensors, events = bus
    widths = [t.type.width for t in tensors for _ in range(t.size)]
    rows = pack(np.array(events), tensors)
    assert rows.shape == (len(events), bus_bytes(tensors)) == (len(events), -(-sum(widths) // 8))
    for row, event in zip(rows, events, strict=True):
        expected, low = 0, 0
        for value, width in zip(event, widths, strict=True):
            expected |= (value % (1 << width)) << low
            low += width
        assert int.from_bytes(row.tobytes(), "little") == expected


@given(buses())
def test_unpacking_gives_back_what_was_packed(bus: tuple[list[Tensor], list[list[int]]]) -> None:
    tensors, events = bus
    np.testing.assert_array_equal(unpack(pack(np.array(events), tensors), tensors), events)


def test_a_value_that_no_int64_holds_is_an_error() -> None:
    tensors = [Tensor("t", 1, FixedType(70, 40))]
    row = np.zeros((1, bus_bytes(tensors)), dtype=np.uint8)
    row[0, 8] = 1
    with pytest.raises(L1mlError, match=r"an element of t \(fixed<70,40>\) has a value of more than 63 bits"):
        unpack(row, tensors)


@given(buses())
def test_bits_beyond_the_bus_do_not_matter(bus: tuple[list[Tensor], list[list[int]]]) -> None:
    tensors, events = bus
    rows = pack(np.array(events), tensors)
    spare = 8 * rows.shape[1] - sum(t.bits for t in tensors)
    rows[:, -1] |= np.uint8((0xFF << (8 - spare)) & 0xFF)
    np.testing.assert_array_equal(unpack(rows, tensors), events)
