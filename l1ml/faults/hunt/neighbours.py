"""Events near others, for a search: small steps, single elements, mixtures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from l1ml.verification.vectors import nearby


def neighbours(
    parents: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """An event near each pair.

    Args:
        parents: Pairs of events, shape (2, events, elements).
        low: Lowest integer of each element.
        high: Highest.
        rng: For the choices.
    """
    first, second = parents
    count = len(first)
    way = rng.integers(0, 8, count)
    rows = nearby(parents, low, high, rng)  # for one in eight
    for number, change in enumerate((_one_anew, _one_to_end, _one_step, _one_of_partner, _mixed, _between, _few_steps)):
        chosen = way == number
        rows[chosen] = change(first[chosen], second[chosen], low, high, rng)
    return np.clip(rows, low, high)


_Rows = NDArray[np.int64]


def _one(rows: _Rows, rng: np.random.Generator) -> tuple[_Rows, _Rows]:
    return np.arange(len(rows)), rng.integers(0, rows.shape[1], len(rows))


def _one_anew(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    every, one = _one(first, rng)
    first[every, one] = rng.integers(low[one], high[one] + 1) >> rng.integers(0, 12, len(first))
    return first


def _one_to_end(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    every, one = _one(first, rng)
    first[every, one] = np.where(rng.random(len(first)) < 0.5, low[one], high[one])
    return first


def _one_step(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    every, one = _one(first, rng)
    first[every, one] += rng.choice([-1, 1], len(first)) << rng.integers(0, 12, len(first))
    return first


def _one_of_partner(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    every, one = _one(first, rng)
    first[every, one] = second[every, one]
    return first


def _mixed(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    return np.where(rng.random(first.shape) < rng.random((len(first), 1)), first, second)


def _between(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    part = rng.random((len(first), 1)) * rng.choice([1.0, 1.0, 0.1, 1.5], (len(first), 1))
    return np.rint(first + (second - first) * part).astype(np.int64)


def _few_steps(first: _Rows, second: _Rows, low: _Rows, high: _Rows, rng: np.random.Generator) -> _Rows:
    some = rng.random(first.shape) < 3 / first.shape[1]
    return first + some * (rng.choice([-1, 1], first.shape) << rng.integers(0, 6, first.shape))
