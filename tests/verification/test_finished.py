"""The verdict on an hls4ml model stays beside its Verilog, as long as that and its C++ are what was verified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import error_of, l1ml
from four import FOUR, TIMES, Four
from networks import compile_graph, convert, quiet

import l1ml as api
from l1ml.errors import L1mlError
from l1ml.firmware.writing import write_firmware
from l1ml.frontends.hls4ml.saving import load_graph
from l1ml.golden.making import freeze
from l1ml.golden.pack import Pack
from l1ml.verification.finished import FinishedCore
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.verified import load_verified

EVENTS = 300


@pytest.fixture(scope="module")
def verified(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A model of hls4ml's that was verified, and its folder."""
    folder = tmp_path_factory.mktemp("model")
    graph = convert(_model(keras, 1), folder, {"x": {"precision": {"result": "fixed<6,3>"}}}, write_rtl=True)
    compile_graph(graph)
    assert api.verify(graph, events=EVENTS).mismatches == 0
    return graph, folder


def _model(keras: Any, seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="scores")(x))
    model.layers[1].set_weights([np.round(8 * w) / 8 for w in model.layers[1].get_weights()])
    return model


@pytest.fixture
def copy(verified: tuple[Any, Path], tmp_path: Path) -> Path:
    """A copy of that folder, to be changed."""
    return Path(shutil.copytree(verified[1], tmp_path / "copy"))


def flip_a_sign(folder: Path) -> None:
    """Make the Verilog of a model wrong."""
    file = folder / "verilog/net_scores.sv"
    lines = file.read_text().splitlines(keepends=True)
    place = next(k for k, line in enumerate(lines) if " + " in line and "//" not in line)
    lines[place] = lines[place].replace(" + ", " - ", 1)
    file.write_text("".join(lines))


def test_a_verdict_says_what_was_compared(verified: tuple[Any, Path]) -> None:
    graph, folder = verified
    core = FinishedCore.found_in(folder)
    verdict = core.exact_verdict()
    assert (verdict["events"], verdict["outputs"], verdict["mismatches"]) == (EVENTS, 3, 0)
    assert (verdict["latency_cycles"], verdict["initiation_interval"]) == (
        core.design.latency,
        core.design.initiation_interval,
    )
    vectors, outputs = load_verified(folder)
    assert len(vectors.inputs) == sum(verdict["families"].values()) == EVENTS
    x, kind = vectors.inputs / 8, core.design.outputs[0].type  # the input is fixed<6,3>
    np.testing.assert_array_equal(graph.predict(x), kind.to_float(outputs))


def test_the_larger_of_two_verdicts_on_the_same_files_stays(verified: tuple[Any, Path]) -> None:
    graph, folder = verified
    api.verify(graph, np.zeros((7, 4)))
    assert FinishedCore.found_in(folder).exact_verdict()["events"] == EVENTS


@pytest.mark.parametrize("change", [flip_a_sign, lambda folder: (folder / "firmware/weights/w2.h").write_text("no")])
def test_a_verdict_is_not_one_on_other_files(copy: Path, change: Callable[[Path], object]) -> None:
    change(copy)
    core = FinishedCore.found_in(copy)
    assert core.verdict() is None
    with pytest.raises(L1mlError, match="is not verified, or was changed since: run l1ml verify"):
        core.exact_verdict()


def test_commands_take_a_model_as_they_take_a_build(copy: Path, tmp_path: Path) -> None:
    pack = tmp_path / "net.golden"
    made = l1ml("golden", "make", copy, "--out", pack, "--events", "100")
    assert made.returncode == 0, made.stderr
    fired = l1ml("firmware", copy)
    assert fired.returncode == 0, fired.stderr
    assert f"{EVENTS} events × 3 outputs, 0 mismatches" in (copy / "l1ml_firmware/firmware.json").read_text()
    for folder in (copy, copy / "l1ml_firmware"):
        checked = l1ml("golden", "check", pack, "--rtl", folder)
        assert "net_r1: passed" in checked.stdout, checked.stderr
    hurt = l1ml("mutate", copy, "--faults", "8")
    assert hurt.returncode == 0 and (copy / "faults.json").is_file(), hurt.stderr


