"""What a finished build leaves: a report with sane numbers, and an HLS project that can be moved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command_line import SmallBuild, l1ml, manifests

import l1ml as package
from l1ml.compiler.design import Design
from l1ml.fixed import FixedType
from l1ml.verification.emulator import Emulator

MODELS = ("float", "quantized", "hls")

HLS_FILES = [
    *("build_prj.tcl", "project.tcl", "build_lib.sh", "small_tagger_test.cpp", "hls4ml_config.yml"),
    *("firmware/small_tagger.cpp", "firmware/small_tagger.h", "firmware/parameters.h", "firmware/defines.h"),
    *("firmware/weights/w2.h", "firmware/weights/b2.h", "firmware/nnet_utils/nnet_dense.h"),
    "firmware/ap_types/ap_fixed.h",
]


@pytest.fixture
def report(small_build: SmallBuild) -> dict[str, Any]:
    return json.loads((small_build.folder / "report/report.json").read_text())


@pytest.fixture
def design(small_build: SmallBuild) -> Design:
    return Design.load(small_build.folder / "rtl/verilog")


def test_the_report_has_the_keys_of_its_contract_and_no_others(report: dict[str, Any]) -> None:
    assert list(report) == [
        "project", "reuse_factor", "strategy", "part", "clock_ns", "model", "labels", "rtl", "verification",
        "deviation", "resources", "vitis", "seconds",
    ]  # fmt: skip
    assert set(report["model"]) == {*MODELS, "sparsity"}
    for model in MODELS:
        assert set(report["model"][model]) == {"accuracy", "accuracy_error", "auc", "auc_error"}
    assert set(report["rtl"]) == {"top", "latency_cycles", "initiation_interval"}
    verification = {"simulator", "events", "outputs", "mismatches", "seconds", "events_per_second"}
    assert set(report["verification"]) == verification
    cells = {"lut", "ff", "dsp", "bram", "carry"}
    assert set(report["resources"]) == {"tool", "family", *cells, "kind", "definition", "timing"}
    assert set(report["seconds"]) == {"dataset", "train", "convert", "rtl", "verify"}


def test_the_report_says_what_the_spec_asked_for(report: dict[str, Any], small_build: SmallBuild) -> None:
    spec = yaml.safe_load((small_build.folder / "spec.yaml").read_text())
    assert report["project"] == spec["project"] == report["rtl"]["top"]
    for key in ("reuse_factor", "strategy", "part", "clock_ns"):
        assert report[key] == spec["hls"][key]
    assert report["verification"]["events"] == spec["verification"]["events"]
    assert report["model"]["sparsity"] == pytest.approx(spec["pruning"]["sparsity"], abs=0.05)


def test_the_verilog_equals_the_cpp_and_keeps_its_declared_time(report: dict[str, Any], design: Design) -> None:
    assert report["verification"]["mismatches"] == 0
    assert report["verification"]["outputs"] == 5
    assert report["rtl"]["latency_cycles"] == design.latency > 0
    assert report["rtl"]["initiation_interval"] == design.initiation_interval == 1


def test_the_hls_model_is_as_good_as_the_quantized_one(report: dict[str, Any]) -> None:
    hls, quantized = report["model"]["hls"], report["model"]["quantized"]
    assert hls["accuracy"] == pytest.approx(quantized["accuracy"], abs=0.002)
    for name, auc in hls["auc"].items():
        assert auc == pytest.approx(quantized["auc"][name], abs=0.002)


def test_the_network_has_learned_something(report: dict[str, Any]) -> None:
    guess = 0.2  # of five classes
    for model in MODELS:
        assert report["model"][model]["accuracy"] > guess + 5 * report["model"][model]["accuracy_error"]


def test_resources_are_counted_and_called_an_estimate(report: dict[str, Any], design: Design) -> None:
    resources = report["resources"]
    assert resources["kind"] == "estimate"
    assert resources["lut"] > 0
    assert resources["ff"] >= sum(t.bits for t in design.outputs)
    assert resources["dsp"] == resources["bram"] == 0
    assert resources["timing"]["longest_path_ns"] > 0
    assert resources["timing"]["module"] in {design.name, *(module.name for module in design.modules)}


def test_seconds_are_those_of_the_stages(report: dict[str, Any], small_build: SmallBuild) -> None:
    for stage, seconds in report["seconds"].items():
        assert seconds == json.loads((small_build.folder / stage / "manifest.json").read_text())["seconds"]


def test_the_build_says_where_its_results_are(small_build: SmallBuild) -> None:
    named = [line.partition(": ") for line in small_build.output.splitlines() if ": /" in line]
    assert [(what, Path(path).exists()) for what, _, path in named] == [
        ("Report", True), ("Verilog", True), ("HLS C++", True),
    ]  # fmt: skip
    assert "BIT-EXACT" in small_build.output


def test_the_data_are_standardised_and_no_event_is_in_two_parts(small_build: SmallBuild) -> None:
    with np.load(small_build.folder / "dataset/data.npz") as data:
        parts = {name: data[f"{name}/jet"] for name in ("train", "validation", "test")}
    about = json.loads((small_build.folder / "dataset/dataset.json").read_text())
    assert about["sizes"] == {name: len(rows) for name, rows in parts.items()}
    np.testing.assert_allclose(parts["train"].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(parts["train"].std(axis=0), 1, atol=1e-4)
    events = {name: {row.tobytes() for row in rows} for name, rows in parts.items()}
    assert not events["train"] & events["test"]
    assert not events["train"] & events["validation"]
    assert not events["validation"] & events["test"]


def test_the_input_type_chosen_from_data_is_the_one_of_the_ports(small_build: SmallBuild, design: Design) -> None:
    chosen = FixedType.parse(json.loads((small_build.folder / "train/types.json").read_text())["jet"])
    assert (chosen.signed, chosen.rounding, chosen.saturation) == (True, "RND", "SAT")
    assert [tensor.type for tensor in design.inputs] == [chosen]
    with np.load(small_build.folder / "dataset/data.npz") as data:
        largest = np.abs(data["train/jet"]).max()
    assert 3 <= chosen.width <= 16
    assert 2.0 ** (chosen.integer - 2) <= largest  # not a bit that no event uses


def test_the_trained_weights_lie_on_their_grid_and_half_of_them_are_zero(small_build: SmallBuild) -> None:
    bits = yaml.safe_load((small_build.folder / "spec.yaml").read_text())["model"]["weight_bits"]
    metrics = json.loads((small_build.folder / "train/metrics.json").read_text())
    with np.load(small_build.folder / "train/weights.npz") as file:
        weights = dict(file)
    assert set(weights) == {"fc1/weight", "fc1/bias", "logits/weight", "logits/bias"}
    for values in weights.values():
        integers = values * 2 ** (bits - 1)
        assert np.array_equal(integers, np.rint(integers))
        assert integers.min() >= -(2 ** (bits - 1))
        assert integers.max() < 2 ** (bits - 1)
    for layer in ("fc1", "logits"):
        zeros = np.mean(weights[f"{layer}/weight"] == 0)
        assert zeros >= 0.5
        assert metrics["layer_sparsity"][layer] == pytest.approx(zeros)


def test_the_hls_project_is_complete_and_names_no_place_of_this_machine(small_build: SmallBuild) -> None:
    hls = small_build.folder / "convert/hls"
    for name in HLS_FILES:
        assert (hls / name).stat().st_size > 0
    places = [str(small_build.folder).encode(), str(Path.cwd()).encode(), b".partial", sys.prefix.encode()]
    sources = [file for file in hls.rglob("*") if file.suffix in {".cpp", ".h", ".tcl", ".sh", ".yml"}]
    assert [file for file in sources for place in places if place in file.read_bytes()] == []


def test_the_hls_project_can_be_moved_and_built_again_and_gives_the_same_integers(
    small_build: SmallBuild, design: Design, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(small_build.folder / "convert/hls", moved, ignore=shutil.ignore_patterns("*.so"))
    script = (moved / "build_lib.sh").read_text()
    assert "-Wno-free-nonheap-object" in script and "${PROJECT}.o &" in script and "wait $!" in script
    subprocess.run(["bash", "build_lib.sh"], cwd=moved, check=True, capture_output=True)
    with np.load(small_build.folder / "verify/vectors.npz") as vectors:
        assert np.array_equal(Emulator.of_project(moved, design).run(vectors["inputs"]), vectors["outputs"])


def test_build_from_python_returns_the_report_and_the_folder(
    small_build: SmallBuild, copy_build: Callable[..., Path], report: dict[str, Any]
) -> None:
    folder = copy_build()
    stages = manifests(folder)
    result = package.build(small_build.spec, out=folder)
    assert result.report == report
    assert result.folder == folder
    assert manifests(folder) == stages


def test_the_commands_that_the_report_shows_find_this_build_up_to_date(small_build: SmallBuild) -> None:
    page = (small_build.folder / "report/report.html").read_text()
    command = f"l1ml build {small_build.folder / 'spec.yaml'} --out {small_build.folder}"
    assert command in page
    done = l1ml(*command.split()[1:])
    assert done.returncode == 0
    assert done.stdout.count("up to date") == 6


CONVERSIONS = """
import json, sys
from pathlib import Path

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.hls.convert import ConvertOptions, convert
from l1ml.keras_setup import set_up_keras

