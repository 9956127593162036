"""What the comments of the Verilog say: where a file comes from, and where in it each neuron is."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import convert

from l1ml.compiler.design import Design
from l1ml.estimation.synthesis import verilator_lint
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.verification.finished import FinishedCore

Write = Callable[[Path, float], Any]

KINDS = {
    "plain": ("Latency", 1),
    "digits": ("distributed_arithmetic", 4),
    "shared": ("Resource", 3),
    "fabric": ("Latency", 3),
}
"""Strategies and reuse factors of the dense layers."""


@pytest.fixture(scope="module")
def write(keras: Any) -> Write:
    """Writes a network of dense layers that are made in all ways, and one on positions; with a weight of choice."""

    def written(folder: Path, weight: float) -> Any:
        x, image = keras.Input((6,), name="x"), keras.Input((4, 3), name="image")
        types = {"weight": "fixed<6,2>", "bias": "fixed<8,3>", "accum": "auto", "result": "auto"}
        options: dict[str, Any] = {name: {"precision": {"result": "fixed<8,3>"}} for name in ("x", "image")}
        outputs, rng = [], np.random.default_rng(4)
        for name, (strategy, reuse) in KINDS.items():
            options[name] = {"precision": types, "Strategy": strategy, "ReuseFactor": reuse}
            options[f"{name}_relu"] = {"precision": {"result": "ufixed<7,3,RND,SAT>"}}
            outputs.append(keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Dense(5, name=name)(x)))
        options["steps"] = {"precision": types}
        outputs.append(keras.layers.Conv1D(2, 1, name="steps")(image))
        model = keras.Model([x, image], outputs)
        for layer in model.layers:
            if layer.weights:
                kernel, bias = (rng.integers(-31, 32, w.shape) / 16 for w in layer.get_weights())
                kernel[rng.random(kernel.shape) < 0.4] = 0
                kernel[..., 2:3, 1] = weight
                layer.set_weights([kernel, bias])
        graph = convert(model, folder, options, write_rtl=True)
        graph.write()
        graph.weights_set = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
        return graph

    return written


@pytest.fixture(scope="module")
def graph(write: Write, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write(tmp_path_factory.mktemp("comments"), 0.25)


def first_lines(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text().splitlines()[0] for file in sorted(folder.glob("*.sv"))}


# Origin


def test_each_file_says_which_version_wrote_it_of_which_model(graph: Any) -> None:
    folder = rtl_folder(graph)
    design = Design.load(folder)
    assert design.model == FinishedCore.found_in(folder.parent).content()["cpp"]  # as a verdict has it
    cells = {cell for module in design.modules for cell in module.cells}
    assert cells
    wrote = f"// L1ML {version('l1ml')}, "
    of_model, of_all = f"{wrote}net, model {design.model[:12]}", f"{wrote}the same for every core"
    assert first_lines(folder) == {name: of_all if name in cells else of_model for name in design.files}


def test_the_same_model_written_elsewhere_gives_the_same_bytes_and_another_model_another_hash(
    graph: Any, write: Write, tmp_path: Path
) -> None:
    folder = rtl_folder(graph)
    same, other = rtl_folder(write(tmp_path / "same", 0.25)), rtl_folder(write(tmp_path / "other", 0.5))
    for file in folder.iterdir():
        assert (same / file.name).read_bytes() == file.read_bytes(), file.name
    assert Design.load(other).model != Design.load(folder).model
    assert first_lines(other)["net.sv"] != first_lines(folder)["net.sv"]


def test_lint_has_nothing_to_say_about_the_layers_and_their_cells(graph: Any) -> None:
    folder = rtl_folder(graph)
    design = Design.load(folder)
    assert {"l1ml_mac.sv", "l1ml_booth_mac.sv"} <= {*design.files}
    assert verilator_lint(folder, design.name, design.files) == []


# Neurons


def neurons(text: str) -> tuple[int, list[str]]:
    """Exponent of the unit, and a line for each neuron."""
    head = re.search(r"\n    // Neurons of \w+ with their .*, in units of 2\^(-?\d+); .*\n", text)
    assert head
    lines = []
    for line in text[head.end() :].splitlines():
        if not re.match(r"    // \d+( \S+)?: ", line):
            break
        lines.append(line.removeprefix("    // "))
    return int(head[1]), lines


def told(exponent: int, line: str, n_in: int) -> tuple[float, list[float]]:
    """Bias and weights of the inputs, whose LSB is 1/32, as a line tells them."""
    bias, weights = 0.0, [0.0] * n_in
    for term in line.split(": ")[1].split():
        number, of, index = term.partition("x")
        if of:
            weights[int(index)] = float(int(number) * 2.0**exponent * 32)
        else:
            bias = float(number) * 2.0**exponent
    return bias, weights


@pytest.mark.parametrize("name", KINDS)
def test_each_neuron_has_a_line_with_its_net_bias_and_weights(graph: Any, name: str) -> None:
    text = (rtl_folder(graph) / f"net_{name}.sv").read_text()
    kernel, bias = graph.weights_set[name]
    exponent, lines = neurons(text)
    found = [told(exponent, line, 6) for line in lines]
    assert [one for one, _ in found] == bias.tolist()
    assert [weights for _, weights in found] == kernel.T.tolist()
    packed = re.search(rf" {name}_relu_next = \{{(.*)\}};", text)
    assert packed
    nets = [line.split(":")[0].split(" ") for line in lines]
    parts = [re.findall(r"[a-z]\w*", part)[0] for part in reversed(packed[1].split(", "))]
    assert nets == [[str(number), net] for number, net in enumerate(parts)]


def test_neurons_at_each_position_are_told_once_and_their_nets_position_by_position(graph: Any) -> None:
    text = (rtl_folder(graph) / "net_steps.sv").read_text()
    kernel, bias = graph.weights_set["steps"]
    exponent, lines = neurons(text)
    assert [told(exponent, line, 3) for line in lines] == list(zip(bias.tolist(), kernel[0].T.tolist(), strict=True))
    nets = re.search(r"    // Nets of the neurons of steps at each position\n((?:    // \d: .*\n){4})", text)
    packed = re.search(r" steps_next = \{(.*)\};", text)
    assert nets and packed
    named = [net for line in nets[1].splitlines() for net in line.split(": ")[1].split(", ")]
    assert named == [re.findall(r"v\w+", part)[0] for part in reversed(packed[1].split(", "))]


def test_accumulators_have_the_numbers_of_their_neurons(graph: Any) -> None:
    text = (rtl_folder(graph) / "net_digits.sv").read_text()
    assert "// Accumulators, numbered as the neurons\n" in text
    assert {int(n) for n in re.findall(r"logic .*\bacc(\d+);", text)} == set(range(5))


def test_comments_are_a_small_part_of_the_text(graph: Any) -> None:
    for name in KINDS:
        text = (rtl_folder(graph) / f"net_{name}.sv").read_text()
        _, lines = neurons(text)
        assert sum(map(len, lines)) < len(text) / 10
