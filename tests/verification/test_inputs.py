"""Real inputs are cast as hls4ml's C++ casts them, for every type and mode of an input."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert

import l1ml
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES

KINDS = ("fixed", "ufixed")

TYPES = [
    *(
        f"{kind}<5,3,{mode},{over}>"
        for kind, mode, over in product(("fixed", "ufixed"), ROUNDING_MODES, SATURATION_MODES)
    ),
    *("int<4>", "uint<4>", "int<1>", "uint<1>", "fixed<4,-1,RND,SAT>", "ufixed<3,5>"),
]


def test_simulate_gives_what_predict_gives_on_inputs_that_are_off_the_grid(keras: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {f"x{k}": {"precision": {"result": kind}} for k, kind in enumerate(TYPES)}
    inputs = [keras.Input((1,), name=name) for name in options]
    sums = [keras.layers.Add(name=f"sum{k}")(inputs[k : k + 2]) for k in range(0, len(inputs), 2)]
    options |= {f"sum{k}": {"precision": {"result": "fixed<16,9>"}} for k in range(0, len(inputs), 2)}
    graph = convert(keras.Model(inputs, sums), tmp_path, options, write_rtl=True)
    compile_graph(graph)
    rng = np.random.default_rng(1)
    on_halves = np.arange(-80, 81)[:, None] / 16 + np.array([-1e-7, 0, 1e-7])
    values = np.concatenate([on_halves.ravel(), rng.normal(0, 9, 200), [-0.0, 1e-30, -1e-30, 3e5 + 0.3, -3e5 - 0.3]])
    x = [rng.permutation(values)[:, None] for _ in inputs]
    found, expected = l1ml.simulate(graph, x).outputs, graph.predict(x)
    for name, ours, theirs in zip(options, found, expected, strict=False):
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