spec, folder, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
errors = {}

def attempt(name, work):
    try:
        work()
        errors[name] = None
    except L1mlError as error:
        errors[name] = str(error)

def built(**overrides):
    return lambda: l1ml.build(spec, {key.replace("__", "."): value for key, value in overrides.items()}, folder)

attempt("reuse", built(hls__reuse_factor=7, hls__strategy="Resource"))
attempt("reuse of a layer", built(hls__layers={"logits": {"reuse_factor": 3, "strategy": "Resource"}}))
attempt("no such layer", built(hls__layers={"fc9": {"strategy": "Latency"}}))

set_up_keras()
from tf_keras.layers import Dense, Input
from tf_keras.models import Sequential

options = ConvertOptions("unknown", "xcvu13p-flga2577-2-e", 2.8, "12.5%", "Latency", 1, 5.0)
class Strange(Dense):
    pass
model = Sequential([Input((4,), name="x"), Strange(2, name="odd")])
attempt("layer", lambda: convert(model, {"x": FixedType(8, 4)}, options, out))
attempt("compiler", lambda: convert(Sequential([Input((4,), name="x"), Dense(2, name="d")]), {"x": FixedType(8, 4)},
        ConvertOptions("cpp_error", "xcvu13p-flga2577-2-e", 2.8, "12.5%", "Latency", 1, 5.0), out))
