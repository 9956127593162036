"""The printed Verilog: every operation in Verilator against the C++, and what tools say about the text."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, traces

import l1ml
from l1ml.compiler.design import Design
from l1ml.compiler.programs.circuit import _OPERATIONS
from l1ml.compiler.programs.opcodes import Opcode
from l1ml.estimation.synthesis import lint, verilator_lint
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.writing import write_rtl

UNREACHED = {11}
"""Sums of three, which alkaid makes only under options that l1ml does not set."""


@pytest.fixture(scope="module")
def everything(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A network with a cast of every mode and one of every kind of layer, written and compiled."""
    layers = keras.layers
    x, y = keras.Input((2,), name="x"), keras.Input((3,), name="y")
    options: dict[str, Any] = {
        "x": {"precision": {"result": "fixed<9,4>"}},
        "y": {"precision": {"result": "ufixed<5,2>"}},
    }
    outputs = []

    def add(layer: Any, source: Any, result: str, **more: str) -> Any:
        options[layer.name] = {"precision": {"result": result, **more}}
        if isinstance(layer, layers.Dense):
            options[f"{layer.name}_linear"] = {"precision": {"result": result}}
        return layer(source)

    for sign in ("", "u"):
        for rounding in ROUNDING_MODES:
            for saturation in SATURATION_MODES:
                name = f"cast_{sign}{rounding}_{saturation}".lower()
                outputs.append(
                    add(layers.Activation("linear", name=name), x, f"{sign}fixed<5,2,{rounding},{saturation}>")
                )
    dense = layers.Dense(6, name="dense")
    hidden = add(dense, x, "fixed<12,6,RND,SAT>", weight="fixed<6,2>", bias="fixed<6,2>", accum="fixed<16,8>")
    hidden = add(layers.Activation("relu", name="relu"), hidden, "ufixed<7,3,RND_CONV,SAT>")
    narrow = layers.Dense(4, name="narrow")
    logits = add(
        narrow, hidden, "fixed<9,5,RND,SAT>", weight="fixed<4,2>", bias="fixed<4,2>", accum="fixed<9,6,TRN,SAT>"
    )
    outputs.append(add(layers.Activation("softmax", name="probability"), logits, "ufixed<10,0,RND,SAT>"))
    other = add(layers.Dense(4, name="other"), y, "fixed<8,4>", weight="fixed<5,2>", bias="fixed<5,2>")
    outputs.append(add(layers.Activation("tanh", name="tanh"), other, "fixed<8,1,RND,SAT>"))
    outputs.append(add(layers.Activation("relu", name="plain"), other, "fixed<6,3>"))
    outputs.append(add(layers.Activation("sigmoid", name="sigmoid"), y, "ufixed<8,0,RND,SAT>"))
    outputs.append(add(layers.LeakyReLU(0.3, name="leaky"), logits, "fixed<10,4,RND,SAT>"))
    outputs.append(add(layers.ThresholdedReLU(0.6, name="threshold"), logits, "fixed<8,4>"))
    best = layers.Activation("softmax", name="best")
    outputs.append(add(best, other, "ufixed<1,1>"))
    options["best"]["Implementation"] = "argmax"
    model = keras.Model([x, y], outputs)
    rng = np.random.default_rng(1)
    model.set_weights([rng.integers(-15, 16, w.shape) / 8 for w in model.get_weights()])
    other_weights = rng.integers(-15, 16, (3, 4)) / 8
    other_weights[:, 0] = (-1, 0, 0)  # nothing but a negation
    model.get_layer("other").set_weights([other_weights, np.array([0.0, 1.0, -0.5, 0.25])])
    graph = convert(model, tmp_path_factory.mktemp("everything"), options, write_rtl=True)
    compile_graph(graph)
    return graph


def test_every_printed_operation_gives_in_verilator_what_the_cpp_gives(everything: Any) -> None:
    opcodes = {op.opcode for traced in traces(everything) for op in traced.logic.ops}
    assert opcodes - {Opcode.CONSTANT} == set(_OPERATIONS) - UNREACHED
    rng = np.random.default_rng(3)
    values = np.arange(-256, 256)
    x = np.stack([values, rng.permutation(values)], axis=1) / 32
    y = rng.integers(0, 32, (512, 3)) / 8
    result = l1ml.verify(everything, [x, y])
    assert (result.events, result.mismatches, result.first_mismatch) == (512, 0, None)
    random = l1ml.verify(everything, events=4000, seed=5)
    assert (random.mismatches, random.first_mismatch) == (0, None)


