"""Element-wise layers and softmax: every lowering against hls4ml's compiled C++."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import columns, compile_graph, convert, golden, lowered
from numpy.typing import NDArray
from programs import evaluate, symbols_of

from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.network import network_of
from l1ml.layers.activations.shortening import shortened

RELU_TYPES = [
    "fixed<12,6>",
    "fixed<4,2,TRN_ZERO,WRAP>",
    "fixed<5,2,RND,SAT_SYM>",
    "fixed<5,3,RND_ZERO,SAT_ZERO>",
    "fixed<6,2,RND_MIN_INF,SAT>",
    "ufixed<6,2,RND_CONV,SAT>",
    "ufixed<5,2,RND_INF,SAT_SYM>",
    "ufixed<4,1>",
]
RESULT = "fixed<12,6,RND,SAT>"


def assert_equal_by_layer(graph: Any, inputs: NDArray[np.int64]) -> None:
    """The lowering must give what the C++ gives; the message counts the differences of each layer."""
    names = columns(network_of(graph))
    differs = (lowered(graph, inputs) != golden(graph, inputs)).sum(axis=0)
    assert {name: int(n) for name, n in zip(names, differs, strict=True) if n} == {}


def every_value(bits: int, size: int) -> NDArray[np.int64]:
    """All patterns of a type with so many bits, in a different order for each element."""
    values = np.arange(1 << bits)
    return np.stack([np.roll(values, 37 * i) for i in range(size)], axis=1)


def test_every_activation_gives_what_hls4ml_gives_for_every_input(keras: Any, tmp_path: Path) -> None:
    import tensorflow as tf
    from qkeras import QActivation, binary, quantized_bits

    layers = keras.layers
    outputs, options = [], {}
    inputs = {
        "plus_minus": keras.Input((3,), name="plus_minus"),
        "plus": keras.Input((3,), name="plus"),
    }

    def add(layer: Any, result: str | None = RESULT, source: str = "plus_minus") -> None:
        outputs.append(layer(inputs[source]))
        if result is not None:
            options[layer.name] = {"precision": {"result": result}}

    for source in inputs:
        for i, result in enumerate(RELU_TYPES):
            add(layers.Activation("relu", name=f"relu_{i}_{source}"), result, source)
        for name in ("sigmoid", "tanh", "softplus", "softsign", "selu", "hard_sigmoid"):
            add(layers.Activation(name, name=f"{name}_{source}"), RESULT, source)
        add(layers.Activation(tf.nn.relu6, name=f"relu6_{source}"), RESULT, source)
        add(layers.LeakyReLU(0.3, name=f"leaky_{source}"), RESULT, source)
        add(layers.ThresholdedReLU(1.3, name=f"threshold_{source}"), RESULT, source)
        add(layers.ELU(0.7, name=f"elu_{source}"), RESULT, source)
        prelu = layers.PReLU(name=f"prelu_{source}")
        add(prelu, RESULT, source)
        prelu.set_weights([np.array([0.25, -0.5, 0.1])])
        add(QActivation(binary(alpha=1), name=f"binary_{source}"), None, source)
    add(layers.ReLU(name="relu_layer"), "fixed<6,3,RND_CONV,SAT>")
    add(layers.Activation("linear", name="linear"), "fixed<6,3,RND_CONV,SAT>")
    add(QActivation(quantized_bits(5, 2, alpha=1), name="bits"), None)
    for name in ("quantized_relu(6,2)", "quantized_tanh(6)", "quantized_sigmoid(6)"):
        add(QActivation(name, name=name.split("(")[0]), None)
    options["plus_minus"] = {"precision": {"result": "fixed<9,4>"}}
    options["plus"] = {"precision": {"result": "ufixed<9,3>"}}
    graph = convert(keras.Model(list(inputs.values()), outputs), tmp_path, options)
    compile_graph(graph)
    patterns = every_value(9, 3)
    assert_equal_by_layer(graph, np.concatenate([patterns - 256, patterns], axis=1))


def test_batch_normalization_gives_what_hls4ml_gives(keras: Any, tmp_path: Path) -> None:
    """Folded into the dense layer before it, and on its own after an activation."""
    layers = keras.layers
    rng = np.random.default_rng(2)
    x = keras.Input((4,), name="x")
    hidden = layers.BatchNormalization(name="folded")(layers.Dense(5, name="dense")(x))
    hidden = layers.Activation("relu", name="relu")(hidden)
    alone, plain = layers.BatchNormalization(name="alone"), layers.BatchNormalization(name="plain", scale=False)
    model = keras.Model(x, [alone(hidden), plain(x)])
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.3, 2, w.shape) * rng.choice([-1, 1]) for w in layer.get_weights()[:-1]]
                              + [rng.uniform(0.3, 2, layer.get_weights()[-1].shape)])  # fmt: skip
    options = {
        "x": {"precision": {"result": "fixed<8,3>"}},
        "relu": {"precision": {"result": "ufixed<6,2,RND,SAT>"}},
        "alone": {"precision": {"result": "fixed<9,4,RND_CONV,SAT>"}},
        "plain": {"precision": {"result": "fixed<7,3>"}},
    }
    graph = convert(model, tmp_path, options)
    compile_graph(graph)
    found = [layer.class_name for layer in graph.get_layers()]
    assert found.count("BatchNormalization") == 2, "one of the three is folded into the dense layer"
    assert_equal_by_layer(graph, rng.integers(-128, 128, (3000, 4)))


def test_softmax_gives_what_hls4ml_gives_in_each_implementation(keras: Any, tmp_path: Path) -> None:
    """Also where the differences wrap, where there are three elements to sum, and for unsigned inputs."""
    inputs, outputs, options = [], [], {}
    coarse = {"exp_table": "fixed<10,2,RND,SAT>", "inv_table": "fixed<12,4,RND,SAT>"}
    variants = {
        "stable": ("fixed<9,4>", 5, "stable", {}),
        "wrapping": ("fixed<9,5>", 4, "stable", {"inp_norm": "ufixed<8,3>"}),
        "coarse": ("fixed<12,6>", 3, "stable", coarse),
        "latency": ("fixed<10,4>", 5, "latency", {}),
        "latency_unsigned": ("ufixed<10,3>", 2, "latency", {}),
        "argmax": ("fixed<4,2>", 6, "argmax", {}),
        "default": ("fixed<16,6>", 3, "stable", {}),
        "wide": ("fixed<32,16,RND_CONV,SAT>", 3, "stable", {"exp_table": "fixed<32,4>", "accum": "fixed<34,6>"}),
        "latency_wide": ("fixed<24,4>", 2, "latency", {}),
        "legacy": ("fixed<16,6>", 4, "legacy", {}),
        "legacy_unsigned": ("ufixed<24,4>", 3, "legacy", {}),
    }
    for name, (source, size, implementation, types) in variants.items():
        x = keras.Input((size,), name=f"x_{name}")
        inputs.append(x)
        outputs.append(keras.layers.Activation("softmax", name=f"soft_{name}")(x))
        options[x.name] = {"precision": {"result": source}}
        precision = {"result": "ufixed<14,1,RND,SAT>", **types}
        options[f"soft_{name}"] = {"precision": precision, "Implementation": implementation}
    graph = convert(keras.Model(inputs, outputs), tmp_path, options)
    compile_graph(graph)
    network = network_of(graph)
    rng = np.random.default_rng(4)
    blocks = []
    for tensor in network.inputs:
        wide = rng.integers(tensor.type.minimum, tensor.type.maximum + 1, (3000, tensor.size))
        near = wide[:, :1] + rng.integers(-3, 4, (3000, tensor.size))  # ties and small differences
        near = np.clip(near, tensor.type.minimum, tensor.type.maximum)
        ends = np.array([[tensor.type.minimum] * tensor.size, [tensor.type.maximum] * tensor.size])
        blocks.append(np.concatenate([wide, near, ends]))
    assert_equal_by_layer(graph, np.concatenate(blocks, axis=1))


def test_a_table_has_words_of_any_width() -> None:
    """alkaid keeps 24 bits of a word."""
    source = FixedType(6, 3)
    inputs = symbols_of([source])
    rng = np.random.default_rng(5)
    for bits in (17, 24, 25, 34, 49, 53):
        words = np.ldexp(rng.integers(-1 << (bits - 1), 1 << (bits - 1), 64).astype(np.float64), -9)
        results = evaluate(inputs, [shortened(np.asarray(inputs)[0], source, words)], np.arange(-32, 32)[:, None] / 8)
        np.testing.assert_array_equal(results[:, 0], words)
