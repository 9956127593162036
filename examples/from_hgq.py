"""From HGQ, the first one, to Verilog. It is for Keras 2; new models are better made with HGQ2 (from_hgq2.py).

    python examples/from_hgq.py [DIR]

It takes about a minute and needs `pip install '.[train]'` and `pip install --no-deps HGQ==0.2.6`.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.keras_setup import set_up_keras

set_up_keras()  # HGQ needs Keras 2


def events(count: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`."""
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


def small_model(x: NDArray[np.float32], seed: int = 3) -> Any:
    """8 inputs, 12 hidden nodes and 3 outputs with random weights, as HGQ's proxy model with all types in it."""
    import tf_keras
    from HGQ import trace_minmax
    from HGQ.layers import HActivation, HDense, HQuantize
    from HGQ.proxy import to_proxy_model

    tf_keras.utils.set_random_seed(seed)
    features = tf_keras.layers.Input((8,), name="features")
    hidden = HDense(12, activation="relu", name="hidden")(HQuantize(name="quantized")(features))
    scores = HDense(3, name="scores")(HActivation("tanh", name="table")(hidden))
    model = tf_keras.Model(features, scores)
    trace_minmax(model, x, verbose=False)  # sets the integer bits, by what occurs; training comes before
    return to_proxy_model(model, aggressive=False, unary_lut_max_table_size=4096)


def run(folder: str) -> None:
    """From a model to the proof that the Verilog computes what the C++ does."""
    x = events()
    proxy = small_model(x)
    # begin
    import hls4ml

    import l1ml

    config = {"Model": {"Precision": "fixed<1,0>", "ReuseFactor": 1}}  # the types are in the proxy model
    hls_model = hls4ml.converters.convert_from_keras_model(
        proxy, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    assert checked.mismatches == 0, checked.first_mismatch
    assert np.array_equal(hls_model.predict(x), proxy.predict(x, verbose=0)), "the C++ differs from HGQ"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