def test_names_and_numbers_of_the_text_are_those_of_the_network(everything: Any) -> None:
    folder = rtl_folder(everything)
    design = Design.load(folder)
    assert {m.segment for m in design.modules} >= {"dense", "narrow", "probability", "other", "best"}
    for module in design.modules:
        text = (folder / f"{module.name}.sv").read_text()
        assert module.name == f"net_{module.segment}"
        assert re.search(rf"^module {module.name} \($", text, re.MULTILINE)
        for layer in module.layers:
            assert layer in text.splitlines()[1]
    assert {p.name for p in folder.glob("*.sv")} == set(design.files)
    numbers = dict(re.findall(r"localparam (?:int|bit) (\w+) = (\d+);", (folder / "net_pkg.sv").read_text()))
    expected = {
        "LATENCY": design.latency,
        "II": design.initiation_interval,
        "IN_BITS": sum(t.bits for t in design.inputs),
        "OUT_BITS": sum(t.bits for t in design.outputs),
    }
    for direction, tensors in (("IN", design.inputs), ("OUT", design.outputs)):
        for i, t in enumerate(tensors):
            expected[f"{direction}{i}_SIZE"], expected[f"{direction}{i}_WIDTH"] = t.size, t.type.width
            expected[f"{direction}{i}_FRACTION"], expected[f"{direction}{i}_SIGNED"] = t.type.fraction, t.type.signed
    assert {name: int(value) for name, value in numbers.items()} == expected


def test_writing_twice_gives_the_same_text(everything: Any, tmp_path: Path) -> None:
    write_rtl(everything, Path(everything.config.get_output_dir()), tmp_path)
    for file in sorted(rtl_folder(everything).iterdir()):
        if file.is_file():
            assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_verilator_has_nothing_to_warn_about(everything: Any, caplog: pytest.LogCaptureFixture) -> None:
    folder = rtl_folder(everything)
    design = Design.load(folder)
    assert verilator_lint(folder, design.name, design.files) == []
    lint(folder)
    assert caplog.records == []


def test_what_nothing_reads_is_named_bit_by_bit(everything: Any, tmp_path: Path) -> None:
    """Without the nets that read it, Verilator names just this: no more is kept from lint than what is by design."""
    folder = rtl_folder(everything)
    design = Design.load(folder)
    named = set()
    for name in design.files:
        text = (folder / name).read_text()
        found = re.search(r"\n    // What nothing reads.*\n    wire logic unused_ok = &\{1'b0, ([^}]*)\};\n", text)
        for net in re.split(r",\s+", found[1]) if found else []:
            net, _, bits = net.rstrip("]").partition("[")
            high, _, low = bits.partition(":")
            named |= {(name, net, bit) for bit in range(int(low or high), int(high) + 1)} if bits else {(name, net, -1)}
        (tmp_path / name).write_text(text.replace(found[0], "") if found else text)
    warned = set()
    for line in verilator_lint(tmp_path, design.name, design.files):
        assert line.startswith("%Warning-UNUSEDSIGNAL"), line
        file, net, ranges = re.findall(r": (\w+\.sv):.*'(\w+)'(?:\[([\d:,]+)\])?", line)[0]
        for bits in ranges.split(",") if ranges else []:
            high, _, low = bits.partition(":")
            warned |= {(file, net, bit) for bit in range(int(low or high), int(high) + 1)}
        warned |= set() if ranges else {(file, net, -1)}
    assert len(warned) > 20
    assert named >= warned
    assert len(named - warned) <= len(warned) / 10  # it counts the top bits of what is shifted left as read


def test_a_warning_is_told(everything: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for file in rtl_folder(everything).iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    core = tmp_path / "net.sv"
    core.write_text(core.read_text().replace("endmodule", "    wire logic lost = in_valid;\nendmodule"))
    lint(tmp_path)
    (record,) = caplog.records
    assert "Verilator warns of net, 1 times: %Warning-UNUSEDSIGNAL: net.sv" in record.message


def test_yosys_reads_the_text_and_finds_nothing_undriven_or_driven_twice(everything: Any) -> None:
    folder = rtl_folder(everything)
    design = Design.load(folder)
    commands = [*(f"read_verilog -sv {folder / name}" for name in design.files), f"hierarchy -check -top {design.name}",
                "proc", "check -assert"]  # fmt: skip
    script = (
        "import sys\nfrom pyosys import libyosys as ys\nd = ys.Design()\nfor c in sys.argv[1:]: ys.run_pass(c, d)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *commands], capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    assert "Found and reported 0 problems" in done.stdout


def test_every_cast_gives_more_than_one_value(everything: Any) -> None:
    """Otherwise equality would mean little."""
    inputs = np.random.default_rng(0).integers([-256] * 2 + [0] * 3, [256] * 2 + [32] * 3, (500, 5))
    casts = 2 * 2 * len(ROUNDING_MODES) * len(SATURATION_MODES)
    assert np.ptp(golden(everything, inputs)[:, :casts], axis=0).min() > 0
