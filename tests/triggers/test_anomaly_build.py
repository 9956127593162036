"""The anomaly trigger from hardware integers to bits: what is odd has a defined result, the same in C++ and RTL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import SmallBuild, error_of, l1ml
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import real_values
from l1ml.compiler.trigger_top import write_trigger
from l1ml.datasets.parts import Prepared
from l1ml.errors import L1mlError
from l1ml.triggers import load_settings
from l1ml.triggers.anomaly_vae import data as anomaly
from l1ml.triggers.anomaly_vae.hardware_objects import HIGHEST, INPUTS, LOWEST
from l1ml.triggers.anomaly_vae.rates import input_rate
from l1ml.verification.emulator import Emulator, quantize_inputs
from l1ml.verification.simulation import CoreSimulator

POINTS = ("loose", "tight")


@pytest.fixture(scope="module")
def design(anomaly_build: SmallBuild) -> Design:
    return Design.load(anomaly_build.folder / "rtl/verilog")


@pytest.fixture(scope="module")
def data(anomaly_build: SmallBuild) -> Prepared:
    return Prepared.load(anomaly_build.folder / "dataset")


@pytest.fixture(scope="module")
def thresholds(anomaly_build: SmallBuild) -> NDArray[np.float64]:
    return load_settings(anomaly_build.folder / "train")["thresholds"]


@pytest.fixture(scope="module")
def firmware(anomaly_build: SmallBuild) -> dict[str, NDArray[np.float32]]:
    with np.load(anomaly_build.folder / "convert/outputs.npz") as file:
        return {name: file[f"hls/{name}"] for name in ("score", "bits")}


def _answers(build: SmallBuild, design: Design, inputs: dict[str, Any]) -> list[NDArray[np.float64]]:
    """Score and bits, the same from C++ and RTL."""
    integers = quantize_inputs([inputs[t.name] for t in design.inputs], design)
    golden = Emulator.of_project(build.folder / "convert/hls", design).run(integers)
    rtl = CoreSimulator(build.folder / "rtl/verilog").run(integers).integers
    np.testing.assert_array_equal(rtl, golden)
    return real_values(golden, design.outputs)


def test_the_firmware_is_bit_exact_and_folded(anomaly_build: SmallBuild, design: Design) -> None:
    report = json.loads((anomaly_build.folder / "report/report.json").read_text())
    assert report["verification"]["mismatches"] == 0
    assert report["rtl"]["initiation_interval"] == 8
    assert [(t.name, t.size) for t in design.outputs] == [(design.outputs[0].name, 1), (design.outputs[1].name, 2)]
    for figure in ("roc", "scores", "rates", "latent", "occupancies"):
        assert (anomaly_build.folder / f"report/figures/{figure}.svg").stat().st_size > 1000


def test_every_number_of_the_report_has_an_uncertainty_or_is_a_limit(anomaly_build: SmallBuild) -> None:
    page = (anomaly_build.folder / "report/report.html").read_text()
    table = page[page.index("Metrics on ") :]
    cells = [cell.split("</td>")[0] for cell in table[: table.index("</table>")].split('<td class="n">')[1:]]
    # All signals; AUC, efficiency and limit of each; threshold and rate of each working point.
    assert len(cells) == 3 * (1 + 3 * 4 + 2 * len(POINTS))
    assert all("±" in cell or "&lt; " in cell for cell in cells), cells


def test_verification_sees_both_values_of_every_bit_on_real_events(anomaly_build: SmallBuild) -> None:
    families = json.loads((anomaly_build.folder / "verify/verification.json").read_text())["families"]
    with np.load(anomaly_build.folder / "verify/vectors.npz") as file:
        inputs, outputs = (file[name][: families["data"]] for name in ("inputs", "outputs"))
    bits, set_once, varied = outputs[:, 1:], inputs[::2, len(INPUTS) :], inputs[1::2, len(INPUTS) :]
    assert (set_once == set_once[0]).all()
    assert len(np.unique(varied, axis=0)) > 100
    assert ((bits.mean(axis=0) > 0.1) & (bits.mean(axis=0) < 0.9)).all()


def test_training_knows_no_signal_and_the_test_has_all_of_them(data: Prepared) -> None:
    for part in ("train", "validation"):
        assert (data.parts[part].labels == 0).all()
    counts = np.bincount(data.parts["test"].labels)
    assert counts.tolist() == [3200, 400, 400, 400, 400]
    assert (data.parts["test"].labels[:500] > 0).any()  # events for the verification are of all kinds


def test_the_firmware_decides_as_the_quantized_network(
    anomaly_build: SmallBuild, firmware: dict[str, NDArray[np.float32]]
) -> None:
    with np.load(anomaly_build.folder / "train/outputs.npz") as file:
        np.testing.assert_array_equal(firmware["score"], file["quantized/score"])
        np.testing.assert_array_equal(firmware["bits"], file["quantized/bits"])


def test_thresholds_have_the_rates_that_were_asked_for(
    anomaly_build: SmallBuild, firmware: dict[str, NDArray[np.float32]], data: Prepared
) -> None:
    metrics = json.loads((anomaly_build.folder / "convert/metrics.json").read_text())["hls"]
    background = data.parts["test"].labels == 0
    for k, (point, asked) in enumerate(zip(POINTS, (3000.0, 300.0), strict=True)):
        rate, error = metrics["rate_khz"][point], metrics["rate_khz_error"][point]
        assert rate == pytest.approx(firmware["bits"][background, k].mean() * input_rate(2760))
        # The threshold is of 4,800 events: its error is a little less than that of the 3,200 of the test.
        assert abs(rate - asked) < 4 * 1.3 * error


def test_each_number_has_an_error(anomaly_build: SmallBuild) -> None:
    metrics = json.loads((anomaly_build.folder / "convert/metrics.json").read_text())["hls"]
    for name in ("auc_signals", "auc", "tpr", "fpr", "rate_khz"):
        values, errors = (metrics[key] if isinstance(metrics[key], dict) else {"": metrics[key]}
                          for key in (name, f"{name}_error"))  # fmt: skip
        assert values.keys() == errors.keys()
        assert all(error > 0 for error in errors.values())


def test_what_is_odd_has_a_score_empty_events_ends_of_all_ranges_and_values_that_are_none(
    anomaly_build: SmallBuild, design: Design, thresholds: NDArray[np.float64]
) -> None:
    high = HIGHEST.astype(float)
    fractions, beyond, turns = high + 0.75, high + 8192, np.where(np.arange(len(INPUTS)) % 3 == 2, high + 1, high)
    ends = [np.full(len(INPUTS), end) for end in (-4096, 4095)]
    objects = np.stack([np.zeros(len(INPUTS)), LOWEST, high, *ends, fractions, beyond, turns])
    levels = np.tile(thresholds, (len(objects), 1))
    score, bits = _answers(anomaly_build, design, {"objects": objects, "thresholds": levels})
    assert (score >= 0).all()
    np.testing.assert_array_equal(bits, score >= levels)
    assert score[2] > score[0]  # all that the hardware can send is odder than nothing
    # The input's type cuts what is not whole, and wraps what 13 bits do not hold; a φ beyond a turn is a number as any.
    assert score[5] == score[6] == score[2]


def test_a_threshold_beyond_the_score_saturates_at_the_port_and_is_refused_as_a_reset_value(
    anomaly_build: SmallBuild, design: Design, data: Prepared
) -> None:
    kind = next(t for t in design.inputs if t.name == "thresholds").type
    events = data.parts["test"].inputs["objects"][:4]
    score, bits = _answers(
        anomaly_build, design, {"objects": events, "thresholds": np.tile([0, score_end(kind)], (4, 1))}
    )
    np.testing.assert_array_equal(bits[:, 0], 1)
    np.testing.assert_array_equal(bits[:, 1], score[:, 0] >= score_end(kind))
    with pytest.raises(L1mlError, match=f"reset value 1 of thresholds is {kind.maximum + 1}; "):
        write_trigger(anomaly_build.folder / "rtl/verilog", "thresholds", [0, kind.maximum + 1])


def score_end(kind: Any) -> float:
    """The largest score."""
    return float(kind.maximum * kind.lsb)


def test_the_trigger_top_resets_to_the_thresholds(
    anomaly_build: SmallBuild, design: Design, thresholds: NDArray[np.float64]
) -> None:
    kind = next(t for t in design.inputs if t.name == "thresholds").type
    verilog = anomaly_build.folder / "rtl/verilog"
    text = (verilog / "small_axo_trigger.sv").read_text()
    for value in kind.quantize(thresholds):
        assert f"'d{value}" in text or f"{value}" in text
    assert (verilog / "files.f").read_text().split() == [*design.files, "small_axo_trigger.sv"] == [*design.sources]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :56], r"hardware objects have shape \(\d+, 56\); give one of \(n, 57\) or \(n, 19, 3\)"),
        (lambda x: np.where(np.arange(57) == 3, x + 0.5, x), r"eg_0_pt of event 0 is [\d.]+; give whole numbers"),
        (lambda x: np.where(np.arange(57) == 2, 144, x), r"met_phi of event 0 is 144; give 0 to 143"),
        (lambda x: np.where(np.arange(57) == 17, -1, x), r"mu_0_phi of event 0 is -1; give 0 to 575"),
    ],
)
def test_what_no_hardware_sends_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    sample = anomaly.load()
    file = tmp_path / "bad.npz"
    np.savez(
        file,
        objects=change(sample.objects[:50].astype(np.float64)),
        labels=sample.processes[:50],
        input_names=np.array(INPUTS),
        class_names=np.array(anomaly.PROCESSES),
    )
    with pytest.raises(L1mlError, match=message):
        anomaly.load(file)


def test_an_event_of_another_size_is_refused_at_the_port(design: Design, data: Prepared) -> None:
    inputs = {"objects": data.parts["test"].inputs["objects"][:, :56], "thresholds": np.zeros((1, 2))}
    with pytest.raises(L1mlError, match="input objects takes 57 values an event"):
        quantize_inputs([inputs[t.name] for t in design.inputs], design)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("thresholds.rates_khz={rare: 1}", r"a rate of 1 kHz cannot be had from 4,800 background events"),
        ("thresholds.rates_khz={all: 50000}", r"a rate of 50000 kHz cannot be had"),
    ],
)
def test_rates_that_the_events_cannot_tell_are_refused(
    anomaly_build: SmallBuild, tmp_path: Path, setting: str, message: str
) -> None:
    done = l1ml("train", anomaly_build.spec, "--set", "training.epochs=1", "--set", "pruning.sparsity=0",
                "--set", setting, "--out", tmp_path / "out")  # fmt: skip
    assert message in error_of(done)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.latent=9", "model.latent: "),
        ("model.weight_bits=9", "model.weight_bits: "),
        ("thresholds.rates_khz={}", "thresholds.rates_khz: "),
        ("thresholds.rates_khz={a: 0}", "thresholds.rates_khz.a: "),
        ("model.score=mse", "model.score: "),
    ],
)
def test_what_is_not_built_is_refused_by_the_spec(setting: str, message: str) -> None:
    assert message in error_of(l1ml("train", "anomaly_vae", "--set", setting))
