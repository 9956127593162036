"""A core that breaks its promises is caught, whatever it breaks.

One core is compiled with all faults in it. Each fault waits for an event whose first element is its code.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert
from numpy.typing import NDArray
from switches import SWITCH, switched_on

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.verification.compare import compare, wrong_segment
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import CoreSimulator

CODES = {"lost": 100, "late": 101, "stuck": 102, "deaf": 103, "bus": 104, "delayed": 105, "flipped": 106}

SWITCH_FILE = "answers_in_reset"
"""Where this file is in the folder of the core, its outputs are valid during reset."""

FAULTS = """
    // code[t]: the first element of an event that entered t+1 cycles ago, 0 if none did.
    logic [LATENCY:0][7:0] code;
    logic [LATENCY:0] alive, idle, bus;
    logic late, stuck, deaf;
    logic [$bits(out_data)-1:0] late_data;
    wire logic [7:0] now = code[LATENCY-1];
    wire logic [$bits(out_data)-1:0] good_data;
    always_ff @(posedge clk) begin
        code <= {code[LATENCY-1:0], in_valid ? in_data[7:0] : 8'd0};
        alive <= {alive[LATENCY-1:0], in_valid};
        idle <= {idle[LATENCY-1:0], !in_valid};
        bus <= {bus[LATENCY-1:0], in_data[0]};
        late <= !rst && valid_reg[LATENCY-1] && (now == 8'd101 || now == 8'd105);
        late_data <= good_data;
        stuck <= !rst && (stuck || now == 8'd102);
        deaf <= now == 8'd103 || (deaf && !in_valid);
    end
    assign out_valid = (valid_reg[LATENCY-1] && !(now inside {8'd100, 8'd101, 8'd105})) || late || stuck
        || (deaf && alive[LATENCY-1]) || (wrong && rst);
    wire logic rested = idle[LATENCY];
    wire logic flip = (now == 8'd106) || (now == 8'd104 && rested && bus[LATENCY]);
    assign out_data = late ? late_data : good_data ^ $bits(out_data)'(flip);
"""
"""The core's outputs, with a fault for each code. ``idle[LATENCY]`` and ``bus[LATENCY]`` tell what was on the bus in
the cycle before the event that leaves now."""


def event(code: int = 1) -> list[int]:
    """An event that triggers a fault, or none."""
    return [code, -3, 40]


def events(*codes: int) -> NDArray[np.int64]:
    """Harmless events on both sides of some that trigger faults."""
    return np.array([event()] * 20 + [event(code) for code in codes] + [event()] * 20)


@pytest.fixture(scope="module")
def graph(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small network, written and compiled."""
    x = keras.Input((3,), name="x")
    hidden = keras.layers.Activation("relu", name="relu")(keras.layers.Dense(4, name="first")(x))
    model = keras.Model(x, keras.layers.Dense(2, name="second")(hidden))
    rng = np.random.default_rng(1)
    model.set_weights([rng.integers(-7, 8, w.shape) / 4 for w in model.get_weights()])
    types = {"x": {"precision": {"result": "fixed<8,4>"}}, "relu": {"precision": {"result": "ufixed<7,4,RND,SAT>"}}}
    graph = convert(model, tmp_path_factory.mktemp("core"), types, write_rtl=True)
    compile_graph(graph)
    return graph


def edited(graph: Any, folder: Path, *edits: tuple[str, str]) -> CoreSimulator:
    """The core with changes to its top module."""
    source = Path(graph.config.get_output_dir()) / "verilog"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("sim"))
    top = folder / "net.sv"
    text = top.read_text()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    top.write_text(text)
    return CoreSimulator(folder)


@pytest.fixture(scope="module")
def faulty(graph: Any, tmp_path_factory: pytest.TempPathFactory) -> CoreSimulator:
    """The core with all the faults."""
    folder = tmp_path_factory.mktemp("faulty") / "verilog"
    latency = Design.load(Path(graph.config.get_output_dir()) / "verilog").latency
    faults = f"    localparam int LATENCY = {latency};\n" + SWITCH.format(file=folder / SWITCH_FILE) + FAULTS
    valid = f"    assign out_valid = valid_reg[{latency - 1}];\n"
    edits = ("assign out_data =", "assign good_data ="), (valid, faults)
    return edited(graph, folder, *edits)


@pytest.fixture(scope="module")
def emulator(graph: Any, faulty: CoreSimulator) -> Emulator:
    """The C++ of the core."""
    return Emulator.of_project(Path(graph.config.get_output_dir()), faulty.design)


def test_without_a_trigger_the_faulty_core_is_right_whatever_the_seed(
    faulty: CoreSimulator, emulator: Emulator
) -> None:
    rng = np.random.default_rng(5)
    inputs = rng.integers(-128, 128, (1500, 3))
    inputs[np.isin(inputs[:, 0], list(CODES.values()))] = 0
    first, second = (faulty.run(inputs, seed=seed) for seed in (1, 99))
    np.testing.assert_array_equal(first.integers, second.integers)
    assert not np.array_equal(first.patterns["gaps"].sent, second.patterns["gaps"].sent), "other gaps"
    assert (first.latency, first.initiation_interval) == (faulty.design.latency, 1)
    np.testing.assert_array_equal(first.integers, emulator.run(inputs))
    result = compare(faulty, emulator, inputs)
    assert (result.events, result.outputs, result.mismatches, result.first_mismatch) == (1500, 2, 0, None)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (events(CODES["lost"]), r"gives 40 results for 41 events \(back_to_back\)"),
        (events(CODES["late"]), r"gives 40 results for 41 events \(back_to_back\)"),  # it meets the next one
        (np.array([event(), event(CODES["late"])]), r"latency is not constant: \[\d+, \d+\] clock cycles were seen"),
        (events(CODES["stuck"]), r"gives \d+ results for 41 events \(back_to_back\)"),
        (np.array([event(CODES["deaf"])] * 40), r"gives \d+ results without an event during_reset"),
        (np.array([event(CODES["delayed"])] * 40), r"results leave after \d+ clock cycles; the package says \d+"),
    ],
    ids=["lost", "late among others", "late at the end", "stuck", "deaf to reset", "delayed by one"],
)
def test_a_broken_protocol_is_an_error(faulty: CoreSimulator, inputs: NDArray[np.int64], message: str) -> None:
    with pytest.raises(L1mlError, match=message):
        faulty.run(inputs)


def test_a_wrong_bit_is_found_at_its_event_and_output(faulty: CoreSimulator, emulator: Emulator) -> None:
    inputs = events(CODES["flipped"])
    result = compare(faulty, emulator, inputs)
    with_events = set(result.simulation.patterns) - {"after_reset", "during_reset"}
    assert result.mismatches == len(with_events), "one in each pattern"
    first = result.first_mismatch
    assert first is not None
    assert (first.event, first.output) == (20, 0)
    assert first.golden == emulator.run(inputs)[20, 0] and first.rtl == first.golden ^ 1
    assert first.layer.startswith("no segment"), "only the top module is wrong"


def test_a_dependence_on_what_lies_on_the_bus_between_events_is_found(
    faulty: CoreSimulator, emulator: Emulator
) -> None:
    """Back to back, there is nothing between events: only the pattern with gaps can tell."""
    result = compare(faulty, emulator, events(*[CODES["bus"]] * 30))
    assert 0 < result.mismatches <= 30
    np.testing.assert_array_equal(result.simulation.integers, emulator.run(events(*[CODES["bus"]] * 30)))
    first = result.first_mismatch
    assert first is not None
    assert 20 <= first.event < 50 and first.rtl == first.golden ^ 1


def test_an_output_before_the_end_of_reset_is_an_error(faulty: CoreSimulator) -> None:
    with switched_on(faulty.folder / SWITCH_FILE), pytest.raises(L1mlError, match="without an event after_reset"):
        faulty.run(events())


def test_verilog_that_does_not_compile_is_an_error_that_names_the_log(graph: Any, tmp_path: Path) -> None:
    simulator = edited(graph, tmp_path / "verilog", ("endmodule", "endmodul"))
    with pytest.raises(L1mlError, match=r"Verilator could not build net: see .*build.log"):
        simulator.run(events())


def test_a_layer_is_not_blamed_for_bits_that_tracing_does_not_tell() -> None:
    first, second = Tensor("first", 1, FixedType(60, 30)), Tensor("second", 1, FixedType(60, 30))
    modules = [SimpleNamespace(title=t.name, outputs=(t,)) for t in (first, second)]
    large = 2**55 + 1

    def blamed(rtl: dict[str, int], golden: dict[str, int]) -> str:
        probes = {name: np.array([value]) for name, value in rtl.items()}
        simulator: Any = SimpleNamespace(design=SimpleNamespace(modules=modules), probe=lambda event: probes)
        values = {name: np.array([value]) for name, value in golden.items()}
        return wrong_segment(simulator, np.zeros((1, 1), dtype=np.int64), values, {"first"})

    assert blamed({"first": large, "second": 7}, {"first": large - 1, "second": 6}).startswith(
        "second, or before, where"
    )
    assert blamed({"first": large + 2**40, "second": 7}, {"first": large - 1, "second": 6}) == "first"
    assert blamed({"first": large, "second": 7}, {"first": large - 1, "second": 7}).startswith("no segment")
