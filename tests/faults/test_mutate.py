"""Faults in the small build: who finds them, who proves that there is nothing to find, and vectors that are blind."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.compiler.design import Design
from l1ml.compiler.printers.systemverilog import text_of
from l1ml.errors import L1mlError
from l1ml.faults.choose import all_faults, choose
from l1ml.faults.circuits import Circuits, read_circuits
from l1ml.faults.fault import KINDS, Fault
from l1ml.faults.mutate import mutate
from l1ml.faults.network import read_network
from l1ml.faults.proofs.prove import Prover
from l1ml.faults.schemata import write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import make_cycles
from l1ml.frontends.hls4ml.saving import load_graph
from l1ml.verification.finished import FinishedCore
from l1ml.verification.simulation import CoreSimulator, bench_job

FAULTS = 300


@pytest.fixture(scope="module")
def circuits(small_build: SmallBuild) -> Circuits:
    """The small tagger."""
    return read_circuits(small_build.folder / "rtl/verilog")


@pytest.fixture(scope="module")
def design(circuits: Circuits) -> Design:
    """Its design."""
    return circuits.design


@pytest.fixture(scope="module")
def faults(circuits: Circuits) -> list[Fault]:
    """Faults of it, of all kinds."""
    return choose(all_faults(circuits), FAULTS, 1)


@pytest.fixture(scope="module")
def result(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """File, output and exit code of ``l1ml mutate``."""
    file = tmp_path_factory.mktemp("mutate") / "faults.json"
    done = l1ml("mutate", small_build.folder, "--faults", str(FAULTS), "--seed", "1", "--out", file)
    return file, done.stdout + done.stderr, done.returncode


def test_faults_are_of_all_kinds_and_in_all_modules(faults: list[Fault], design: Design) -> None:
    kinds = Counter(fault.kind for fault in faults)
    assert kinds.keys() == KINDS.keys() - {"table"}, "it has no table"
    assert min(kinds.values()) >= 15 and max(kinds.values()) <= FAULTS // 5
    assert {fault.module for fault in faults} == {design.name, *(module.name for module in design.modules)}
    edits = [(fault.module, *((e.key, text_of(e.wrong)) for e in fault.edits)) for fault in faults]
    assert len(set(edits)) == FAULTS


def test_a_fault_names_its_line(circuits: Circuits, faults: list[Fault], small_build: SmallBuild) -> None:
    for fault in faults:
        file, line = circuits.place_of(fault.module, fault.place.target).split(":")
        text = (small_build.folder / "rtl/verilog" / file).read_text().splitlines()[int(line) - 1]
        name = fault.place.target.rpartition(".")[2]
        assert re.search(rf"\b{name}\b", text) or re.search(rf"\b{name.rpartition('_')[0]}\b", text), fault


def test_the_seed_decides(circuits: Circuits, faults: list[Fault]) -> None:
    every = list(all_faults(circuits))
    assert choose(every, FAULTS, 1) == faults
    assert choose(every, FAULTS, 2) != faults
    with pytest.raises(L1mlError, match=r"only [\d,]+ faults to choose from; ask for fewer than 1,000,000"):
        choose(every, 1_000_000, 1)


def test_verification_finds_the_faults_or_they_are_proved_to_change_nothing(result: tuple[Path, str, int]) -> None:
    file, output, code = result
    record = json.loads(file.read_text())
    assert record["injected"] == FAULTS == len(record["faults"])
    assert record["detected"] >= 0.9 * FAULTS
    assert record["equivalent"] >= 1
    assert record["detected"] + record["equivalent"] + record["missed"] == FAULTS
    for kind in KINDS:
        counts = record["kinds"][kind]
        assert (counts["detected"] > 0) == (kind != "table"), kind
        assert counts["injected"] == sum(counts[state] for state in ("detected", "equivalent", "missed"))
    assert code == (1 if record["missed"] else 0), output
    assert re.search(rf"all .*{FAULTS}", output)
    for fault in record["faults"]:
        if fault["state"] == "missed":
            assert fault["place"] in output
        if fault["state"] == "equivalent":
            assert fault["reason"].startswith(("SAT: the same function in", "nothing that reaches an output"))


def test_what_is_seen_is_never_proved_to_change_nothing(
    small_build: SmallBuild, circuits: Circuits, faults: list[Fault], result: tuple[Path, str, int]
) -> None:
    verdicts = json.loads(result[0].read_text())["faults"]
    seen = [fault for fault, verdict in zip(faults, verdicts, strict=True) if verdict["state"] == "detected"]
    graph = small_build.folder / "convert/graph.fml"
    prover = Prover(circuits, lambda: read_network(load_graph(graph)))
    for fault in seen[:: len(seen) // 10]:
        assert not prover.prove(fault).equivalent, fault


def test_the_same_stimuli_as_in_the_bench(small_build: SmallBuild, design: Design) -> None:
    with np.load(small_build.folder / "verify/vectors.npz") as arrays:
        inputs, outputs = arrays["inputs"], arrays["outputs"]
    simulator = CoreSimulator(small_build.folder / "rtl/verilog", work=small_build.folder / "verify/sim")
    patterns = simulator.run(inputs, seed=5).patterns
    cycles = make_cycles(design, inputs, outputs, bench_job(design, 5))
    for name, pattern in patterns.items():
        assert cycles.sent[name] == pattern.sent.tolist(), name


def test_vectors_that_never_change_are_blind(small_build: SmallBuild, design: Design, tmp_path: Path) -> None:
    """With nothing but zeros at the inputs, faults survive that are no equivalent ones, and are told so."""
    with np.load(small_build.folder / "verify/vectors.npz") as arrays:
        inputs, outputs = arrays["inputs"], arrays["outputs"]
    (zero,) = np.flatnonzero((inputs == 0).all(axis=1))[:1]
    rows = np.full(50, zero)
    blind = mutate(small_build.folder / "rtl/verilog", inputs[rows], outputs[rows], faults=24, seed=1)
    assert blind.count("missed") > 4
    kept = [v for v in blind.verdicts if v.state == "missed" and v.kind != "latency"]
    assert any(v.reason == "its module can tell" for v in kept)
    assert blind.count("detected", "valid") > 0, "valid flags do not depend on data"


def test_a_core_that_is_wrong_without_a_fault_is_an_error(small_build: SmallBuild, faults: list[Fault]) -> None:
    with np.load(small_build.folder / "verify/vectors.npz") as arrays:
        inputs, outputs = arrays["inputs"][:20], arrays["outputs"][:20] ^ 1
    with pytest.raises(L1mlError, match="without a fault gives wrong data in pattern back_to_back: verify it first"):
        mutate(small_build.folder / "rtl/verilog", inputs, outputs, faults=5, seed=1)


def test_a_fault_that_does_not_compile_is_an_error_that_names_the_log(
    circuits: Circuits, faults: list[Fault], tmp_path: Path
) -> None:
    files = write_schemata(circuits, faults[:1], tmp_path)
    files[-1].write_text("no Verilog")
    with pytest.raises(L1mlError, match=r"the core with faults does not compile: see .*build.log"):
        FaultSimulator(files, tmp_path)


def test_a_build_that_is_not_finished_is_an_error(tmp_path: Path) -> None:
    assert "has no Verilog with its C++: give the folder of a build" in error_of(l1ml("mutate", tmp_path))


def test_verilog_that_was_edited_is_an_error(copy_build: Callable[..., Path]) -> None:
    """Faults are put into circuits: what they are printed as must be what was verified."""
    build = copy_build()
    (file, *_) = sorted((build / "rtl/verilog").glob("*_fc1.sv"))
    file.write_text(file.read_text().replace("+", "-", 1))
    message = error_of(l1ml("mutate", build, "--faults", "5"))
    assert f"{build} is not verified, or was changed since: run l1ml verify" in message
    record = build / "verify/verification.json"  # as if it had been verified so
    record.write_text(json.dumps(json.loads(record.read_text()) | {"of": FinishedCore.found_in(build).content()}))
    message = error_of(l1ml("mutate", build, "--faults", "5"))
    assert f"{file} is not what was written there: faults are put into circuits; write it again" in message