print(json.dumps(errors))
"""


FAILING_COMPILER = """#!/bin/sh
case "$*" in
    *cpp_error*) echo "x.cpp:1: error: no such type" >&2; exit 1 ;;
esac
exec {compiler} "$@"
"""


@pytest.fixture(scope="module")
def conversion_errors(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Errors of conversions that must fail, all tried in one process: TensorFlow takes seconds to import."""
    folder = tmp_path_factory.mktemp("conversions")
    for name in ("dataset", "train"):
        shutil.copytree(small_build.folder / name, folder / "out" / name)
    shutil.copy(small_build.folder / "l1ml.json", folder / "out")
    fake = folder / "bin/g++"
    fake.parent.mkdir()
    fake.write_text(FAILING_COMPILER.format(compiler=shutil.which("g++")))
    fake.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", CONVERSIONS, small_build.spec, folder / "out", folder / "hls"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "out").iterdir() if path.is_dir()) == ["dataset", "train"]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        (
            "reuse",
            [
                "stage convert: ",
                "'fc1'",
                "reuse factor 7 is not valid with strategy Resource",
                "valid ones near it: ",
                " 4, ",
                "8",
            ],
        ),
        (
            "reuse of a layer",
            ["stage convert: ", "'logits'", "reuse factor 3 is not valid with strategy Resource", "near it: 1, 2, 4"],
        ),
        ("no such layer", ["hls.layers names 'fc9'", "fc1", "logits"]),
        ("layer", ["Strange"]),
        ("compiler", ["cpp_error", "no such type"]),
    ],
)
def test_what_cannot_be_converted_is_one_line_that_names_it(
    case: str, parts: list[str], conversion_errors: dict[str, str | None]
) -> None:
    message = conversion_errors[case]
    assert message is not None
    assert len(message.splitlines()) == 1
    for part in parts:
        assert part in message
