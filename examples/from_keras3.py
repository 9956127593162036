"""From Keras 3 to Verilog: a network in floating point, and the fixed-point types that it gets afterwards.

    python examples/from_keras3.py [DIR]

It takes about a minute and needs `pip install '.[keras3]'`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # "jax" and "torch" do as well


def events(count: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`."""
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


def small_model(seed: int = 3) -> Any:
    """Two branches of 8 inputs side by side, and 3 outputs, with random weights."""
    import keras

    keras.utils.set_random_seed(seed)
    features = keras.Input((8,), name="features")
    normed = keras.layers.BatchNormalization(name="norm")(features)
    left = keras.layers.Dense(6, activation="relu", name="left")(features)
    right = keras.layers.Dense(6, activation="relu", name="right")(normed)
    scores = keras.layers.Dense(3, name="scores")(keras.layers.Concatenate(name="both")([left, right]))
    return keras.Model(features, scores)


def run(folder: str) -> None:
    """From a model to the proof that the Verilog computes what the C++ does."""
    model, x = small_model(), events()
    # begin
    import hls4ml

    import l1ml

    config = hls4ml.utils.config_from_keras_model(
        model, granularity="name", backend="Verilog", default_precision="fixed<12,4,RND,SAT>"
    )
    hls_model = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    away = np.abs(hls_model.predict(x) - model.predict(x, verbose=0)).max()
    print(f"at most {away:.3f} away from Keras, latency {checked.simulation.latency} cycles")
    assert checked.mismatches == 0, checked.first_mismatch


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
