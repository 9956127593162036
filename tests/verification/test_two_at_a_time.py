"""Processes and threads that need the same at the same time: each gets the right result, and nothing is left half done.

The long form, ``-m slow``, does each a hundred times.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from four import FOUR, TIMES, Four
from handmade import write_core, write_project
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.estimation.cache import kept
from l1ml.folders import alone, claimed, held, in_place, unchanged, write_whole
from l1ml.verification import object_cache
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.soak import SoakJob, soak
from l1ml.verification.waveform import save_waveform

EVENTS = np.array([[1, 2, 3], [-4, 5, 100], [7, -128, 127]])


def golden(inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the core by hand computes: the sum of the first two, and the difference of the last two."""
    return np.stack([inputs[:, 0] + inputs[:, 1], inputs[:, 1] - inputs[:, 2]], axis=1)


def simulated(verilog: Path, work: Path | None = None, *, optimised: bool = False) -> bool:
    """Whether a simulation gives the right results."""
    simulator = CoreSimulator(verilog, work=work)
    if optimised:
        simulator.compile()
    return bool(np.array_equal(simulator.run(EVENTS).integers, golden(EVENTS)))


def either(verilog: Path, number: int) -> bool:
    return simulated(verilog, optimised=number % 2 == 1)


@pytest.mark.parametrize("times", TIMES)
def test_one_core_is_simulated_for_the_first_time(four: Four, tmp_path: Path, times: int) -> None:
    for k in range(times):
        verilog = write_core(tmp_path / str(k))
        assert four(either, *((verilog, n) for n in range(FOUR))) == [True] * FOUR
        again = CoreSimulator(verilog).run(EVENTS)
        assert again.build_seconds == 0 and np.array_equal(again.integers, golden(EVENTS))
        (left,) = [path for path in (verilog / "sim").iterdir() if path.is_dir() and "-O1" in path.name]
        (left / "adder").unlink()  # what was compiled is gone but for its folder
        assert simulated(verilog)
        shutil.rmtree(verilog)


def other_core(folder: Path) -> Path:
    """The same core with another text."""
    verilog = write_core(folder)
    (verilog / "adder.sv").write_text((verilog / "adder.sv").read_text() + "// of another text\n")
    return verilog


@pytest.mark.parametrize("times", TIMES)
def test_what_others_simulate_is_not_removed_for_another_content(four: Four, tmp_path: Path, times: int) -> None:
    for k in range(times):
        folder = tmp_path / str(k)
        one, other = write_core(folder / "one"), other_core(folder / "other")
        assert four(simulated, *((verilog, folder / "sim") for verilog in (one, other, one, other))) == [True] * FOUR
        shutil.rmtree(folder)


def test_threads_share_a_simulation_and_the_cpp(tmp_path: Path) -> None:
    verilog, project = write_core(tmp_path), write_project(tmp_path)
    emulator = Emulator.of_project(project, Design.load(verilog))
    sums = Design.load(verilog).modules[0].outputs[0]
    many = np.random.default_rng(1).integers(-100, 100, (400, 3))

    def use(_: int) -> bool:
        right = np.array_equal(emulator.run(many), golden(many))
        traced = emulator.trace_integers(many, {sums: "sums"})["sums"]
        return simulated(verilog) and right and np.array_equal(traced, golden(many))

    with ThreadPoolExecutor(FOUR) as threads:
        assert list(threads.map(use, range(FOUR))) == [True] * FOUR


def soaked(job: SoakJob) -> dict[str, Any]:
    return soak(job, EVENTS, workers=1).verdict()


@pytest.mark.parametrize("times", TIMES)
def test_one_soak(four: Four, tmp_path: Path, times: int) -> None:
    verilog, project = write_core(tmp_path), write_project(tmp_path)
    for k in range(times):
        job = SoakJob(verilog, project, tmp_path / f"soak{k}", events=300, largest_chunk=100)
        first, *others = four(soaked, (job,))
        assert first["mismatches"] == 0 and first["events"] == 300 and others == [first] * (FOUR - 1)
        assert json.loads((job.folder / "soak.json").read_text())["verdict"] == json.loads(json.dumps(first))
        shutil.rmtree(job.folder)


