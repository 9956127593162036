"""Vectors hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.fixed import FixedType
from l1ml.verification.vectors import make_vectors

TENSORS = (
    Tensor("a", 3, FixedType(5, 2)),
    Tensor("b", 2, FixedType(7, 7, signed=False)),
    Tensor("c", 1, FixedType(1, 1)),
)
LOW = np.array([-16, -16, -16, 0, 0, -1])
HIGH = np.array([15, 15, 15, 127, 127, 0])


def design(tensors: tuple[Tensor, ...] = TENSORS) -> Design:
    """A design of which only the inputs matter."""
    rest = {"outputs": (), "modules": (), "files": (), "latency": 1, "initiation_interval": 1}
    return Design(name="net", part="", clock_ns=1, inputs=tensors, **rest)


@given(st.integers(1, 600), st.integers(0, 500), st.integers(0, 5))
def test_there_are_as_many_events_as_asked_for_and_all_within_the_types(events: int, rows: int, seed: int) -> None:
    data = np.zeros((rows, 6), dtype=np.int64)
    vectors = make_vectors(design(), events, data=data, seed=seed)
    assert vectors.inputs.shape == (events, 6)
    assert sum(vectors.families.values()) == events
    assert np.all(vectors.inputs >= LOW) and np.all(vectors.inputs <= HIGH)


def test_corners_hold_all_ends_and_each_input_at_and_beside_its_ends_and_zero() -> None:
    vectors = make_vectors(design(), 2000)
    rows = {tuple(row) for row in vectors.inputs}
    assert {tuple(LOW), tuple(HIGH), (0,) * 6} <= rows
    for i in range(6):
        for value in {LOW[i], LOW[i] + 1, -1, 0, 1, HIGH[i] - 1, HIGH[i]}:
            if LOW[i] <= value <= HIGH[i]:
                assert tuple(int(value) if j == i else 0 for j in range(6)) in rows


def test_data_come_first_and_an_eighth_of_what_corners_leave_is_random() -> None:
    data = np.tile(np.array([7, 7, 7, 77, 77, -1]), (5000, 1))
    vectors = make_vectors(design(), 1000, data=data)
    taken = vectors.families["data"]
    assert taken > 500
    assert np.array_equal(vectors.inputs[:taken], data[:taken])
    assert vectors.families["random"] >= 1000 / 8 - vectors.families["corner"]
    assert [vectors.family_of(i) for i in (0, taken, 999)] == ["data", "corner", "random"]
    with pytest.raises(IndexError):
        vectors.family_of(1000)


def test_random_events_are_of_every_size() -> None:
    vectors = make_vectors(design((Tensor("a", 4, FixedType(16, 6)),)), 4000)
    random = vectors.inputs[-vectors.families["random"] :]
    sizes = np.abs(random).max(axis=1)
    for bits in range(1, 16):
        assert np.count_nonzero((sizes >= 1 << (bits - 1)) & (sizes < 1 << bits)) > 50, f"{bits} bits"


def test_the_seed_decides_the_random_events() -> None:
    first, same, other = (make_vectors(design(), 500, seed=seed).inputs for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
