"""Binary, ternary and power-of-two numbers wherever hls4ml has them: every lowering against its compiled C++."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import columns, compile_graph, convert, golden, lowered, quiet

from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.network import network_of

BITS_OF = ("fixed<1,1>", "fixed<2,1,TRN,SAT>", "ufixed<2,2>", "uint<1>", "fixed<3,1,RND,SAT_SYM>", "int<1>")
"""Types of the results of ``binary_tanh`` and ``ternary_tanh``, few of which hold -1 and 1."""


class Model:
    """Branches side by side, each from an input of its own."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.options: dict[str, Any] = {}

    def branch(self, name: str, source: str, *layers: Callable[[Any], Any], size: int = 6) -> None:
        """Layers one after the other, the first of which gets values of the type ``source``."""
        x = values = self.keras.Input((size,), name=f"x_{name}")
        self.options[f"x_{name}"] = {"precision": {"result": source}}
        for layer in layers:
            values = layer(values)
        self.inputs.append(x)
        self.outputs.append(values)

    def dense(self, name: str, kernel: str, types: dict[str, str] | None = None, **more: Any) -> Any:
        """A QKeras layer with some of hls4ml's types and options."""
        from qkeras import QDense

        self.options[name] = {"types": types or {}, **more}
        return QDense(3, kernel_quantizer=kernel, bias_quantizer="quantized_bits(6, 2, alpha=1)", name=name)

    def plain(self, name: str, kind: str = "Dense", types: dict[str, str] | None = None) -> Any:
        """A layer of Keras, or of another name of the same."""
        self.options[name] = {"types": types or {}}
        return type(kind, (self.keras.layers.Dense,), {})(3, name=name)

    def normal(self, name: str, **types: str) -> Any:
        """A batch normalisation."""
        self.options[name] = {"types": types}
        return self.keras.layers.BatchNormalization(name=name)

    def function(self, name: str, function: str, **types: str) -> Any:
        """A function that hls4ml knows and Keras does not."""
        config = {"name": name, "activation": function}
        self.options[name] = {"types": types}
        return type("Activation", (self.keras.layers.Activation,), {"get_config": lambda _: config})("relu", name=name)

    def convert(self, folder: Path) -> Any:
        """hls4ml's graph, with weights of all sizes."""
        rng, model = np.random.default_rng(5), self.keras.Model(self.inputs, self.outputs)
        for layer in model.layers:
            values = [rng.normal(0, 1, w.shape) * rng.choice([0.001, 0.01, 1, 3], w.shape) for w in layer.get_weights()]
            if isinstance(layer, self.keras.layers.BatchNormalization):
                sign = rng.choice([1, 1, 1, -1], values[0].shape)
                values[0], values[3] = (rng.uniform(0.4, 2, values[0].shape) for _ in range(2))
                values[0] *= sign
            if layer.name.startswith("ones"):
                values = [rng.integers(0, 2, w.shape) * 1.0 for w in layer.get_weights()]
            layer.set_weights(values)
        return convert(model, folder, self.options)


def differences(graph: Any) -> dict[str, int]:
    """How often the lowering gives something else than the C++, by output; nothing for those that agree."""
    compile_graph(graph)
    network, rng = network_of(graph), np.random.default_rng(7)
    kinds = [(t.type.minimum, t.type.maximum + 1, (500, t.size)) for t in network.inputs]
    inputs = np.concatenate([rng.integers(*kind) for kind in kinds], axis=1)
    differs = (lowered(graph, inputs) != golden(graph, inputs)).sum(axis=0)
    return {name: int(n) for name, n in zip(columns(network), differs, strict=True) if n}


def test_products_are_those_of_hls4ml(keras: Any, tmp_path: Path) -> None:
    from qkeras import QActivation

    m, four = Model(keras), "fixed<8,4>"

    def bits(name: str, kind: str = "binary") -> tuple[Any, Any]:
        return m.normal(f"{name}_bn"), QActivation(kind, name=f"{name}_bits")

    kernels = ("binary()", "binary(alpha=1)", "ternary(alpha=1)", "ternary()", "quantized_po2(4)", "quantized_po2(5)",
               "quantized_bits(4, 0, alpha='auto')", "quantized_bits(4, 0, alpha='auto_po2')", "quantized_bits(1, 0)",
               "quantized_bits(1, 1)", "quantized_bits(2, 2)", "quantized_relu_po2(4)")  # fmt: skip
    for i, kernel in enumerate(kernels):
        m.branch(f"k{i}", four, m.dense(f"k{i}", kernel))
        m.branch(f"b{i}", four, *bits(f"b{i}"), m.dense(f"b{i}", kernel))
        if i % 2 == 0:
            m.branch(f"t{i}", four, *bits(f"t{i}", "ternary"), m.dense(f"t{i}", kernel))
    # Inputs and weights of one bit, in the C++ a type like any other or -1 and 1.
    one = {"weight": "uint<1>", "bias": "fixed<6,3>"}
    m.branch("plain", "uint<1>", m.plain("ones", types={**one, "result": "fixed<8,4>"}))
    m.branch("narrow", "uint<1>", m.plain("ones_too", types={**one, "accum": "fixed<5,3>", "result": "fixed<8,4>"}))
    m.branch("fixed", "ufixed<1,1>", m.dense("fixed", "binary(alpha=1)"))
    m.branch("bit", "uint<1>", m.dense("bit", "binary(alpha=1)", {"result": "fixed<9,5,RND,SAT>"}), size=9)
    # Accumulators that saturate, round or are integers.
    for accum in (
        "fixed<5,2,RND,SAT>",
        "ufixed<4,2,RND,SAT>",
        "fixed<3,3,TRN,SAT_SYM>",
        "fixed<7,5,RND_CONV>",
        "int<6>",
    ):
        for kernel in ("quantized_bits(5, 1, alpha=1)", "binary(alpha=1)", "quantized_po2(4)"):
            name = f"a{len(m.inputs)}"
            behind = bits(name) if "po2" not in kernel else ()
            m.branch(name, four, *behind, m.dense(name, kernel, {"accum": accum, "result": "fixed<9,5>"}))
    # Powers of two by which bits are lost at either end.
    wide = {"accum": "fixed<40,16>", "result": "fixed<40,16>"}
    m.branch("cut", "fixed<9,-2>", m.dense("cut", "quantized_po2(5)", wide))
    m.branch("cut_more", "fixed<9,-2>", m.dense("more", "quantized_po2(5)", {"accum": "fixed<16,6,RND,SAT>"}))
    m.branch("wrap", "fixed<6,7>", m.dense("wrap", "quantized_po2(5)", {"accum": "fixed<30,20>"}))
    for strategy in ("Resource", "distributed_arithmetic", "auto"):
        for i, kernel in enumerate(("quantized_bits(5, 1)", "binary(alpha=1)", "quantized_po2(4)")):
            name = f"{strategy[:2]}{i}"
            m.branch(name, four, *bits(name), m.dense(name, kernel, Strategy=strategy))
    # Scales.
    m.branch("scaled", "fixed<6,3>", m.normal("scaled", scale="int<2>"))
    m.branch("bits_scaled", four, *bits("bits_scaled"), m.normal("bits_scaled"))
    assert differences(m.convert(tmp_path)) == {}