def synthesised(cache: Path, number: int) -> dict[str, float]:
    os.environ["XDG_CACHE_HOME"] = str(cache)
    return kept([b"adder", str(number).encode()], lambda: {"lut": float(number)})


@pytest.mark.parametrize("times", TIMES)
def test_the_cache_of_syntheses(four: Four, tmp_path: Path, times: int) -> None:
    for k in range(10 * times):
        assert four(synthesised, (tmp_path, k)) == [{"lut": k}] * FOUR
    files = list((tmp_path / "l1ml/yosys").iterdir())
    assert len(files) == 10 * times and all(file.suffix == ".json" for file in files)


def compiled_object(root: Path, cache: Path, folder: Path) -> bytes:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, object_cache.__file__, root, "1", "g++", "-c", "-o", "runtime.o", root / "runtime.cpp"]
    subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, cwd=folder, check=True)
    return (folder / "runtime.o").read_bytes()


@pytest.mark.parametrize("times", TIMES)
def test_the_cache_of_objects(four: Four, tmp_path: Path, times: int) -> None:
    (tmp_path / "runtime.cpp").write_text("int answer() { return 42; }\n")
    for k in range(times):
        cache = tmp_path / f"cache{k}"
        first, *others = four(compiled_object, *((tmp_path, cache, tmp_path / str(n)) for n in range(FOUR)))
        assert others == [first] * (FOUR - 1)
        assert [file.read_bytes() for file in (cache / "l1ml/verilator").glob("*.o")] == [first]


def written(file: Path, letter: str) -> None:
    for _ in range(50):
        write_whole(file, letter * 100_000)
        assert len(set(file.read_text())) == 1


@pytest.mark.parametrize("times", TIMES)
def test_one_file(four: Four, tmp_path: Path, times: int) -> None:
    for _ in range(times):
        assert four(written, *((tmp_path / "file", letter) for letter in "abcd")) == [None] * FOUR
        assert len((tmp_path / "file").read_text()) == 100_000 and [p.name for p in tmp_path.iterdir()] == ["file"]


def filled(target: Path, number: int) -> None:
    with alone(target), in_place(target) as folder:
        for name in "ab":
            (folder / name).write_text(str(number))


@pytest.mark.parametrize("times", TIMES)
def test_one_folder(four: Four, tmp_path: Path, times: int) -> None:
    for _ in range(10 * times):
        assert four(filled, *((tmp_path / "target", n) for n in range(FOUR))) == [None] * FOUR
        assert len({(tmp_path / f"target/{name}").read_text() for name in "ab"}) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_folder_is_never_without_its_old_or_its_new_content(tmp_path: Path) -> None:
    target, ended = tmp_path / "target", threading.Event()
    filled(target, 0)

    def look() -> int:
        looks = 0
        while not ended.is_set():
            assert (target / "a").read_text() in ("0", "1")
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as thread:
        looking = thread.submit(look)
        for n in range(200):
            filled(target, n % 2)
        ended.set()
        assert looking.result() > 0


def test_a_build_is_changed_by_one_and_read_by_many(tmp_path: Path) -> None:
    build = tmp_path / "build"
    with claimed(build, "net"):
        for use in (held(build), unchanged(build), claimed(build, "net")):
            with pytest.raises(L1mlError, match="another l1ml is at work in"), use:
                pass
    with unchanged(build), unchanged(build), pytest.raises(L1mlError, match="another l1ml is at work in"), held(build):
        pass
    with held(build):
        pass


def drawn(verilog: Path, file: Path) -> int:
    save_waveform(CoreSimulator(verilog), EVENTS, file)
    return file.stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("times", [100])
def test_one_waveform(four: Four, tmp_path: Path, times: int) -> None:
    for k in range(times):
        verilog = write_core(tmp_path / str(k))
        assert min(four(drawn, (verilog, tmp_path / "events.fst"))) > 100
