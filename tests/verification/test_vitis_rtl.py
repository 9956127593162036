"""RTL in the style of Vitis HLS is driven as its ports ask, whatever they are. All of it here is written by hand."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade import write_project
from networks import compile_graph
from numpy.typing import NDArray

import l1ml
from l1ml.compiler.network import Network, Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.verification.emulator import Emulator
from l1ml.verification.vitis import running, simulate_vitis, verify_vitis
from l1ml.verification.vitis.ports import find_interface

MINIATURES = Path(__file__).parent / "vitis"

X, SUMS = Tensor("x", 3, FixedType(8, 8)), Tensor("sums", 2, FixedType(9, 9))
NETWORK = Network("adder", [X], [SUMS], [])

EVENTS = 400


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    """The C++ of all the miniatures."""
    return Emulator.of_project(write_project(tmp_path_factory.mktemp("cpp")), NETWORK)


def events(count: int = EVENTS) -> NDArray[np.int64]:
    return np.random.default_rng(4).integers(-128, 128, (count, 3))


@pytest.fixture
def rom(tmp_path: Path) -> Path:
    """A copy of the miniature with a ROM."""
    return Path(shutil.copytree(MINIATURES / "rom", tmp_path / "solution1/syn/verilog"))


@pytest.mark.parametrize(
    ("miniature", "latency", "interval"),
    [("combinational", 0, 1), ("pipelined", 2, 1), ("rom", 2, 2), ("sequential", 2, 3)],
)
def test_every_form_of_ports_and_protocol_is_driven(
    emulator: Emulator, miniature: str, latency: int, interval: int
) -> None:
    result = verify_vitis(MINIATURES / miniature, emulator, events())
    assert (result.events, result.outputs, result.mismatches, result.first_mismatch) == (EVENTS, 2, 0, None)
    assert (result.simulation.latency, result.simulation.initiation_interval) == (latency, interval)
    assert set(result.simulation.patterns) == {"back_to_back", "gaps", "reset"}
    assert result.as_dict()["latency_cycles"] == latency


def test_a_model_of_the_vitis_backend_is_held_against_its_rtl(keras: Any, tmp_path: Path) -> None:
    """The C++ is hls4ml's own here, of a network that computes what the miniatures do."""
    import hls4ml

    x = keras.Input((3,), name="x")
    model = keras.Model(x, keras.layers.Dense(2, use_bias=False, activation=None, name="sums")(x))
    model.set_weights([np.array([[1, 0], [1, 1], [0, -1]])])
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    config["LayerName"]["x"]["Precision"]["result"] = "fixed<8,8>"
    config["LayerName"]["sums"]["Precision"].update(result="fixed<9,9>", weight="fixed<3,3>")
    config["LayerName"]["sums_linear"]["Precision"]["result"] = "fixed<9,9>"
    options = {"output_dir": str(tmp_path), "project_name": "adder", "io_type": "io_parallel", "backend": "Vitis"}
    graph = hls4ml.converters.convert_from_keras_model(model, hls_config=config, **options)
    compile_graph(graph)
    result = l1ml.verify(graph, rtl=MINIATURES / "pipelined", events=600)
    assert (result.events, result.outputs, result.mismatches) == (600, 2, 0)
    assert result.simulation.latency == 2
    with pytest.raises(L1mlError, match="convert it with backend='Verilog'"):
        l1ml.verify(graph, events=600)


def test_one_wrong_weight_is_found(emulator: Emulator, rom: Path) -> None:
    (rom / "adder_w2_ROM_AUTO_1R.dat").write_text("0x11\n0x01\n")
    inputs = events()
    solution = rom.parents[1]
    result = verify_vitis(solution, emulator, inputs)
    assert result.mismatches == np.count_nonzero(inputs[:, 2])
    first = result.first_mismatch
    assert first is not None
    assert (first.event, first.output) == (0, 1)
    assert first.golden - first.rtl == -inputs[0, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"adder_w2_ROM_AUTO_1R\.dat is missing, which adder_w2_ROM_AUTO_1R\.v reads into a ROM; copy it there"),
        ("", r"adder_w2_ROM_AUTO_1R\.dat is empty"),
        ("<html>", r"adder_w2_ROM_AUTO_1R\.dat is no file of a ROM: '<html>' is no number"),
        ("0x11\n", r"adder_w2_ROM_AUTO_1R\.dat is not whole: it has 1 words, the ROM 2; copy it again"),
    ],
    ids=["missing", "empty", "of something else", "short"],
)
def test_a_rom_that_is_not_whole_is_an_error_never_zeros(rom: Path, content: str | None, message: str) -> None:
    file = rom / "adder_w2_ROM_AUTO_1R.dat"
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(L1mlError, match=message):
        simulate_vitis(rom, NETWORK, events(3))