def test_a_wrong_model_is_found_from_the_command_line_and_has_no_firmware(copy: Path, tmp_path: Path) -> None:
    assert "bit-exact: 400 events × 3 outputs" in l1ml("verify", copy, "--events", "400").stdout
    flip_a_sign(copy)
    assert "RTL and C++ differ in" in error_of(l1ml("verify", copy, "--events", "200"))
    assert json.loads((copy / "verify/verification.json").read_text())["mismatches"] > 0
    assert "differ in" in error_of(l1ml("firmware", copy)) and not (copy / "l1ml_firmware").exists()
    assert "differ in" in error_of(l1ml("golden", "make", copy, "--out", tmp_path / "none.golden"))


def test_clean_removes_what_is_made_again_and_with_all_what_l1ml_made(copy: Path) -> None:
    said = l1ml("clean", copy)
    assert said.returncode == 0 and "MB removed" in said.stdout
    assert not (copy / "verilog/sim").exists() and FinishedCore.found_in(copy).exact_verdict()
    assert l1ml("clean", copy, "--all").returncode == 0
    assert not (copy / "verilog").exists() and not (copy / "verify").exists() and (copy / "firmware/net.cpp").exists()
    assert "no output_dir of an hls4ml model: nothing is removed" in error_of(l1ml("clean", copy))


def test_a_handle_whose_files_were_written_over_says_so(keras: Any, tmp_path: Path) -> None:
    first, second = (
        convert(_model(keras, seed), tmp_path, {"x": {"precision": {"result": "fixed<6,3>"}}}, write_rtl=True)
        for seed in (1, 2)
    )
    for graph in (first, second):
        compile_graph(graph)
    x = np.ones((4, 4))
    assert api.simulate(second, x).outputs.shape == (4, 3)
    for use in (api.simulate, api.verify):
        with pytest.raises(L1mlError, match="holds the files of another conversion, which wrote over those of this"):
            use(first, x)


def verified_there(folder: Path) -> int:
    return FinishedCore.found_in(folder).verify(200, 1).mismatches


def used(folder: Path, number: int) -> bool:
    """Verify, write firmware, make a pack: each in half of the processes, so that all meet."""
    pack = folder.with_suffix(".golden")
    if number % 2:
        assert verified_there(folder) == 0
        freeze(folder, 100).save(pack)
        write_firmware(folder)
    else:
        write_firmware(folder)
        freeze(folder, 100).save(pack)
        assert verified_there(folder) == 0
    return Pack.load(pack).inputs.shape == (100, 4)


@pytest.mark.parametrize("times", TIMES)
def test_one_model_is_verified_frozen_and_written_by_many(four: Four, copy: Path, times: int) -> None:
    for _ in range(times):
        shutil.rmtree(copy / "verilog/sim", ignore_errors=True)
        assert four(used, *((copy, n) for n in range(FOUR))) == [True] * FOUR
        assert FinishedCore.found_in(copy).exact_verdict()["events"] == EVENTS
        assert "0 mismatches" in json.loads((copy / "l1ml_firmware/firmware.json").read_text())["verified"]
        hidden = [path.name for path in copy.iterdir() if path.name.startswith(".")]
        assert hidden == [".l1ml.lock"]


def converted(saved: Path, folder: Path) -> bool:
    """Write and compile a model in a folder; whether its C++ computes."""
    graph = load_graph(saved)
    graph.config.config.update(OutputDir=str(folder))
    with quiet():
        graph.compile()
    return bool(np.isfinite(graph.predict(np.ones((5, 4)))).all())


@pytest.mark.parametrize("times", TIMES)
def test_one_folder_is_converted_to_by_many(four: Four, copy: Path, tmp_path: Path, times: int) -> None:
    for k in range(times):
        folder = tmp_path / str(k)
        ended = four(converted, (copy / "verify/graph.fml", folder))
        refused = [message for message in ended if message is not True]
        assert len(refused) < FOUR and all("holds the files of another conversion" in message for message in refused)
        assert verified_there(folder) == 0
        shutil.rmtree(folder)


def test_files_that_change_while_they_are_verified_have_no_verdict(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CoreSimulator.run

    def changed(self: CoreSimulator, *arguments: Any) -> Any:
        done = run(self, *arguments)
        (copy / "verilog/net.sv").open("a").write("// another\n")
        return done

    monkeypatch.setattr(CoreSimulator, "run", changed)
    with pytest.raises(L1mlError, match="were changed while they were verified: verify again"):
        verified_there(copy)
    assert FinishedCore.found_in(copy).verdict() is None
