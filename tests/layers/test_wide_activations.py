"""Activations of inputs too wide for a table of all of them, as hls4ml's defaults make them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, quiet
from numpy.typing import NDArray
from programs import evaluate, symbols_of

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, FixedType
from l1ml.layers.activations.computing import computed
from l1ml.layers.activations.lowering import lower
from l1ml.layers.activations.tables import dump, question, uses_table
from l1ml.layers.indexing import TableIndex
from l1ml.layers.parameters import input_type, output_type
from l1ml.layers.registry import family_of
from l1ml.reference.tables import CppTables

FUNCTIONS = ("sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "hard_sigmoid")

SATURATIONS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")

NARROW = ("fixed<16,6,{},SAT>", "ufixed<13,5,{},WRAP>", "fixed<13,-1,{},SAT_SYM>", "int<13>")
"""Inputs of which the C++ tells all outputs."""

WIDE = ("fixed<24,12,{},SAT>", "fixed<32,16,{},WRAP>", "fixed<35,15,{},SAT_ZERO>", "ufixed<30,10,{},WRAP>",
        "fixed<22,-2,{},SAT>", "fixed<40,34,{},WRAP>", "fixed<24,26,{},SAT>")  # fmt: skip
"""The last two reach beyond an ``int``, in which the C++ keeps an index, the very last in steps of 4."""


def activated(keras: Any, folder: Path, sources: tuple[str, ...], seed: int) -> Any:
    """A written project with all activations of inputs of some types; sizes of tables and results are drawn."""
    from qkeras import QActivation, binary

    rng = np.random.default_rng(seed)
    inputs, outputs, options = [], [], {}
    for number, source in enumerate(sources):
        x = keras.Input((1,), name=f"x{number}")
        inputs.append(x)
        options[x.name] = {"precision": {"result": source.format(rng.choice(ROUNDING_MODES))}}
        layers = [keras.layers.Activation(name, name=f"{name}_{number}") for name in FUNCTIONS]
        layers.append(keras.layers.ELU(0.7, name=f"steep_{number}"))
        layers.append(QActivation("quantized_tanh(7)", name=f"hard_tanh_{number}"))
        layers.append(QActivation(binary(alpha=1), name=f"binary_{number}"))
        for layer in layers:
            outputs.append(layer(x))
            integer, modes = int(rng.integers(2, 7)), (rng.choice(ROUNDING_MODES), rng.choice(SATURATIONS))
            result = FixedType(integer + int(rng.integers(12, 17)), integer, bool(rng.random() < 0.8), *map(str, modes))
            options[layer.name] = {"types": {"result": str(result)}}
            if "hard" not in layer.name and "binary" not in layer.name:
                options[layer.name]["TableSize"] = int(rng.choice([1024, 1024, 2048, 1000, 77]))
                options[layer.name]["types"]["table"] = str(rng.choice(["fixed<18,8>", "fixed<30,6,RND,SAT>"]))
    graph = convert(keras.Model(inputs, outputs), folder, options)
    with quiet():
        graph.write()
    return graph


def check(graph: Any, choose: Callable[[Any], NDArray[np.int64]]) -> None:
    """Hold what is lowered against the C++ for chosen inputs; the message counts the differences of each layer."""
    layers = [layer for layer in graph.get_layers() if layer.get_attr("activation")]
    inputs = {layer.name: choose(layer) for layer in layers}
    asked = [text for layer in layers for text in (dump(layer), question(layer, "checked", inputs[layer.name]))]
    tables, found = CppTables(asked, Path(graph.config.get_output_dir())), {}
    for layer in layers:
        source, symbols = input_type(layer), symbols_of([input_type(layer)])
        (value,) = (
            [computed(np.asarray(symbols)[0], layer, tables(layer))]
            if uses_table(layer)
            else np.asarray(lower(layer, [symbols], tables))
        )
        results = evaluate(symbols, [value], source.to_float(inputs[layer.name])[:, None])[:, 0]
        if wrong := int((results != tables(layer).values["checked"]).sum()):
            found[f"{layer.name}: {source} to {output_type(layer)}"] = wrong
    assert len(layers) >= len(FUNCTIONS)
    assert found == {}


def test_every_input_gives_what_hls4ml_gives(keras: Any, tmp_path: Path) -> None:
    def every(layer: Any) -> NDArray[np.int64]:
        return np.arange(input_type(layer).minimum, input_type(layer).maximum + 1)

    check(activated(keras, tmp_path, NARROW, seed=1), every)


def test_wide_inputs_give_what_hls4ml_gives(keras: Any, tmp_path: Path) -> None:
    """Around the limits of entries and of the table, around numbers that matter to the C++, and anywhere."""
    rng = np.random.default_rng(3)

    def directed(layer: Any) -> NDArray[np.int64]:
        source, size = input_type(layer), int(layer.get_attr("table_size", 1024))
        near = [0.5, 1.0, 2.5, 4.0, 8.0, *(2.0**bits / size * span for bits in (31, 32) for span in (8, 16))]
        near += [entry * span / size for span in (8, 16) for entry in rng.integers(0, size, 200)]
        places = np.floor(np.array([0.0, *near, *np.negative(near)]) * 2.0**source.fraction)
        beside = (places[:, None] + np.arange(-2, 3)).ravel()
        usual = rng.normal(0, 3, 1500) * 2.0**source.fraction
        anywhere = rng.integers(source.minimum, source.maximum + 1, 1500)
        ends = [source.minimum, source.minimum + 1, source.maximum - 1, source.maximum]
        return np.clip(np.concatenate([beside, usual, anywhere, ends]), source.minimum, source.maximum).astype(np.int64)

    check(activated(keras, tmp_path, WIDE, seed=2), directed)


def test_an_index_knows_an_input_for_each_entry() -> None:
    for index in (
        TableIndex.centred(1024, 16),
        TableIndex.centred(77, 8),
        TableIndex.below_zero(1000, 8, unsigned=True),
    ):
        for source in (FixedType(16, 6), FixedType(32, 16), FixedType(22, 5)):
            found = [index.of(int(value), source.fraction) for value in index.inputs(source)]
            assert found == list(range(index.size)), f"{index} of {source}"


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        ("table_size", r"layer 'large': a table of 2147483648 entries; set TableSize to 1\.\.65536$"),
        ("exp_table_size", r"2147483648 entries; set .* 1\.\.65536, or give the quantizers of its tables fewer bits"),
        ("inv_table_size", r"2147483648 entries; set .* 1\.\.65536, or give the quantizers of its tables fewer bits"),
    ],
)
def test_a_table_of_softmax_too_large_is_refused_before_it_is_made(
    keras: Any, tmp_path: Path, attribute: str, told: str
) -> None:
    """HGQ2 has an entry for each value of an input, which may have 31 bits."""
    x = keras.Input((3,), name="x")
    graph = convert(keras.Model(x, keras.layers.Softmax(name="large")(x)), tmp_path)
    layer = graph.graph["large"]
    layer.set_attr(attribute, 1 << 31)
    with pytest.raises(L1mlError, match=told):
        family_of(layer).table_dump(layer)


def test_a_table_of_a_norm_too_large_is_refused_before_it_is_made(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((2, 3), name="x")
    norm = keras.layers.LayerNormalization(name="large", epsilon=1e-2)
    graph = convert(keras.Model(x, norm(x)), tmp_path, {"large": {"TableSize": 8192}})
    layer = graph.graph["large"]
    with pytest.raises(L1mlError, match=r"layer 'large': a table of 8192 entries; set TableSize to 1\.\.4096"):
        family_of(layer).table_dump(layer)


def test_default_models_are_bit_exact_in_verilog(keras: Any, tmp_path: Path) -> None:
    """hls4ml's ``fixed<16,6>``: a dense layer's own activation, whose input has all bits of the sums, and alone."""
    layers, outputs = keras.layers, []
    x = keras.Input((3,), name="x")
    for name in ("tanh", "elu", "selu", "softsign"):
        outputs.append(layers.Dense(2, activation=name, name=f"of_{name}")(x))
        outputs.append(layers.Activation(name, name=f"alone_{name}")(x))
    outputs.append(layers.Dense(3, activation="softmax", name="of_softmax")(x))
    outputs.append(layers.Activation("softmax", name="legacy")(x))
    keras.utils.set_random_seed(6)
    options = {"legacy": {"Implementation": "legacy"}, "of_tanh": {"ReuseFactor": 3}}
    graph = convert(keras.Model(x, outputs), tmp_path, options, write_rtl=True)
    compile_graph(graph)
    widths = {layer.name: input_type(layer).width for layer in graph.get_layers() if layer.get_attr("activation")}
    assert widths["of_elu_elu"] > 32 and widths["alone_elu"] == 16
    checked = l1ml.verify(graph, events=400, seed=8)
    assert checked.mismatches == 0, checked.first_mismatch