def test_signs_are_those_of_hls4ml(keras: Any, tmp_path: Path) -> None:
    from qkeras import QActivation

    m = Model(keras)
    for i, source in enumerate(("fixed<8,-3>", "fixed<8,4>", "ufixed<5,2>", "fixed<26,13>", "fixed<4,6>")):
        for function in ("binary", "ternary"):
            name = f"{function}{i}"
            m.branch(name, source, m.normal(f"{name}_bn"), QActivation(function, name=name), size=3)
            m.branch(f"{name}f", source, m.function(f"{name}f", f"{function}_tanh"), size=3)
    m.branch("far", "fixed<6,3>", QActivation("ternary(threshold=0.8)", name="far"), size=3)
    m.branch("saturates", "fixed<6,3,RND,SAT>", m.function("saturates", "ternary_tanh"), size=3)
    for i, result in enumerate(BITS_OF):
        for function in ("binary", "ternary"):
            name = f"{function}r{i}"
            m.branch(name, "fixed<6,3>", m.function(name, f"{function}_tanh", result=result), size=2)
    # Layers whose weights hls4ml makes bits of, because they come behind such an activation.
    for kind, function in (("BinaryDense", "binary_tanh"), ("TernaryDense", "ternary_tanh")):
        layers = [
            layer
            for i in range(2)
            for layer in (
                m.plain(f"{kind}{i}", kind),
                m.normal(f"{kind}{i}_bn"),
                m.function(f"{kind}{i}_f", function),
            )
        ]
        m.branch(kind, "fixed<8,4>", *layers, m.plain(f"{kind}2", kind), m.normal(f"{kind}2_bn"))
    graph = m.convert(tmp_path)
    kinds = [layer.class_name for layer in graph.get_layers()]
    assert differences(graph) == {}
    assert (kinds.count("Activation"), kinds.count("BatchNormalizationQuantizedTanh")) == (23, 15)


def single(keras: Any, folder: Path, kernel: str, *, bias: Any = None, weight: float = 2.0**-8, **options: Any) -> None:
    """Write the project of a dense layer."""
    from qkeras import QDense

    x = keras.Input((4,), name="x")
    model = keras.Model(x, QDense(3, kernel_quantizer=kernel, bias_quantizer=bias, name="dense")(x))
    model.set_weights([np.full((4, 3), weight), np.ones(3)])
    graph = convert(model, folder, {"x": {"precision": {"result": "fixed<9,1>"}}, "dense": options}, write_rtl=True)
    with quiet():
        graph.write()


def test_a_bias_of_powers_of_two_is_refused(keras: Any, tmp_path: Path) -> None:
    with pytest.raises(
        L1mlError, match=r"layer 'dense': hls4ml has no C\+\+ for a bias of powers of two; quantize it by"
    ):
        single(keras, tmp_path, "quantized_bits(4, 0, alpha=1)", bias="quantized_po2(4)")


def test_neurons_without_weights_are_refused_where_hls4ml_divides_by_their_scale(keras: Any, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match=r"layer 'dense': weight has values that are no numbers; .* give it alpha=1"):
        single(keras, tmp_path, "quantized_bits(4, 0, alpha='auto')", weight=0.0)


def test_ternary_values_without_cpp_are_refused(keras: Any, tmp_path: Path) -> None:
    from qkeras import QActivation

    x = keras.Input((4,), name="x")
    graph = convert(keras.Model(x, QActivation("ternary(threshold=0.5)", name="sign")(x)), tmp_path, write_rtl=True)
    with pytest.raises(
        L1mlError, match=r"layer 'sign': hls4ml writes no C\+\+ for ternary values .* of exactly 0.5; give"
    ):
        compile_graph(graph)


def test_powers_of_two_that_lose_bits_are_refused_at_reuse_factors_above_1(keras: Any, tmp_path: Path) -> None:
    told = r"layer 'dense': products with its powers of two lose bits below 2\^-15, .*; set its reuse factor to 1"
    with pytest.raises(L1mlError, match=told):
        single(keras, tmp_path, "quantized_po2(6)", types={"accum": "fixed<40,16>"}, ReuseFactor=2)
