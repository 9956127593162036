"""Looking for events that show faults: what is watched is right, and what is found becomes part of a build."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.compiler.design import Design
from l1ml.faults.choose import all_faults, choose
from l1ml.faults.circuits import read_circuits
from l1ml.faults.hunt.neighbours import neighbours
from l1ml.faults.hunt.watch import watch_faults
from l1ml.faults.hunt.watcher import Watcher
from l1ml.faults.wiring import wire_design
from l1ml.verification.emulator import Emulator
from l1ml.verification.packing import pack, unpack
from l1ml.verification.vectors import limits
from l1ml.verification.verified import SOUGHT, load_verified


@pytest.mark.parametrize("build", ["small_build", "anomaly_build"])
def test_what_is_watched_belongs_to_its_event(build: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A module's output, at reuse factor 1 and above, is that of the C++; where a fault is seen, it is active."""
    folder = request.getfixturevalue(build).folder
    circuits = read_circuits(folder / "rtl/verilog")
    design = circuits.design
    faults = [f for f in choose(all_faults(circuits), 60, 3) if f.kind in ("weight", "saturation", "table")]
    watch = watch_faults(design, wire_design(circuits), faults)
    assert len(watch.wires) == len(watch.active) == len(faults) >= 15
    with np.load(folder / "verify/vectors.npz") as arrays:
        inputs, outputs = arrays["inputs"][-300:], arrays["outputs"][-300:]
    producers = {t: p for m in design.modules for t, p in zip(m.outputs, m.producers, strict=True)}
    golden = Emulator.of_project(folder / "convert/hls", design).trace_integers(inputs, producers)
    with Watcher(circuits, faults, watch, tmp_path) as watcher:
        seen = watcher.run(inputs)
        assert seen.outputs[:, 0].all(), "a result of each event"
        np.testing.assert_array_equal(unpack(seen.outputs[:, 1:], design.outputs), outputs)
        for module, bus in zip(design.modules, watch.buses, strict=True):
            words = seen.ends[:, bus]
            np.testing.assert_array_equal(words[..., 0], words[..., 1], "one value at one time")
            bits = np.concatenate([(words[:, i, :1] >> np.arange(63)) & 1 for i in range(len(bus))], axis=1)
            (tensor,) = module.outputs
            rows = np.packbits(bits[:, : tensor.bits].astype(np.uint8), axis=1, bitorder="little")
            np.testing.assert_array_equal(rows, pack(golden[tensor.name], [tensor]), module.name)
        shown = 0
        for number, active in enumerate(watch.active, start=1):
            wrong = watcher.run(inputs, number, signals=False)
            different = (wrong.outputs != seen.outputs).any(axis=1)
            shown += different.any()
            if active is not None:
                lively = (seen.ends[:, active] != 0).any(axis=1)
                assert lively[different].all(), faults[number - 1]
        assert shown > len(faults) / 2


def test_neighbours_are_within_the_limits_and_many_are_near(anomaly_build: SmallBuild) -> None:
    design = Design.load(anomaly_build.folder / "rtl/verilog")
    low, high = limits(design)
    rng = np.random.default_rng(1)
    parents = rng.integers(low, high + 1, (2, 800, len(low)))
    kept = parents.copy()
    rows = neighbours(parents, low, high, [t.size for t in design.inputs], rng)
    np.testing.assert_array_equal(parents, kept)
    assert (rows >= low).all() and (rows <= high).all()
    changed = (rows != parents[0]).sum(axis=1)
    assert np.mean(changed == 1) > 0.3, "single elements"
    assert np.mean(changed > len(low) / 2) > 0.1, "mixtures"


def test_improve_finds_events_for_what_vectors_do_not_show(copy_build: Callable[..., Path]) -> None:
    build = copy_build()
    file, record = build / "verify/vectors.npz", build / "verify/verification.json"
    with np.load(file) as arrays:
        inputs, outputs = arrays["inputs"], arrays["outputs"]
    (zero,) = np.flatnonzero((inputs == 0).all(axis=1))[:1]
    inputs, outputs = inputs[np.full(40, zero)], outputs[np.full(40, zero)]
    np.savez_compressed(file, inputs=inputs, outputs=outputs)
    verdict = json.loads(record.read_text())
    record.write_text(json.dumps(verdict | {"events": 40, "families": {"data": 40}}))

    def faults(*options: str) -> tuple[dict[str, int], str]:
        done = l1ml("mutate", build, "--faults", "30", "--seed", "2", *options)
        result = json.loads((build / "faults.json").read_text())
        assert done.returncode == (1 if result["missed"] else 0)
        return result, done.stdout + done.stderr

    before, output = faults()
    assert before["missed"] >= 3 and before["sought"] == 0
    assert "--improve looks for events that show them" in output
    after, output = faults("--improve")
    assert after["missed"] <= before["missed"] / 4
    assert after["detected"] + after["equivalent"] + after["missed"] == 30
    assert after["sought"] >= 1 and f"{after['sought']} events were found and added to the vectors of" in output
    verified, answers = load_verified(build)
    assert len(verified.inputs) == len(answers) == 40 + after["sought"] == after["events"]
    np.testing.assert_array_equal(verified.inputs[:40], inputs)
    assert verified.families == {"data": 40, "sought": after["sought"]}
    with np.load(file) as arrays:
        assert len(arrays["inputs"]) == 40, "the stage stays as it is"
    again, _ = faults()
    assert (again["detected"], again["missed"]) == (after["detected"], after["missed"]), "they stay with the build"
    assert l1ml("golden", "make", build, "--out", build / "it.golden").returncode == 0
    assert l1ml("verify", build / "spec.yaml", "--out", build).returncode == 0
    assert load_verified(build)[0].families[SOUGHT] == after["sought"], "and are verified with it"
    assert json.loads(record.read_text())["families"][SOUGHT] == after["sought"]


def test_a_build_in_use_is_not_improved(copy_build: Callable[..., Path]) -> None:
    import fcntl

    build = copy_build()
    with (build / "l1ml.json").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        message = error_of(l1ml("mutate", build, "--faults", "5", "--improve"))
    assert "another l1ml is at work in" in message
