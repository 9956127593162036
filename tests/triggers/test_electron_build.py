"""The electron trigger from candidates to decisions: what is odd has a defined result in Python, C++ and RTL alike."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from command_line import SmallBuild
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import real_values
from l1ml.datasets.parts import Prepared
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic
from l1ml.verification.emulator import Emulator, quantize_inputs
from l1ml.verification.simulation import CoreSimulator

ODD = ("all zero", "negative sum", "sum of zero", "saturated", "below the bins", "above the bins", "forward")


@pytest.fixture(scope="module")
def design(electron_build: SmallBuild) -> Design:
    return Design.load(electron_build.folder / "rtl/verilog")


@pytest.fixture(scope="module")
def candidates(electron_build: SmallBuild) -> dict[str, NDArray[np.float32]]:
    """The surest electron for each of `ODD`, made odd in its own way."""
    test = Prepared.load(electron_build.folder / "dataset").parts["test"]
    with np.load(electron_build.folder / "convert/outputs.npz") as file:
        score = file["hls/score"][:, 0]
    central = (test.labels == 1) & (np.abs(test.inputs["eta"][:, 0]) < 1)
    electron = int(np.argmax(np.where(central, score, -np.inf)))
    inputs = {
        name: np.repeat(values[electron : electron + 1], len(ODD), axis=0) for name, values in test.inputs.items()
    }
    rings = inputs["rings"]
    rings[0] = 0
    rings[1] = -rings[1]
    rings[2] = np.where(np.arange(100) % 2, 5.0, -5.0)
    rings[3, 72] = 1e6
    inputs["et"][4], inputs["et"][5], inputs["eta"][6] = 9.9, 5000.0, -2.6
    return inputs


@pytest.fixture(scope="module")
def answers(electron_build: SmallBuild, design: Design, candidates: dict[str, Any]) -> list[NDArray[np.float64]]:
    """Score and decisions for `ODD`, the same from C++ and RTL."""
    integers = quantize_inputs([candidates[t.name] for t in design.inputs], design)
    golden = Emulator.of_project(electron_build.folder / "convert/hls", design).run(integers)
    rtl = CoreSimulator(electron_build.folder / "rtl/verilog").run(integers).integers
    np.testing.assert_array_equal(rtl, golden)
    return real_values(golden, design.outputs)


def test_the_firmware_is_bit_exact_and_folded(electron_build: SmallBuild) -> None:
    report = json.loads((electron_build.folder / "report/report.json").read_text())
    assert report["verification"]["mismatches"] == 0
    assert report["rtl"]["initiation_interval"] == 8
    assert (electron_build.folder / "report/figures/profiles.svg").stat().st_size > 1000


def test_the_firmware_decides_as_the_quantized_network_and_its_thresholds(electron_build: SmallBuild) -> None:
    with np.load(electron_build.folder / "train/outputs.npz") as file:
        trained = {name: file[f"quantized/{name}"] for name in ("score", "decision")}
    with np.load(electron_build.folder / "convert/outputs.npz") as file:
        np.testing.assert_allclose(file["hls/score"], trained["score"], atol=1e-6)
        # Thresholds, ET and pile-up are rounded in the firmware: few candidates lie so near to a threshold.
        assert np.mean(file["hls/decision"] != trained["decision"]) < 0.01


def test_working_points_have_the_efficiency_that_was_asked_for(electron_build: SmallBuild) -> None:
    metrics = json.loads((electron_build.folder / "convert/metrics.json").read_text())["hls"]
    for point, asked in (("tight", 0.8), ("loose", 0.95)):
        # Thresholds come from 180 electrons in each bin, on which the network was trained, and are tried on 125.
        assert metrics["efficiency"][point] == pytest.approx(asked, abs=0.1)
    assert metrics["fake_rate"]["tight"] <= metrics["fake_rate"]["loose"] < 0.5


def test_a_candidate_without_energy_has_the_score_of_rings_of_zero(
    answers: list[NDArray[np.float64]], electron_build: SmallBuild
) -> None:
    spec_type = FixedType.parse(json.loads((electron_build.folder / "train/types.json").read_text())["rings"])
    norm = Norm1Arithmetic.default(100, spec_type, FixedType.parse("fixed<9,1,RND,SAT>"), 1.0)
    np.testing.assert_array_equal(norm.run(np.zeros((1, 100), dtype=np.int64)), np.zeros((1, 100)))
    score = answers[0]
    assert np.isfinite(score).all()
    assert score[0] != score[5]


def test_outside_of_the_bins_nothing_fires_but_above_them_the_last_bin_decides(
    answers: list[NDArray[np.float64]],
) -> None:
    score, decision = answers
    below, above, forward = (ODD.index(name) for name in ODD[4:])
    assert score[below] == score[above] == score[forward]  # the same electron
    np.testing.assert_array_equal(decision[[below, forward]], 0)
    assert decision[above].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {**x, "rings": x["rings"][:, :99]}, "input rings takes 100 values an event"),
        (lambda x: {**x, "rings": np.full_like(x["rings"], np.nan)}, "input rings: cannot cast NaN"),
        (lambda x: {**x, "et": np.full_like(x["et"], np.inf)}, "input et: cannot cast NaN or infinite"),
    ],
)
def test_what_no_port_can_carry_is_refused(
    design: Design, candidates: dict[str, Any], change: Any, message: str
) -> None:
    changed = change(candidates)
    with pytest.raises(L1mlError, match=message):
        quantize_inputs([changed[t.name] for t in design.inputs], design)
