"""AXOL1TL: v3 against the decisions of CMS's own emulator, and another version of random weights and types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import golden, lowered, quiet
from numpy.typing import NDArray
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.layers.sum_of_squares.arithmetic import SumOfSquaresArithmetic
from l1ml.layers.thresholds.arithmetic import ThresholdsArithmetic
from l1ml.triggers.anomaly_vae.axol1tl import AxolParameters, convert_axol1tl
from l1ml.verification.compare import compare, load

V3 = SHARED / "cms_l1" / "axol1tl_v3.npz"


def convert(parameters: AxolParameters, folder: Path, *, strategy: str, reuse_factor: int, write_rtl: bool) -> Any:
    """The graph with its C++ compiled."""
    with quiet():
        graph = convert_axol1tl(
            parameters, folder, strategy=strategy, reuse_factor=reuse_factor, project="net", write_rtl=write_rtl
        )
        graph.compile()
    return graph


def with_thresholds(objects: NDArray[Any], parameters: AxolParameters) -> NDArray[np.int64]:
    """Inputs of the network."""
    levels = np.tile(list(parameters.thresholds.values()), (len(objects), 1))
    return np.concatenate([objects.astype(np.int64), levels], axis=1)


@pytest.mark.skipif(not V3.exists(), reason=f"{V3} is not there")
@pytest.mark.parametrize(("reuse_factor", "strategy"), [(1, "Latency"), (8, "auto")])
def test_v3_decides_all_35640_times_as_cms_does(keras: Any, tmp_path: Path, reuse_factor: int, strategy: str) -> None:
    parameters = AxolParameters.load(V3)
    graph = convert(parameters, tmp_path, strategy=strategy, reuse_factor=reuse_factor, write_rtl=True)
    with np.load(V3) as arrays:
        objects, bits, scores = (
            np.concatenate([arrays[f"{key}_data"], arrays[f"{key}_ttbar"]]) for key in ("x57", "bits", "score")
        )
    assert bits.size == 35_640
    events = with_thresholds(objects, parameters)
    expected = np.concatenate([scores[:, None], bits], axis=1)
    np.testing.assert_array_equal(golden(graph, events), expected)
    result = compare(*load(rtl_folder(graph), tmp_path), events)
    assert (result.mismatches, result.simulation.initiation_interval) == (0, reuse_factor), result.first_mismatch
    np.testing.assert_array_equal(result.simulation.integers, expected)


TYPES = {
    "input_t": "ap_fixed<7,5,AP_RND,AP_SAT>",
    "first_accum_t": "ap_fixed<18,11>",
    "layer2_t": "ap_fixed<14,9>",
    "weight2_t": "ap_fixed<5,2>",
    "bias2_t": "ap_fixed<8,3>",
    "layer3_t": "ap_ufixed<8,5,AP_RND_CONV,AP_SAT>",
    "means_accum_t": "ap_fixed<12,8>",
    "layer4_t": "ap_fixed<12,8>",
    "weight4_t": "ap_fixed<6,2>",
    "bias4_t": "ap_fixed<8,3>",
    "result_t": "ap_fixed<9,6,AP_RND_CONV,AP_SAT>",
    "resultsq_t": "ap_ufixed<15,11>",
    "unscaled_t": "ap_fixed<16,11>",
    "offset_t": "ap_ufixed<10,8>",
}
"""Of a version that differs from v3 in sizes and types; its second accumulator truncates products."""


def another_version(file: Path, **changes: Any) -> AxolParameters:
    """Two dense layers, nine inputs, two thresholds; offsets with more fractional bits than their type keeps."""
    rng = np.random.default_rng(5)
    arrays = {
        "offsets": rng.uniform(0, 60, 9),
        "shifts": rng.integers(-2, 5, 9),
        "w2": rng.integers(-16, 16, 9 * 6) / 8,
        "b2": rng.integers(-40, 40, 6) / 16,
        "w4": rng.integers(-32, 32, 6 * 3) / 16,
        "b4": rng.integers(-40, 40, 3) / 16,
        "names": np.array(["loose", "tight"]),
        "thresholds": np.array([500, 5000]),
        "types": np.array(json.dumps(TYPES)),
        **changes,
    }
    np.savez(file, **{key: value for key, value in arrays.items() if value is not None})
    return AxolParameters.load(file)


def by_rules(parameters: AxolParameters, graph: Any, events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Score and bits by the rules that reproduce CMS's emulator, with dense layers in NumPy."""
    layers = {layer.name: layer for layer in graph.get_layers()}
    size = len(parameters.offsets)
    values, fraction = InputScalerArithmetic.of(layers["scaler"]).run(events[:, :size]), parameters.scaled.fraction
    for number, dense in enumerate(parameters.layers):
        weights = dense.weight_type.quantize(dense.weights)
        products = dense.accum.cast(values[:, :, None] * weights, fraction + dense.weight_type.fraction)
        biases = dense.accum.cast(dense.bias_type.quantize(dense.biases), dense.bias_type.fraction)
        sums = dense.accum.cast(products.sum(axis=1) + biases, dense.accum.fraction)
        sums = dense.result.cast(sums, dense.accum.fraction)
        hidden = number < len(parameters.layers) - 1
        values = dense.output.cast(np.maximum(sums, 0) if hidden else sums, dense.result.fraction)
        fraction = dense.output.fraction
    score = SumOfSquaresArithmetic.of(layers["score"]).run(values)
    bits = ThresholdsArithmetic.of(layers["bits"]).run(score, events[:, size:])
    return np.concatenate([score, bits], axis=1)


@pytest.mark.parametrize(("reuse_factor", "strategy"), [(1, "Latency"), (8, "auto")])
def test_another_version_needs_no_edits(keras: Any, tmp_path: Path, reuse_factor: int, strategy: str) -> None:
    parameters = another_version(tmp_path / "v.npz")
    folder = tmp_path / "project"
    graph = convert(parameters, folder, strategy=strategy, reuse_factor=reuse_factor, write_rtl=reuse_factor > 1)
    rng = np.random.default_rng(6)
    objects = rng.integers(-1024, 1024, (400, 9)) >> rng.integers(0, 11, (400, 1))
    objects[:3] = np.array([0, -1024, 1023])[:, None]
    events = with_thresholds(objects, parameters)
    expected = by_rules(parameters, graph, events)
    assert 0.05 < expected[:, 1].mean() < 0.95
    np.testing.assert_array_equal(golden(graph, events), expected)
    if reuse_factor == 1:
        np.testing.assert_array_equal(lowered(graph, events), expected)
    else:
        result = compare(*load(rtl_folder(graph), folder), events)
        assert (result.mismatches, result.simulation.initiation_interval) == (0, reuse_factor), result.first_mismatch


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shifts": None}, r"v.npz is not a file of AXOL1TL: shifts is missing"),
        ({"b4": None}, r"b4 is missing"),
        ({"types": np.array(json.dumps({**TYPES, "third_accum_t": "ap_fixed<8,4>"}))}, r"2 dense layers, but 3 types"),
        ({"types": np.array(json.dumps({**TYPES, "input_t": "float"}))}, r"precision 'float' is not understood"),
        ({"types": np.array("{")}, r"is not a file of AXOL1TL"),
    ],
)
def test_a_file_that_lacks_something_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(L1mlError, match=reason):
        another_version(tmp_path / "v.npz", **changes)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no arrays")
    for name in ("text.npz", "absent.npz"):
        with pytest.raises(L1mlError, match=f"{name} is not a file of AXOL1TL"):
            AxolParameters.load(tmp_path / name)
