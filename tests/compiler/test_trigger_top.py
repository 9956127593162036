"""The trigger top: thresholds that change while it runs take effect between two events, never within one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden
from numpy.typing import NDArray

import l1ml
from l1ml.compiler.design import Design
from l1ml.compiler.trigger_top import write_trigger
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.paths import shared
from l1ml.templates import render
from l1ml.tools import set_up_verilator
from l1ml.triggers.anomaly_vae.network import firmware_model
from l1ml.verification.bench import cocotb_runner
from l1ml.verification.packing import pack, unpack

OBJECTS, LEVELS, RESET = 6, 3, (400, 0, 65535)
SCORE = FixedType.parse("ufixed<16,12>")
PORTS = ("clk", "rst", "in_valid", "in_data", "out_valid", "out_data", "cfg_we", "cfg_addr", "cfg_data", "cfg_apply")


@dataclass
class Stimulus:
    """What happens in each clock cycle: one row for each, columns as in ``bench_trigger``."""

    controls: dict[str, NDArray[np.int64]]
    objects: NDArray[np.int64]


@pytest.fixture(scope="module", params=[1, 8], ids=["R1", "R8"])
def graph(keras: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """A small anomaly trigger: C++ compiled, Verilog written."""
    encoder = keras.Sequential([keras.Input((OBJECTS,)), keras.layers.Dense(4, name="mu")])
    rng = np.random.default_rng(3)
    encoder.layers[0].set_weights([rng.integers(-15, 16, (OBJECTS, 4)) / 8, rng.integers(-7, 8, 4) / 8])
    model = firmware_model(encoder, [18, 0.5, 7, 0, -3, 2], [3, 1, 0, -1, 2, 4], LEVELS)
    precisions = {
        "objects": {"result": "fixed<9,9>"},
        "thresholds": {"result": str(SCORE)},
        "scaler": {"work": "fixed<14,9>", "offset": "auto", "result": "fixed<8,6,RND_CONV,SAT>"},
        "mu": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "auto", "result": "fixed<16,11>"},
        "mu_linear": {"result": "fixed<10,7,RND_CONV,SAT>"},
        "score": {"accum": str(SCORE), "result": str(SCORE)},
    }
    options = {name: {"precision": types} for name, types in precisions.items()}
    options["mu"] |= {"ReuseFactor": request.param, "Strategy": "auto"}
    made = convert(model, tmp_path_factory.mktemp("trigger"), options, write_rtl=True)
    compile_graph(made)
    return made


def test_verilog_equals_cpp_also_for_empty_events_and_at_the_ends_of_all_types(graph: Any) -> None:
    checked = l1ml.verify(graph, events=600)  # corners: all inputs, thresholds too, at their ends and zero
    assert (checked.mismatches, checked.outputs) == (0, 1 + LEVELS), checked.first_mismatch
    ends = np.array([[0] * OBJECTS + [0, 1, SCORE.maximum]])
    score, *bits = golden(graph, ends)[0]
    assert bits == [1, int(score >= 1), int(score >= SCORE.maximum)]


def test_thresholds_change_exactly_between_two_events(graph: Any, tmp_path: Path) -> None:
    design = Design.load(rtl_folder(graph))
    played = _busy(design.initiation_interval, events=300)
    cycles, outputs = _play(graph, played, tmp_path)
    sent, thresholds = _decided_with(played)
    np.testing.assert_array_equal(cycles, sent + design.latency - 1)
    expected = golden(graph, np.concatenate([played.objects[sent], thresholds], axis=1))
    np.testing.assert_array_equal(outputs, expected)
    changed = np.flatnonzero((thresholds[1:] != thresholds[:-1]).any(axis=1))
    assert len(changed) > 20
    assert (sent[changed + 1] - sent[changed] == design.initiation_interval).any()  # from one event to the very next
    assert played.controls["cfg_apply"][sent].any()  # together with an event
    late = np.concatenate([thresholds[1:], thresholds[-1:]])  # a change one event too early would be seen
    assert (golden(graph, np.concatenate([played.objects[sent], late], axis=1)) != expected).any()


def _busy(interval: int, events: int) -> Stimulus:
    """Events as fast as allowed and with gaps; writes, also to addresses that are not there; a reset in the middle."""
    rng = np.random.default_rng(interval)
    gaps = rng.choice([0, 0, 0, 1, 3], events)
    at = 4 + np.cumsum(interval + gaps)
    cycles = at[-1] + 100
    controls = {
        "rst": np.zeros(cycles, dtype=np.int64),
        "in_valid": np.zeros(cycles, dtype=np.int64),
        "cfg_we": rng.integers(0, 2, cycles),
        "cfg_addr": rng.integers(0, 4, cycles),
        "cfg_data": rng.integers(0, SCORE.maximum + 1, cycles) >> rng.integers(0, SCORE.width, cycles),
        "cfg_apply": (rng.random(cycles) < 0.3 / interval).astype(np.int64),
    }
    controls["in_valid"][at] = 1
    controls["rst"][:4] = 1
    quiet = slice(at[events // 2] + 1, at[events // 2] + 80)  # events under way leave before the reset
    controls["in_valid"][quiet] = 0
    controls["rst"][quiet.stop - 1] = 1
    controls["cfg_apply"][quiet.stop - 1 : quiet.stop + 3 * interval] = 0  # some events with the reset values
    controls["cfg_apply"][at[5::7]] = 1
    return Stimulus(controls, rng.integers(-256, 256, (cycles, OBJECTS)) >> rng.integers(0, 8, (cycles, 1)))


def _decided_with(played: Stimulus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cycle of each event, and the thresholds that are in force then."""
    shadow, active, sent, thresholds = np.array(RESET), np.array(RESET), [], []
    rows = np.stack(list(played.controls.values()), axis=1)
    for cycle, (rst, valid, we, address, data, apply) in enumerate(rows):
        if valid:
            sent.append(cycle)
            thresholds.append(active)
        if apply:
            active = shadow.copy()
        if we and address < LEVELS:
            shadow = np.where(np.arange(LEVELS) == address, data, shadow)
        if rst:
            shadow, active = np.array(RESET), np.array(RESET)
    return np.array(sent), np.array(thresholds)


