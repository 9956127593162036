"""Reuse factors above 1: folded layers give what the C++ gives, at the interval that was asked for."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES
from tests.networks import compile_graph, convert, keras  # noqa: F401  (a fixture)

N_IN, N_OUT = 12, 6
REUSE_FACTORS = (1, 2, 3, 4, 6, 12)


def random_weights(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights with many zeros, an empty row and an empty column."""
    weights = rng.uniform(-1.9, 1.9, shape) * (rng.random(shape) < 0.6)
    if len(shape) == 2:
        weights[rng.integers(shape[0])] = 0
        weights[:, rng.integers(shape[1])] = 0
    return weights


def branches(keras: Any, input_type: str, seed: int) -> tuple[Any, dict[str, Any]]:  # noqa: F811
    """One network of many branches, each two dense layers of its own types and reuse factors."""
    rng = np.random.default_rng(seed)
    x = keras.layers.Input((N_IN,), name="x")
    options: dict[str, Any] = {"x": {"precision": {"result": input_type}}}
    outputs = []
    modes = list(product(ROUNDING_MODES, SATURATION_MODES))
    rng.shuffle(modes)
    for i, reuse in enumerate(REUSE_FACTORS * 2):
        rounding, saturation = modes[i]
        bits = int(rng.integers(2, 9))
        first = keras.layers.Dense(N_IN, name=f"a{i}", activation=None)(x)
        hidden = keras.layers.Activation("relu", name=f"r{i}")(first)
        last = keras.layers.Dense(N_OUT, name=f"b{i}")(hidden)
        outputs.append(last)
        dense = {"weight": f"fixed<{rng.integers(2, 7)},2>", "bias": "fixed<6,2>", "accum": "auto"}
        options[f"a{i}"] = {"precision": {**dense, "result": "auto"}, "Strategy": "distributed_arithmetic"}
        unsigned = i % 2
        kind = f"{'u' * unsigned}fixed<{bits},{rng.integers(0, bits) + 1},{rounding},{saturation}>"
        options[f"r{i}"] = {"precision": {"result": kind}}
        result = f"fixed<{rng.integers(4, 12)},4,{rounding},{saturation}>" if i % 3 else "auto"
        options[f"b{i}"] = {"precision": {**dense, "result": result}, "Strategy": "distributed_arithmetic"}
        options[f"a{i}"]["ReuseFactor"] = options[f"b{i}"]["ReuseFactor"] = reuse
    model = keras.Model(x, outputs)
    model.set_weights([random_weights(rng, w.shape) for w in model.get_weights()])
    return model, options


@pytest.mark.parametrize("input_type", ["fixed<9,3>", "ufixed<6,2>", "fixed<5,5>"])
def test_branches_of_all_reuse_factors_and_modes_agree_with_the_cpp(
    keras: Any,  # noqa: F811
    tmp_path: Path,
    input_type: str,
) -> None:
    model, options = branches(keras, input_type, seed=len(input_type))
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=1500)
    assert result.first_mismatch is None
    assert result.mismatches == 0
    assert result.outputs == N_OUT * 2 * len(REUSE_FACTORS)
    assert result.simulation.initiation_interval == max(REUSE_FACTORS)


def one_layer(keras: Any, reuse: int, strategy: str, accum: str = "auto") -> tuple[Any, dict[str, Any]]:  # noqa: F811
    """A dense layer of 12 inputs and 6 outputs."""
    model = keras.Sequential([keras.layers.Input((N_IN,), name="x"), keras.layers.Dense(N_OUT, name="fc")])
    precision = {"weight": "fixed<6,2>", "bias": "fixed<6,2>", "accum": accum, "result": "fixed<12,6>"}
    return model, {"fc": {"ReuseFactor": reuse, "Strategy": strategy, "precision": precision}}


def test_a_reuse_factor_that_is_not_valid_names_the_layer_and_valid_ones_near_it(keras: Any, tmp_path: Path) -> None:  # noqa: F811
    model, options = one_layer(keras, 5, "distributed_arithmetic")
    with pytest.raises(L1mlError, match=r"layer 'fc' .*reuse factor 5 is not valid.*: 1, 2, 3, 4, 6, 12$"):
        convert(model, tmp_path, options).write()


def test_an_accumulator_that_drops_bits_is_refused_when_folded(keras: Any, tmp_path: Path) -> None:  # noqa: F811
    model, options = one_layer(keras, 4, "distributed_arithmetic", accum="fixed<10,6>")
    graph = convert(model, tmp_path, options, write_rtl=True)
    with pytest.raises(L1mlError, match=r"layer 'fc': accum_t fixed<10,6> drops bits"):
        graph.write()


def test_a_strategy_that_is_not_known_is_refused_with_the_known_ones(keras: Any, tmp_path: Path) -> None:  # noqa: F811
    model, options = one_layer(keras, 1, "Magic")
    with pytest.raises(L1mlError, match=r"strategy 'magic' is not known.*Latency, Resource, distributed_arithmetic"):
        convert(model, tmp_path, options).write()
