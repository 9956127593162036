"""VHDL in the style of Vitis HLS is simulated as the Verilog that GHDL makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from handmade import write_project

from l1ml.compiler.network import Network, Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.verification.emulator import Emulator
from l1ml.verification.vitis import simulate_vitis, verify_vitis
from l1ml.verification.vitis.sources import find_rtl
from l1ml.verification.vitis.vhdl import with_use_dsp

MINIATURE = Path(__file__).parent / "vitis/vhdl"

NETWORK = Network("adder", [Tensor("x", 3, FixedType(8, 8))], [Tensor("sums", 2, FixedType(9, 9))], [])

needs_ghdl = pytest.mark.skipif(shutil.which("ghdl") is None, reason="needs GHDL")


def events(count: int) -> np.ndarray:
    return np.random.default_rng(4).integers(-128, 128, (count, 3))


@needs_ghdl
def test_vhdl_is_driven_as_verilog_is(tmp_path: Path) -> None:
    emulator = Emulator.of_project(write_project(tmp_path / "cpp"), NETWORK)
    vhdl = Path(shutil.copytree(MINIATURE, tmp_path / "solution1/syn/vhdl"))
    (vhdl / "around.vhd").write_text("use work.nowhere.all;\nentity around is\nend around;\n")
    result = verify_vitis(tmp_path / "solution1", emulator, events(400))
    assert (result.events, result.mismatches) == (400, 0)
    assert result.simulation.timing == "latency 1, II 1"
    file = vhdl / "adder.vhd"
    file.write_text(file.read_text().replace('din1 => "11"', 'din1 => "01"'))
    wrong = verify_vitis(vhdl, emulator, events(400))
    assert wrong.mismatches == np.count_nonzero(events(400)[:, 2])


@needs_ghdl
@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("adder.vhd", "ap_done <= ", "ap_done = ", r"GHDL's translation of adder failed \(.*\); see "),
        ("adder.vhd", "entity Adder", "entity Summer", r"GHDL's translation of adder failed \(.*adder.*\); see "),
        (
            "adder.vhd",
            "ap_start : IN",
            "start : IN",
            r"GHDL's translation of adder failed \(no declaration for \"ap_start",
        ),
        ("adder.vhd", "    X : IN", "    Y : IN STD_LOGIC;\n    X : IN", r"vhdl has 2 inputs \(Y, X\), the network 1"),
    ],
    ids=["syntax", "entity", "name", "port"],
)
def test_vhdl_of_another_design_is_one_line(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    vhdl = Path(shutil.copytree(MINIATURE, tmp_path / "vhdl"))
    text = (vhdl / file).read_text()
    assert old in text
    (vhdl / file).write_text(text.replace(old, new))
    with pytest.raises(L1mlError, match=message):
        simulate_vitis(vhdl, NETWORK, events(1))


def test_without_ghdl_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(L1mlError, match=r"ghdl is not on PATH; install it \(Debian: apt-get install ghdl\)"):
        simulate_vitis(MINIATURE, NETWORK, events(1))


def test_entities_without_dsps_are_modules_without_dsps() -> None:
    vhdl = """
    entity net_mul_8s_7s_15_1 is
    end entity;
    entity net_mul_8s_7s_15_1_0 is
        attribute use_dsp : string;
        attribute use_dsp of net_mul_8s_7s_15_1_0 : entity is "no";
    end entity;
    Entity Net_Mul is
        attribute use_dsp of Net_Mul : entity is "yes";
    end entity;
    """
    names = ("net_mul_8s_7s_15_1_1_1_8", "net_mul_8s_7s_15_1_0_1_1_8_7_15", "net_mul_8s_7s_15_1_0", "net_mul", "other")
    marked = with_use_dsp("".join(f"module {name}\n  (input a);\nendmodule\n" for name in names), [vhdl])
    lines = [line for line in marked.splitlines() if "module " in line and "end" not in line]
    no = '(* use_dsp = "no" *) '
    assert lines == [f"{no if 1 <= i <= 2 else ''}module {name}" for i, name in enumerate(names)]


def test_verilog_is_taken_where_both_are(tmp_path: Path) -> None:
    for name in ("verilog", "vhdl"):
        folder = tmp_path / "solution1/syn" / name
        folder.mkdir(parents=True)
        (folder / f"net{'.v' if name == 'verilog' else '.vhd'}").write_text("")
    assert find_rtl(tmp_path) == tmp_path / "solution1/syn/verilog"
    assert find_rtl(tmp_path / "solution1/syn/vhdl") == tmp_path / "solution1/syn/vhdl"
    shutil.copytree(tmp_path / "solution1", tmp_path / "solution2")
    with pytest.raises(
        L1mlError, match="holds 2 folders syn/verilog with RTL of Vitis HLS; give the one that is meant"
    ):
        find_rtl(tmp_path)