def _play(graph: Any, played: Stimulus, folder: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cycle of each result, and the results, by Verilator."""
    design = Design.load(rtl_folder(graph))
    top = write_trigger(rtl_folder(graph), "thresholds", RESET)
    files = [rtl_folder(graph) / name for name in (rtl_folder(graph) / "files.f").read_text().split()]
    assert files[-1].name == f"{top}.sv"
    np.savez(folder / "stimulus.npz", in_data=pack(played.objects, design.inputs[:1]), **played.controls)
    control = folder / "ports.vlt"
    control.write_text(render("rtl/probes.vlt.j2", top=top, ports=PORTS, probes=[]))
    set_up_verilator()
    runner = cocotb_runner()
    runner.build(
        sources=[control, *files], hdl_toplevel=top, build_dir=folder / "build", timescale=("1ns", "1ps"),
        build_args=["--no-public-flat-rw", "--timing", "--x-initial", "unique", "-CFLAGS", "-O0"],
        log_file=folder / "build.log",
    )  # fmt: skip
    sys.path.insert(0, str(shared("sim") / "trigger"))
    try:
        runner.test(
            test_module="bench_trigger", hdl_toplevel=top, hdl_toplevel_lang="verilog", build_dir=folder / "build",
            test_dir=folder, plusargs=["+verilator+rand+reset+2"], extra_env={"L1ML_JOB": str(folder)},
            log_file=folder / "run.log",
        )  # fmt: skip
    finally:
        sys.path.pop(0)
    with np.load(folder / "results.npz") as results:
        return results["cycles"], unpack(results["rows"], design.outputs)


@pytest.mark.parametrize(
    ("name", "reset", "reason"),
    [
        ("levels", RESET, r"net has the inputs objects, thresholds; a trigger needs one named levels"),
        ("thresholds", RESET[:2], r"2 reset values for 3 thresholds; give one for each"),
        ("thresholds", (0, 0, 65536), r"reset value 2 of thresholds is 65536; ufixed<16,12> holds 0 to 65535"),
        ("thresholds", (0, -1, 0), r"reset value 1 of thresholds is -1; ufixed<16,12> holds 0 to 65535"),
    ],
)
def test_wrong_registers_are_refused(graph: Any, name: str, reset: tuple[int, ...], reason: str) -> None:
    with pytest.raises(L1mlError, match=reason):
        write_trigger(rtl_folder(graph), name, reset)


def test_an_event_of_several_words_is_refused(graph: Any, tmp_path: Path) -> None:
    design = Design.load(rtl_folder(graph))
    in_words = tuple(replace(t, size=3 * t.size, beats=3) for t in design.inputs)
    design.model_copy(update={"inputs": in_words}).save(tmp_path)
    with pytest.raises(L1mlError, match="net takes an event in 3 words; a trigger needs one"):
        write_trigger(tmp_path, "thresholds", RESET)
