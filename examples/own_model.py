"""Your own model as firmware: a saved model of Keras 3 or of QKeras goes in, verified Verilog comes out.

    python examples/own_model.py train MODEL                 # stands in for your own training
    python examples/own_model.py convert MODEL DIR --reuse-factor 8

A MODEL named *.keras is one of Keras 3, *.h5 one of QKeras. docs/tutorial.md goes on from there to a golden pack, to
continuous integration and to an IP. It takes about two minutes and needs `pip install '.[train]'`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.keras_setup import set_up_keras
from l1ml.triggers.jet_tagger import data as jets


def events(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of jets with mean 0 and width 1, shape (count, 16), and their classes; the last ones of the sample."""
    sample = jets.load()
    features = (sample.features - sample.features.mean(axis=0)) / sample.features.std(axis=0)
    return features[-count:], sample.labels[-count:]


def train(file: Path, epochs: int) -> None:
    """Train a small jet tagger on the shipped jets, and save it."""
    x, labels = events(40_000)
    keras, model = keras3_model() if file.suffix == ".keras" else qkeras_model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
    model.fit(x, labels, batch_size=512, epochs=epochs, verbose=2)
    model.save(file)


def keras3_model() -> tuple[Any, Any]:
    """Keras, and a network in floating point, whose types hls4ml's configuration sets."""
    import keras

    keras.utils.set_random_seed(1)
    layers = [
        keras.layers.Input((16,), name="features"),
        keras.layers.Dense(24, activation="relu", name="hidden"),
        keras.layers.Dense(len(jets.CLASSES), name="scores"),
    ]
    return keras, keras.Sequential(layers)


def qkeras_model() -> tuple[Any, Any]:
    """Keras 2, which QKeras needs, and a network that is trained with weights and activations of 6 bits."""
    set_up_keras()
    import tf_keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    tf_keras.utils.set_random_seed(1)
    bits = {"kernel_quantizer": quantized_bits(6, 0, alpha=1), "bias_quantizer": quantized_bits(6, 0, alpha=1)}
    layers = [
        tf_keras.layers.Input((16,), name="features"),
        QDense(24, name="hidden", **bits),
        QActivation(quantized_relu(6, 2), name="relu"),
        QDense(len(jets.CLASSES), name="scores", **bits),
    ]
    return tf_keras, tf_keras.Sequential(layers)


def load(file: Path) -> Any:
    """A saved model."""
    if file.suffix == ".keras":
        import keras

        return keras.saving.load_model(file)
    set_up_keras()
    from qkeras.utils import load_qmodel

    return load_qmodel(str(file), compile=False)


def convert(file: Path, folder: Path, reuse_factor: int) -> None:
    """From a model file to verified Verilog; docs/tutorial.md shows these lines."""
    model = load(file)
    x, _ = events(2000)  # to verify with: yours, in the units of your training
    # begin
    import hls4ml

    import l1ml

    config = hls4ml.utils.config_from_keras_model(
        model, granularity="name", backend="Verilog", default_precision="fixed<12,4,RND,SAT>"
    )
    config["LayerName"]["features"]["Precision"]["result"] = "fixed<10,4,RND,SAT>"
    for layer in ("hidden", "scores"):
        config["LayerName"][layer]["ReuseFactor"] = reuse_factor
        config["LayerName"][layer]["Strategy"] = "auto"
    hls_model = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=str(folder), project_name="my_tagger", clock_period=2.8
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x, reference=model)
    print(checked)
    # end
    if checked.mismatches:
        raise SystemExit(f"RTL and C++ differ: {checked.first_mismatch}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    first = steps.add_parser("train")
    first.add_argument("model", type=Path)
    first.add_argument("--epochs", type=int, default=8)
    second = steps.add_parser("convert")
    second.add_argument("model", type=Path)
    second.add_argument("folder", type=Path)
    second.add_argument("--reuse-factor", type=int, default=1)
    options = parser.parse_args()
    if options.step == "train":
        train(options.model, epochs=options.epochs)
    else:
        convert(options.model, options.folder, options.reuse_factor)
