"""Events near others, for a search: small steps, single elements, whole inputs, mixtures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from l1ml.verification.vectors import nearby


def neighbours(
    parents: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    sizes: Sequence[int],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """An event near each pair.

    Args:
        parents: Pairs of events, shape (2, events, elements).
        low: Lowest integer of each element.
        high: Highest.
        sizes: Elements of each input; one of few is changed as often as many.
        rng: For the choices.
    """
    first, second = parents
    ways = (_one_anew, _one_to_end, _one_step, _one_of_partner, _mixed, _between, _few_steps)
    way = rng.integers(0, len(ways) + 1 + (len(sizes) > 1), len(first))
    one = _ones(sizes, len(first), rng)
    rows = nearby(parents, low, high, rng)  # for as many as there are of each way
    for number, change in enumerate(ways):
        chosen = way == number
        rows[chosen] = change(first[chosen], second[chosen], low, high, one[chosen], rng)
    chosen = way == len(ways) + 1
    rows[chosen] = _input_of_partner(first[chosen], second[chosen], sizes, rng)
    return np.clip(rows, low, high)


_Rows = NDArray[np.int64]


def _ones(sizes: Sequence[int], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """An element for each event: half of them are of any input alike, half are any element."""
    ends = np.cumsum(sizes)
    inputs = rng.integers(0, len(sizes), count)
    within = (rng.random(count) * np.take(sizes, inputs)).astype(np.int64)
    return np.where(rng.random(count) < 0.5, (ends - sizes)[inputs] + within, rng.integers(0, ends[-1], count))


def _input_of_partner(first: _Rows, second: _Rows, sizes: Sequence[int], rng: np.random.Generator) -> _Rows:
    which = np.repeat(np.arange(len(sizes)), sizes)
    return np.where(which == rng.integers(0, len(sizes), (len(first), 1)), second, first)


def _one_anew(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    every = np.arange(len(first))
    first[every, one] = rng.integers(low[one], high[one] + 1) >> rng.integers(0, 12, len(first))
    return first


def _one_to_end(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    every = np.arange(len(first))
    first[every, one] = np.where(rng.random(len(first)) < 0.5, low[one], high[one])
    return first


def _one_step(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    every = np.arange(len(first))
    first[every, one] += rng.choice([-1, 1], len(first)) << rng.integers(0, 12, len(first))
    return first


def _one_of_partner(
    first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator
) -> _Rows:
    every = np.arange(len(first))
    first[every, one] = second[every, one]
    return first


def _mixed(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    return np.where(rng.random(first.shape) < rng.random((len(first), 1)), first, second)


def _between(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    part = rng.random((len(first), 1)) * rng.choice([1.0, 1.0, 0.1, 1.5], (len(first), 1))
    return np.rint(first + (second - first) * part).astype(np.int64)


def _few_steps(first: _Rows, second: _Rows, low: _Rows, high: _Rows, one: _Rows, rng: np.random.Generator) -> _Rows:
    some = rng.random(first.shape) < 3 / first.shape[1]
    return first + some * (rng.choice([-1, 1], first.shape) << rng.integers(0, 6, first.shape))