@pytest.mark.parametrize(
    ("miniature", "old", "new", "message"),
    [
        ("pipelined", "assign ap_ready = ap_start &", "assign ap_ready = 1'b0 &", "takes no event in 500 clock cycles"),
        pytest.param(
            "pipelined", "assign layer2_out_1_ap_vld = ap_done;", "assign layer2_out_1_ap_vld = ap_done & x[0];",
            r"gives \d+ values on layer2_out_1 for 400 events \(back_to_back\)", marks=pytest.mark.slow,
        ),
        pytest.param(
            "sequential", "if (ap_CS_fsm[1]) layer2_out[17:9]", "if (ap_CS_fsm[2]) layer2_out[17:9]",
            "answers event 0 otherwise in pattern 'gaps'", marks=pytest.mark.slow,
        ),
    ],
    ids=["never ready", "a valid bit too few", "late result"],
)  # fmt: skip
def test_a_broken_protocol_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, miniature: str, old: str, new: str, message: str
) -> None:
    monkeypatch.setattr(running, "PATIENCE", 500)
    text = (MINIATURES / miniature / "adder.v").read_text()
    assert text.count(old) == 1
    (tmp_path / "adder.v").write_text(text.replace(old, new))
    with pytest.raises(L1mlError, match=message):
        simulate_vitis(tmp_path, NETWORK, events())


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([("module adder", "module other")], "has no module adder; it has other"),
        ([("ap_start", "start")], "has no input ap_start; l1ml drives functions with the protocol ap_ctrl_hs"),
        ([("[23:0] x;", "[15:0] x;")], r"x is 1 ports of 16 bits; x has 3 elements of 8 bits"),
        ([("layer2_out_1", "layer3_out_0")], r"has 2 outputs \(layer2_out, layer3_out\), the network 1"),
        ([("[8:0] layer2_out_0;", "[N:0] layer2_out_0;")], r"the width \[N:0\] of layer2_out_0 is not one of numbers"),
        ([("ap_rst", "areset")], "has neither ap_rst nor ap_rst_n"),
        (
            [("layer2_out_1_ap_vld", "layer2_out_1_vld")],
            r"has 2 outputs \(layer2_out, layer2_out_1_vld\), the network 1",
        ),
    ],
    ids=["module", "protocol", "width", "outputs", "parameter", "reset", "valid"],
)
def test_ports_of_another_design_are_an_error(tmp_path: Path, edits: list[tuple[str, str]], message: str) -> None:
    text = (MINIATURES / "combinational/adder.v").read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "adder.v").write_text(text)
    with pytest.raises(L1mlError, match=message):
        simulate_vitis(tmp_path, NETWORK, events(1))


def test_ports_are_matched_by_name_then_by_order(tmp_path: Path) -> None:
    a, b = Tensor("input_1", 2, FixedType(4, 4)), Tensor("input_2", 3, FixedType(5, 5))
    (tmp_path / "net.v").write_text(
        "module net (input ap_clk, input ap_rst, input ap_start, output ap_done, output ap_ready, output ap_idle,\n"
        "  input [14:0] input_2, input [7:0] input_1, // input [3:0] old,\n"
        "  output wire [8:0] layer4_out, output reg [8:0] layer5_out_0, output [8:0] layer5_out_1,\n"
        "  output [15:0] const_size_in_1, output const_size_in_1_ap_vld);\nendmodule\n"
    )
    one = Tensor("one", 1, SUMS.type)
    found = find_interface(tmp_path, "net", [a, b], [one, SUMS])
    assert [bundle.ports for bundle in found.inputs] == [("input_1",), ("input_2",)]
    assert [bundle.ports for bundle in found.outputs] == [("layer4_out",), ("layer5_out_0", "layer5_out_1")]
    assert (found.reset, found.reset_active) == ("ap_rst", 1)


def test_a_port_of_the_name_of_a_tensor_is_its_own_and_vivado_hls_names_are_known(tmp_path: Path) -> None:
    (tmp_path / "net.v").write_text(
        "module net (input ap_clk, input ap_rst, input ap_start, output ap_done, output ap_ready, output ap_idle,\n"
        "  input [63:0] mu_0, input [63:0] mu_1, input [7:0] x_V, input x_V_ap_vld,\n"
        "  output [8:0] y_0_V, output y_0_V_ap_vld, output [8:0] y_1_V, output y_1_V_ap_vld);\nendmodule\n"
    )
    words = [Tensor(f"MU_{i}", 2, FixedType(32, 32, signed=False)) for i in (1, 0)]
    found = find_interface(tmp_path, "net", [*words, Tensor("x", 2, FixedType(4, 4))], [SUMS])
    assert [bundle.ports for bundle in found.inputs] == [("mu_1",), ("mu_0",), ("x_V",)]
    assert [bundle.valids for bundle in found.inputs] == [(), (), ("x_V_ap_vld",)]
    assert [bundle.ports for bundle in found.outputs] == [("y_0_V", "y_1_V")]


def test_verilog_with_a_module_missing_is_an_error_that_names_the_log(rom: Path) -> None:
    (rom / "adder_w2_ROM_AUTO_1R.v").unlink()
    with pytest.raises(
        L1mlError, match=r"Verilator's build of adder ended with .*%Error.*adder_w2_ROM.*; see "
    ) as error:
        simulate_vitis(rom, NETWORK, events(1))
    assert Path(str(error.value).rpartition("see ")[2]).is_file()


def test_a_folder_without_verilog_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="holds no folder syn/verilog"):
        simulate_vitis(tmp_path, NETWORK, events(1))
    with pytest.raises(L1mlError, match="is no folder"):
        simulate_vitis(tmp_path / "none", NETWORK, events(1))
