"""From HGQ2 to Verilog: a network that learns how many bits each weight and each activation needs.

    python examples/from_hgq2.py [DIR]

It takes about a minute and needs `pip install '.[hgq2]'`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # "jax" and "torch" do as well

Events = NDArray[np.float32]


def events(count: int = 2000, seed: int = 1) -> tuple[Events, NDArray[np.int64]]:
    """Random inputs, and whether their first four are larger than the others in quadratic sum."""
    x = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return x, ((x[:, :4] ** 2).sum(axis=1) > (x[:, 4:] ** 2).sum(axis=1)).astype(np.int64)


def trained(x: Events, labels: NDArray[np.int64], epochs: int = 8) -> Any:
    """A small classifier. `beta0` is the price of a bit: the higher, the fewer are kept."""
    import keras
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QAdd, QBatchNormalization, QDense, QUnaryFunctionLUT
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(3)
    few_bits = QuantizerConfigScope(place="datalane", f0=3)
    with few_bits, LayerConfigScope(enable_ebops=True, beta0=1e-5):
        features = keras.Input((8,), name="features")
        hidden = QDense(16, activation="relu", name="hidden")(features)
        normed = QBatchNormalization(name="norm")(hidden)
        table = QUnaryFunctionLUT("tanh", allow_heterogeneous_table=False, name="table")(normed)
        scores = QDense(2, name="scores")(QAdd(name="both")([hidden, table]))
    model = keras.Model(features, scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
    model.fit(x, labels, batch_size=256, epochs=epochs, verbose=0)
    trace_minmax(model, x, verbose=0)  # sets the integer bits, by what occurs
    return model


def run(folder: str) -> None:
    """From training to the proof that the Verilog computes what the C++ does."""
    x, labels = events()
    model = trained(x, labels)
    # begin
    import hls4ml

    import l1ml

    # HGQ2 knows all types; hls4ml takes them from the model.
    config = {"Model": {"Precision": "fixed<1,0>", "ReuseFactor": 1}}
    hls_model = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    scores = hls_model.predict(x)
    print(f"accuracy {np.mean(scores.argmax(axis=1) == labels):.3f}, latency {checked.simulation.latency} cycles")
    assert checked.mismatches == 0, checked.first_mismatch
    assert np.array_equal(scores, model.predict(x, verbose=0)), "the C++ differs from the network"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
