"""The figures show what the data say: checked on the artists, by other formulas."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.legend import Legend
from report_build import FFS, LUTS, put_json, rank_sum_auc

from l1ml.errors import L1mlError
from l1ml.report import figures
from l1ml.report.classification import class_metrics, confusion, log_odds, roc
from l1ml.report.inputs import BuildData, load
from l1ml.report.style import figure_style


@pytest.fixture(scope="module")
def data(reported: Path) -> BuildData:
    return load(reported)


def _softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_log_odds_is_that_of_the_softmax() -> None:
    logits = np.random.default_rng(1).normal(0, 2, (50, 4))
    p = _softmax(logits)
    for index in range(4):
        np.testing.assert_allclose(log_odds(logits, index), np.log(p[:, index] / (1 - p[:, index])), rtol=1e-9)
    np.testing.assert_allclose(log_odds(np.array([[900.0, -900.0]]), 0), [1800.0])


def test_roc_legend_has_the_areas(data: BuildData) -> None:
    axes = roc(data).figure.axes[0]
    texts = [t.get_text() for legend in axes.findobj(Legend) for t in legend.get_texts()]
    for index, label in enumerate(("gluon", "light quark", "W", "Z", "top")):
        shown = next(t for t in texts if t.startswith(f"{label}  "))
        for number, model in zip(re.findall(r"\d\.\d{4}", shown), ("float", "quantized", "hls"), strict=True):
            expected = rank_sum_auc(
                data.truth == index, _softmax(data.outputs[model]["logits"].astype(float))[:, index]
            )
            assert float(number) == pytest.approx(expected, abs=6e-5)


def test_roc_curves_are_efficiencies(data: BuildData) -> None:
    lines = roc(data).figure.axes[0].get_lines()
    curves = [line for line in lines if len(line.get_xdata()) > 10]
    assert len(curves) == 15
    assert [line.get_linestyle() for line in curves[:3]] == ["--", ":", "-"]
    assert len({line.get_color() for line in curves}) == 5
    z_hls = curves[11]
    probability = _softmax(data.outputs["hls"]["logits"].astype(float))[:, 3]
    for wanted in (0.02, 0.1, 0.5):
        threshold = np.quantile(probability[data.truth != 3], 1 - wanted)
        efficiency = np.mean(probability[data.truth == 3] > threshold)
        drawn = np.interp(wanted, z_hls.get_xdata(), z_hls.get_ydata())
        assert drawn == pytest.approx(efficiency, abs=0.01)


def test_confusion_rows_are_shares_of_the_true_class(data: BuildData) -> None:
    texts = [float(t.get_text()) for t in confusion(data).figure.axes[0].texts]
    shown = np.array(texts).reshape(5, 5)
    np.testing.assert_allclose(shown.sum(axis=1), 100, atol=0.3)
    w_jets = data.outputs["hls"]["logits"][data.truth == 2]
    as_z = sum(int(row.argmax()) == 3 for row in w_jets)
    assert shown[2, 3] == pytest.approx(100 * as_z / len(w_jets), abs=0.051)


def test_metrics_must_fit_the_scores(build: Path) -> None:
    data = load(build)
    put_json(build / "convert/metrics.json", {"hls": data.metrics["hls"] | {"accuracy": 0.9}})
    with pytest.raises(L1mlError, match=r"convert/metrics\.json has hls\.accuracy = 0\.9000"):
        class_metrics(load(build))
    put_json(build / "convert/metrics.json", {"hls": {"accuracy": 0.9}})
    with pytest.raises(L1mlError, match=r"convert/metrics\.json has no number hls\.accuracy_error"):
        class_metrics(load(build))


def test_a_class_without_events_is_named(data: BuildData) -> None:
    with pytest.raises(L1mlError, match="no test events of class 't'"):
        roc(replace(data, test=replace(data.test, labels=data.truth % 4)))


def test_outputs_must_fit_the_classes(data: BuildData) -> None:
    outputs = data.outputs | {"hls": {"logits": data.outputs["hls"]["logits"][:, :4]}}
    with pytest.raises(L1mlError, match="4 logits of the hls network for 5 classes"):
        class_metrics(replace(data, outputs=outputs))


@pytest.mark.parametrize("interval", [1, 8])
def test_timeline_is_the_schedule(data: BuildData, interval: int) -> None:
    design = data.design.model_copy(update={"initiation_interval": interval})
    axes = figures.timeline(replace(data, design=design)).figure.axes[0]
    bars = [(bar.get_x(), bar.get_width(), bar.get_y()) for bar in axes.patches]
    for row, (start, latency) in enumerate([(0, 3), (3, 3), (6, 3), (9, 2)]):
        mine = sorted(x for x, width, y in bars if row - 0.5 < y < row + 0.5 and width == latency)
        assert mine == [start + event * interval for event in range(4)]
    assert any(set(line.get_xdata()) == {11} for line in axes.get_lines())
    with figure_style():
        labels = [t.get_text() for t in axes.get_yticklabels()]
    assert labels[0] == "fc1 → relu1\n3 cycles"


def test_resource_bars(data: BuildData) -> None:
    (axes,) = figures.resources(data).figure.axes
    lut, ff = ([bar.get_width() for bar in container] for container in axes.containers)
    assert lut == [*LUTS, 14]
    assert ff == [*FFS, 13]
    modules = dict(data.resources.modules)
    modules["jet_tagger_fc2"] = modules["jet_tagger_fc2"].model_copy(update={"dsp": 7})
    with_dsp = replace(data, resources=data.resources.model_copy(update={"modules": modules}))
    _, special = figures.resources(with_dsp).figure.axes
    assert [bar.get_width() for bar in special.containers[0]] == [0, 7, 0, 0, 0]


@pytest.mark.parametrize(
    "values",
    [
        np.array([[-0.5, 0.0, 0.0], [0.25, 0.75, 0.0]]),
        np.array([[0.25, 0.5], [0.25, 0.25]]),
        np.zeros((2, 2)),
        np.random.default_rng(5).normal(0, 1, (40, 40)),
    ],
    ids=["quantized", "no zeros", "all zeros", "real"],
)
def test_every_weight_is_counted_once(data: BuildData, values: np.ndarray) -> None:
    edges, middle = figures._levels(values)
    counts, _ = np.histogram(values, edges)
    assert counts.sum() == values.size
    assert edges[middle] < 0 < edges[middle + 1]
    assert len(counts) < 2.2 * figures.MAX_LEVELS
    if len(np.unique(values)) < 10:
        assert counts[middle] == (values == 0).sum()
    axes = figures.weights(replace(data, weights={"fc1": values})).figure.axes[0]
    kept, zeros = (patch.get_data() for patch in axes.patches)  # type: ignore[attr-defined]
    (filled,) = np.flatnonzero(zeros.values) if zeros.values.any() else (middle,)
    assert zeros.edges[filled] < 0 < zeros.edges[filled + 1]
    assert kept.values[filled] == 0
    assert kept.values.sum() + zeros.values.sum() == values.size
    title = axes.get_title(loc="right")
    assert title.endswith(f"of {values.size:,} zero")


def test_history_shows_what_was_recorded(data: BuildData) -> None:
    axes = figures.history(data).figure.axes
    assert [a.get_ylabel() for a in axes] == ["Loss", "Accuracy", "Sparsity [%]"]
    drawn = [list(line.get_ydata()) for line in axes[1].get_lines()]
    assert data.history["quantized"]["val_accuracy"] in drawn
    short = replace(data, history={"float": {"loss": [1.0], "val_loss": [1.1]}})
    assert len(figures.history(short).figure.axes) == 1
