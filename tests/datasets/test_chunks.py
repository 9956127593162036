"""Chunks of data sets, and what all generators share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1ml.datasets import chunks
from l1ml.datasets.generator import round_mantissa

BITS = 11


def test_equal_shares_give_the_rest_to_the_first() -> None:
    assert chunks.equal_shares(47, ("a", "b", "c")) == {"a": 16, "b": 16, "c": 15}
    assert chunks.equal_shares(1, ("a", "b")) == {"a": 1, "b": 0}


def test_plan_splits_classes_into_chunks() -> None:
    sizes = {"a": 16, "b": 12, "c": 0, "d": 5}
    planned = chunks.plan(sizes, 6, seed=1)
    assert [(c.class_name, c.label, c.index, c.size) for c in planned] == [
        *(("a", 0, 0, 6), ("a", 0, 1, 6), ("a", 0, 2, 4)),
        *(("b", 1, 0, 6), ("b", 1, 1, 6)),
        ("d", 3, 0, 5),
    ]
    assert len({c.pythia_seed for c in planned}) == len(planned) == len({c.name for c in planned})
    assert all(1 <= c.pythia_seed <= 900_000_000 for c in planned)


def test_longer_run_starts_with_the_same_seeds() -> None:
    short, long = (
        {(c.label, c.index): c.pythia_seed for c in chunks.plan({"a": n, "b": n}, 6, seed=3)} for n in (20, 200)
    )
    assert short.items() <= long.items()


@pytest.mark.parametrize("damage", ["cut", "garbage", "short", "no identity"])
def test_damaged_chunk_is_made_again(tmp_path: Path, damage: str) -> None:
    planned = chunks.plan({"a": 3, "b": 3}, 10, seed=0)
    kept, damaged = (tmp_path / chunk.name for chunk in planned)
    for path, chunk in ((kept, planned[0]), (damaged, planned[1])):
        chunks.save(path, x=np.arange(3), identity=np.array(chunks._identity(chunk, {})))
    assert all(chunks._read(tmp_path, chunk, {}) is not None for chunk in planned)
    assert chunks._read(tmp_path, planned[0], {"other": 1}) is None
    if damage == "cut":
        damaged.write_bytes(damaged.read_bytes()[:-40])
    elif damage == "garbage":
        damaged.write_text("nonsense")
    elif damage == "short":
        chunks.save(damaged, x=np.arange(2), identity=np.array(chunks._identity(planned[1], {})))
    else:
        chunks.save(damaged, x=np.arange(3))
    assert chunks._read(tmp_path, planned[0], {}) is not None
    assert chunks._read(tmp_path, planned[1], {}) is None


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False, max_value=2.0**120), min_size=1))
def test_round_mantissa(values: list[float]) -> None:
    x = np.clip(np.array(values, dtype=np.float32), -(2.0**120), None)
    rounded = round_mantissa(x, BITS)
    normal = np.abs(x) > 1e-37
    error = np.abs(rounded[normal].astype(np.float64) / x[normal] - 1)
    assert (error <= 2.0 ** -(BITS + 1)).all()
    assert not (rounded.view(np.uint32) & 0xFFF).any()
    assert np.array_equal(round_mantissa(rounded, BITS), rounded)
    counts = np.arange(4096, dtype=np.float32)
    assert np.array_equal(round_mantissa(counts, BITS), counts)
