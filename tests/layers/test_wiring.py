"""Layers that put elements into another order: what the C++ gives, by nothing but wires."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import Options, compile_graph, convert, lowered, quiet

import l1ml
from l1ml.compiler.circuit import Register, ShiftRegister
from l1ml.compiler.circuit.saving import load_circuits
from l1ml.compiler.design import Design
from l1ml.compiler.network import real_values
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.emulator import Emulator
from l1ml.verification.vectors import make_vectors

INPUTS = {
    "a1": ((6,), "fixed<6,3>"),
    "b1": ((6,), "ufixed<5,2>"),
    "a2": ((2, 3), "fixed<6,2>"),
    "b2": ((2, 3), "fixed<6,2>"),
    "a3": ((2, 3, 2), "ufixed<4,3>"),
    "b3": ((2, 3, 2), "fixed<5,1>"),
    "one2": ((1, 3), "fixed<6,2>"),
    "one3": ((1, 2, 3), "fixed<5,1>"),
    "image": ((1, 2, 2), "fixed<5,2>"),
}
"""Two tensors of each rank, of types of their own, and such as have one channel."""

RESULTS = {
    "both1_1": "fixed<9,5>",
    "both2_1": "fixed<4,3>",
    "both2_m2": "fixed<5,3,TRN,SAT>",
    "both3_1": "fixed<9,5>",
    "both3_2": "fixed<3,-1>",
    "both3_m2": "fixed<4,3,TRN_ZERO>",
    "both3_m3": "fixed<4,3,RND_CONV,SAT>",
}
"""Types that need wires alone: with more bits or fewer; and two that need logic."""

LOGIC = {"both3_m2", "both3_m3"}


def _wired(keras: Any, x: dict[str, Any]) -> list[Any]:
    """Every layer of wires along every axis, of inputs."""
    layers = keras.layers
    made = [
        layers.Permute((2, 1), name="turned2")(x["a2"]),
        layers.Permute((3, 1, 2), name="turned3")(x["a3"]),
        layers.Permute((2, 1, 3), name="twice3")(layers.Permute((1, 3, 2), name="once3")(x["b3"])),
        layers.ReLU(name="last")(layers.Permute((2, 3, 1), name="channels_last")(x["image"])),
        layers.Permute((3, 2, 1), name="reversed3")(x["one3"]),
        layers.Concatenate(axis=3, name="after3")([x["one3"], x["one3"]]),
        layers.Permute((2, 1), name="turned1")(x["one2"]),
        layers.Concatenate(axis=2, name="after2")([x["one2"], x["one2"]]),
        layers.ZeroPadding1D((1, 2), name="padded1")(x["a2"]),
        layers.ZeroPadding2D(((1, 0), (2, 1)), name="padded2")(x["b3"]),
        layers.Cropping1D((1, 0), name="cropped1")(x["b2"]),
        layers.Cropping2D(((0, 1), (1, 1)), name="cropped2")(x["b3"]),
        layers.UpSampling1D(3, name="larger1")(x["a2"]),
        layers.UpSampling2D((2, 3), name="larger2")(x["a3"]),
    ]
    for rank in (1, 2, 3):
        for axis in (*range(1, rank + 1), *range(-rank, 0)):
            name = f"both{rank}_{axis}".replace("-", "m")
            made.append(layers.Concatenate(axis=axis, name=name)([x[f"a{rank}"], x[f"b{rank}"]]))
    return made


def _folded(keras: Any, x: dict[str, Any]) -> tuple[list[Any], Options]:
    """Wires before, between and behind dense layers with reuse factors: outputs, options."""
    layers = keras.layers
    flat = layers.Flatten(name="flat")(layers.ZeroPadding1D(1, name="padded")(x["a2"]))
    rows = layers.Reshape((2, 4), name="rows")(layers.Dense(8, name="fc1")(flat))
    turned = layers.Permute((2, 1), name="turned")(rows)
    twice = layers.Concatenate(name="twice")([turned, turned])
    behind = layers.Dense(3, name="fc2")(layers.Flatten(name="again")(twice))
    positive = layers.ReLU(name="positive")(turned)
    beside = layers.Concatenate(axis=1, name="beside")([positive, layers.Reshape((1, 2), name="two")(x["pair"])])
    last = layers.Dense(2, name="fc3")(layers.Flatten(name="end")(beside))
    shaped = layers.ReLU(name="shaped")(layers.Reshape((1, 2), name="shape")(last))
    wide = layers.Concatenate(name="wide")([behind, x["b1"]])
    narrow = {"weight": "fixed<4,1>", "bias": "fixed<4,1>", "result": "fixed<7,3,RND,SAT>"}
    options: dict[str, Any] = {f"fc{n}_linear": {"precision": {"result": narrow["result"]}} for n in (1, 2, 3)}
    ways = {"fc1": (4, "distributed_arithmetic"), "fc2": (4, "Resource"), "fc3": (5, "Latency")}
    for name, (reuse, strategy) in ways.items():
        options[name] = {"types": narrow, "ReuseFactor": reuse, "Strategy": strategy}
    return [turned, beside, shaped, wide], options


def test_wires_give_what_the_cpp_gives_without_a_register(keras: Any, tmp_path: Path) -> None:
    x = {name: keras.Input(shape, name=name) for name, (shape, _) in INPUTS.items()}
    x["pair"] = keras.Input((2,), name="pair")
    outputs, options = _folded(keras, x)
    model = keras.Model(list(x.values()), [*_wired(keras, x), *outputs])
    rng = np.random.default_rng(3)
    model.set_weights([rng.integers(-7, 8, w.shape) / 8 for w in model.get_weights()])
    types = {"pair": "fixed<7,3>", "cropped1": "fixed<6,2>", "cropped2": "fixed<5,1>", **RESULTS}
    types |= {name: kind for name, (_, kind) in INPUTS.items()}
    kinds = {name: {"precision": {"result": kind}} for name, kind in types.items()}
    graph = convert(model, tmp_path, {**options, **kinds}, write_rtl=True)
    compile_graph(graph)
    checked = l1ml.verify(graph, events=700)
    assert (checked.mismatches, checked.first_mismatch) == (0, None)
    one = [values[:1] for values in real_values(make_vectors(network_of(graph), 9).inputs, network_of(graph).inputs)]
    for found, expected in zip(l1ml.simulate(graph, one).outputs, graph.predict(one), strict=True):
        assert found.shape == expected.shape  # an event alone has no axis of events
        np.testing.assert_array_equal(found, expected)
    design, network = Design.load(rtl_folder(graph)), network_of(graph)
    events = make_vectors(design, 200, seed=4).inputs
    np.testing.assert_array_equal(lowered(graph, events), Emulator.of_project(tmp_path, network).run(events))
    # A module for each dense layer with what can join it, one for each type or ReLU that needs logic, nothing else.
    assert {m.segment for m in design.modules} == {"fc1", "fc2", "fc3", "last", *LOGIC}
    assert {"rows", "turned", "twice", "again", "beside", "two", "flat", "wide", "padded2"} <= {
        v.tensor.name for v in design.views
    }
    core = load_circuits(rtl_folder(graph))[design.name]
    kept = {item.name for item in core.items if isinstance(item, ShiftRegister)}
    assert [item.net.name for item in core.items if isinstance(item, Register)] == ["valid_reg"]
    # It is tensors that wait, and never what is wires of them.
    assert {name.rsplit("_", 1)[0] for name in kept} <= {*x, *(t.name for m in design.modules for t in m.outputs)}


def test_simulated_outputs_have_the_shapes_of_predicted_ones(keras: Any, tmp_path: Path) -> None:
    """Of one output with two axes; one event has no axis of events, as hls4ml has it."""
    x = keras.Input((2, 3), name="x")
    turned = keras.layers.Permute((2, 1), name="turned")(x)
    graph = convert(keras.Model(x, turned), tmp_path, {"x": {"precision": {"result": "fixed<6,3>"}}}, write_rtl=True)
    compile_graph(graph)
    values = np.random.default_rng(1).uniform(-4, 4, (3, 2, 3))
    for given, shape in ((values, (3, 6)), (values[:1], (6,))):
        found, expected = l1ml.simulate(graph, given).outputs, graph.predict(given)
        assert isinstance(found, np.ndarray)
        assert found.shape == expected.shape == shape
        np.testing.assert_array_equal(found, expected)


def test_wires_of_tensors_in_several_words_are_right(keras: Any, tmp_path: Path) -> None:
    """They are gathered first; what streams gets no wires, as these have all positions at once."""
    from l1ml.layers.keras import MovingSum

    layers, x = keras.layers, keras.Input((4, 2), name="x")
    summed = MovingSum(window=2, name="summed")(x)
    turned = layers.Permute((2, 1), name="turned")(summed)
    beside = layers.Concatenate(axis=2, name="beside")([layers.Permute((2, 1), name="over")(x), turned])
    scores = layers.Dense(2, name="fc")(layers.Flatten(name="flat")(beside))
    model = keras.Model(x, [scores, layers.ReLU(name="positive")(turned)])
    rng = np.random.default_rng(5)
    model.set_weights([rng.integers(-7, 8, w.shape) / 8 for w in model.get_weights()])
    narrow = {"weight": "fixed<4,1>", "bias": "fixed<4,1>", "result": "fixed<7,3,RND,SAT>"}
    kinds = {"x": "fixed<6,3>", "positive": "ufixed<5,3>", "fc_linear": narrow["result"]}
    options: dict[str, Any] = {name: {"precision": {"result": kind}} for name, kind in kinds.items()}
    options["fc"] = {"types": narrow, "ReuseFactor": 4, "Strategy": "distributed_arithmetic"}
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    checked = l1ml.verify(graph, events=300)
    assert (checked.mismatches, checked.first_mismatch) == (0, None)
    design = Design.load(rtl_folder(graph))
    assert (design.in_beats, design.out_beats) == (4, 1)
    assert {m.segment for m in design.modules} == {"summed", "fc", "positive"}


@pytest.mark.parametrize(
    ("target", "source", "wires"),
    [
        ("fixed<8,4>", "fixed<6,3>", True),
        ("fixed<8,4>", "ufixed<6,4>", True),
        ("fixed<4,4>", "fixed<6,3>", True),
        ("fixed<4,4,RND>", "fixed<6,3>", False),
        ("fixed<4,2>", "fixed<6,3>", True),
        ("fixed<4,2,TRN,SAT>", "fixed<6,3>", False),
        ("ufixed<7,4,RND,SAT>", "ufixed<6,4>", True),
        ("fixed<6,3,TRN,SAT_SYM>", "fixed<6,3>", False),
        ("int<6>", "fixed<6,3>", False),
        ("int<6>", "ufixed<6,3>", True),
        ("fixed<3,3,TRN,SAT>", "fixed<6,3>", True),
    ],
)
def test_a_cast_is_wires_if_it_selects_bits(target: str, source: str, wires: bool) -> None:
    to, of = FixedType.parse(target), FixedType.parse(source)
    assert to.selects(of) == wires
    every = np.arange(of.minimum, of.maximum + 1)
    if wires:  # floor, and the bits that there are
        shift = of.fraction - to.fraction
        kept = every >> shift if shift > 0 else every << -shift
        np.testing.assert_array_equal(
            to.cast(every, of.fraction), FixedType(to.width, to.integer, to.signed).cast(kept, to.fraction)
        )


REFUSED = {
    "a padding of another type": ("pad", r"layer 'pad': hls4ml's C\+\+ of ZeroPadding1D gives the type of its input"),
    "a stream behind what has all positions": ("stream", r"layer 'positive' has all positions at once, and the layer"),
    "a norm over three axes and channels": ("norm", r"layer 'norm': hls4ml's C\+\+ reads 6 factors, and there are 3"),
    "an input as output": ("flatten", r"output 'x' is an input as it came"),
    "a layer called twice": ("shared", r"some are called more often: twice; make a layer of its own for each call"),
    "one within a model": ("nested", r"some are called more often: twice;"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_cpp_is_refused_in_a_line(keras: Any, tmp_path: Path, case: str) -> None:
    kind, message = REFUSED[case]
    layers, x = keras.layers, keras.Input((2, 3), name="x")
    flat, twice = layers.Flatten(name="flat")(x), layers.Dense(6, name="twice")
    options: dict[str, Any] = {"x": {"precision": {"result": "fixed<6,3>"}}}
    if kind == "pad":
        model = keras.Model(x, layers.ZeroPadding1D(1, name="pad")(x))
    elif kind == "stream":
        from l1ml.layers.keras import MovingSum

        model = keras.Model(x, MovingSum(window=2, name="summed")(layers.ReLU(name="positive")(x)))
        options["positive"] = options["x"]
    elif kind == "norm":
        model = keras.Model(x, layers.BatchNormalization(name="norm")(layers.Reshape((1, 1, 2, 3), name="four")(x)))
    elif kind == "flatten":
        model = keras.Model(x, [flat, layers.Dense(2, name="fc")(flat)])
    elif kind == "shared":
        model = keras.Model(x, layers.Add(name="sum")([twice(flat), twice(twice(flat))]))
    else:
        inner = keras.Input((6,), name="inner")
        model = keras.Model(x, keras.Model(inner, twice(twice(inner)), name="part")(flat))
    with pytest.raises(L1mlError, match=message):
        graph = convert(model, tmp_path, options, write_rtl=True)
        if kind == "pad":  # hls4ml reads no type of its own for it, but a saved graph may have one
            output = next(la for la in graph.get_layers() if la.name == "pad").get_output_variable()
            output.type.precision = graph.config.backend.convert_precision_string("fixed<5,3>")
        network_of(graph)
        with quiet():
            graph.write()
