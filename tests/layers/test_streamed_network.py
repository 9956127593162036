"""A network of layers that take a tensor position by position: all that is done with a core works with such a one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from networks import Options, compile_graph, convert
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.faults.build import mutate_build
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.saving import save_graph
from l1ml.golden.checking import check
from l1ml.golden.making import freeze
from l1ml.golden.pack import Pack
from l1ml.verification import compare
from l1ml.verification.vectors import make_vectors
from l1ml.verification.waveform import save_waveform

POSITIONS, CHANNELS = 6, 2


def some_events(count: int, seed: int) -> NDArray[np.int64]:
    """Random integers of fixed<6,3>."""
    return np.random.default_rng(seed).integers(-32, 32, (count, POSITIONS * CHANNELS))


@pytest.fixture(scope="module")
def chain(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them one after the other and a dense layer behind them, in folders as a build has them."""
    folder = tmp_path_factory.mktemp("chain")
    from l1ml.layers.keras import LeakyIntegrator, MovingSum, Taper

    x = keras.Input((POSITIONS, CHANNELS), name="x")
    summed = MovingSum(window=2, name="sum")(x)
    shaped = Taper(factors=[0.5, -1, 0.25, 1.75, 0.75, -2], name="taper")(summed)
    total = LeakyIntegrator(leak=2, name="leaky")(shaped)
    fc = keras.layers.Dense(2, name="fc")
    model = keras.Model(x, fc(total))
    fc.set_weights([np.array([[0.5, -1.25], [1.75, 0.25]]), np.array([0.25, -0.5])])
    options: Options = {
        "x": {"precision": {"result": "fixed<6,3>"}},
        "taper": {"precision": {"result": "fixed<7,4,RND,SAT>"}},
        "leaky": {"precision": {"accum": "fixed<10,6>", "result": "fixed<8,5,RND,SAT>"}},
        "fc": {"precision": {"weight": "fixed<4,2>", "bias": "fixed<4,2>", "accum": "auto", "result": "fixed<9,6>"}},
        "fc_linear": {"precision": {"result": "fixed<9,6>"}},
    }
    graph = convert(model, folder / "convert" / "hls", options, write_rtl=True)
    compile_graph(graph)
    save_graph(graph, folder / "convert" / "graph.fml")
    shutil.copytree(rtl_folder(graph), folder / "rtl" / "verilog")
    (folder / "spec.yaml").write_text(yaml.dump({"hls": {"reuse_factor": 1}, "rtl": {"stage_delay": 5.0}}))
    simulator, emulator = compare.load(folder / "rtl" / "verilog", folder / "convert" / "hls")
    vectors = make_vectors(simulator.design, 400)
    result = compare.compare(simulator, emulator, vectors.inputs)
    assert result.mismatches == 0, result.first_mismatch
    (folder / "verify").mkdir()
    np.savez(folder / "verify" / "vectors.npz", inputs=vectors.inputs, outputs=result.simulation.integers)
    (folder / "verify" / "verification.json").write_text(json.dumps(result.as_dict() | {"families": vectors.families}))
    return folder


def test_a_chain_has_the_timing_that_its_package_says(chain: Path) -> None:
    design = Design.load(chain / "rtl/verilog")
    verdict = json.loads((chain / "verify/verification.json").read_text())
    assert (verdict["latency_cycles"], verdict["initiation_interval"]) == (design.latency, design.initiation_interval)
    assert (design.in_beats, design.out_beats, design.initiation_interval) == (POSITIONS, 1, POSITIONS)
    words = [[t.beats for t in (*m.inputs, *m.outputs)] for m in design.modules]
    assert words == [[POSITIONS, POSITIONS], [POSITIONS, POSITIONS], [POSITIONS, 1], [1, 1]]


def test_probes_give_what_the_cpp_has_within(chain: Path) -> None:
    simulator, emulator = compare.load(chain / "rtl/verilog", chain / "convert/hls")
    event = some_events(1, 3)
    found = simulator.probe(event)
    modules = simulator.design.modules
    producers = {t: p for m in modules for t, p in zip(m.outputs, m.producers, strict=True)}
    expected = emulator.trace_integers(event, producers)
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values[0], err_msg=name)
    assert compare.wrong_segment(simulator, event, {"taper": expected["taper"][0] ^ 1}).startswith("taper (Taper)")


def test_a_waveform_shows_events_of_several_words(chain: Path, tmp_path: Path) -> None:
    pywellen = pytest.importorskip("pywellen")
    simulator, _ = compare.load(chain / "rtl/verilog", chain / "convert/hls")
    save_waveform(simulator, some_events(3, 4), tmp_path / "events.fst")
    waveform = pywellen.Waveform(str(tmp_path / "events.fst"))
    assert any(var.full_name.endswith("u_leaky.total0") for var in waveform.all_vars())


def test_a_golden_pack_holds_events_of_several_words(chain: Path, tmp_path: Path) -> None:
    freeze(chain, 200, layers=True).save(tmp_path / "chain.golden")
    pack = Pack.load(tmp_path / "chain.golden")
    assert [t.beats for t in pack.manifest.inputs] == [POSITIONS]
    verdicts = check(pack, tmp_path / "work")
    assert [(v.what, v.mismatches, v.fault()) for v in verdicts] == [("C++", 0, None), ("RTL", 0, None)]


def test_faults_in_streamed_layers_are_found(chain: Path) -> None:
    done = mutate_build(chain, 80, seed=1)
    assert done.count("detected") >= 70
    assert {v.place.split(":")[0].split(".")[0] for v in done.verdicts if v.state == "detected"} >= {
        "net_sum", "net_taper", "net_leaky", "net_fc", "net"
    }  # fmt: skip
