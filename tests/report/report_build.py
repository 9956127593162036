"""A small, plausible build folder, as the stages before the report leave it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Tensor
from l1ml.estimation.synthesis import DEFINITION
from l1ml.fixed import FixedType
from l1ml.report.classification import CLASSIFICATION
from l1ml.triggers.jet_tagger.data import LABELS

CLASSES = ("g", "q", "w", "z", "t")
SIZES = (16, 64, 32, 32, 5)
LAYERS = ("fc1", "fc2", "fc3", "output")
LATENCIES = (3, 3, 3, 2)
LUTS, FFS = (3421, 5210, 2604, 411), (1912, 1877, 1229, 144)
PATHS = (3.215, 3.572, 3.104, 2.877)
MATCHING = {
    "simulator": "Verilator 5.048",
    "events": 12345,
    "families": {"data": 10000, "corner": 345, "random": 2000},
    "outputs": 5,
    "mismatches": 0,
    "latency_cycles": 11,
    "initiation_interval": 1,
    "seconds": 0.271,
    "events_per_second": 45554,
    "first_mismatch": None,
}
SPEC = """\
project: jet_tagger
part: xcvu13p-flga2577-2-e
clock_ns: 5.0
hls:
  reuse_factor: 1
  strategy: distributed_arithmetic
training:
  epochs: 30
  note: "<b>not bold</b> & more"
"""

TAGGER = {"trigger": CLASSIFICATION, "headline": "accuracy"}
"""The trigger of these builds, for `write_report`."""

SECONDS = {"dataset": 0.31, "train": 185.4, "convert": 21.7, "rtl": 2.1, "verify": 27.3}
"""How long each stage took."""

COMMANDS = ["make setup", "l1ml build jet_tagger --set 'hls.reuse_factor=1' && echo <done>"]
"""Commands to reproduce, with characters that HTML must escape."""


def put_json(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def jet_logits(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    """Logits, shape (n, 5), in which quarks look like gluons and W like Z, as in real jets."""
    likeness = np.array(
        [
            [1.9, 0.9, -1.4, -1.2, 0.4],
            [0.8, 2.0, -0.9, -0.8, -0.6],
            [-1.5, -0.7, 2.9, 1.4, -0.9],
            [-1.3, -0.7, 1.3, 2.9, -0.6],
            [0.6, -0.7, -0.8, -0.4, 2.6],
        ]
    )
    return 0.9 * (likeness[truth] + rng.normal(0, 1.15, (len(truth), 5))) + 0.25 * rng.standard_t(3, (len(truth), 5))


def rank_sum_auc(is_signal: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve by Mann and Whitney: (rank sum of the signal − its least value) / pairs."""
    ranks = np.empty(len(score))
    ranks[score.argsort(kind="stable")] = np.arange(1, len(score) + 1)
    signal = int(is_signal.sum())
    return float((ranks[is_signal].sum() - signal * (signal + 1) / 2) / (signal * (len(score) - signal)))


def metrics(truth: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """What the training and conversion stages put into their metrics.json."""
    accuracy = float(np.mean(scores.argmax(axis=1) == truth))
    error = float(np.sqrt(accuracy * (1 - accuracy) / len(truth)))
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    auc = {name: rank_sum_auc(truth == k, shares[:, k]) for k, name in enumerate(CLASSES)}
    return {"accuracy": accuracy, "accuracy_error": error, "auc": auc}


def jet_design() -> Design:
    relu = FixedType(6, 0, signed=False, rounding="RND_CONV", saturation="SAT")
    tensors = [Tensor("fc1_input", 16, FixedType(16, 6))]
    tensors += [Tensor(f"relu{k}", SIZES[k], relu) for k in (1, 2, 3)] + [Tensor("output", 5, FixedType(16, 6))]
    modules = []
    for k, (name, latency) in enumerate(zip(LAYERS, LATENCIES, strict=True)):
        layers = (name, f"relu{k + 1}") if k < 3 else (name,)
        modules.append(
            Module(
                name=f"jet_tagger_{name}",
                segment=name,
                layers=layers,
                title=" → ".join(layers),
                inputs=(tensors[k],),
                outputs=(tensors[k + 1],),
                producers=layers[-1:],
                reuse_factor=1,
                start=sum(LATENCIES[:k]),
                latency=latency,
                register_bits=FFS[k],
            )
        )
    return Design(
        name="jet_tagger",
        part="xcvu13p-flga2577-2-e",
        clock_ns=5.0,
        inputs=(tensors[0],),
        outputs=(tensors[-1],),
        modules=tuple(modules),
        latency=11,
        initiation_interval=1,
        files=("jet_tagger.sv",),
    )


def write_build(folder: Path, n_test: int = 3000) -> Path:
    """Write the files that `l1ml.report.inputs.load` reads."""
    rng = np.random.default_rng(7)
    put_json(
        folder / "dataset/dataset.json",
        {
            "source": "Pythia 8.317, anti-kT R = 0.8",
            "inputs": ["jet"],
            "features": [f"feature{k}" for k in range(16)],
            "classes": list(CLASSES),
            "labels": LABELS,
            "sizes": {"train": 8 * n_test, "validation": n_test, "test": n_test},
        },
    )
    truth = rng.permutation(np.arange(n_test) % 5)
    logits = jet_logits(rng, truth)
    quantized = logits + rng.normal(0, 0.35, logits.shape)
    hls = np.floor(quantized * 1024) / 1024
    (folder / "train").mkdir(parents=True)
    jets = rng.normal(size=(n_test, 16)).astype(np.float32)
    np.savez(folder / "dataset/data.npz", **{"test/jet": jets, "test/labels": truth})
    outputs = {"float/logits": logits.astype(np.float32), "quantized/logits": quantized.astype(np.float32)}
    np.savez(folder / "train/outputs.npz", **outputs)
    weights = {}
    for name, n_in, n_out in zip(LAYERS, SIZES, SIZES[1:], strict=False):
        kept = rng.random((n_in, n_out)) > (0.5 if name == "output" else 0.78)
        weights[f"{name}/weight"] = np.clip(np.rint(rng.normal(0, 7, (n_in, n_out))) * kept, -32, 31) / 32
        weights[f"{name}/bias"] = rng.integers(-8, 8, n_out) / 32
    np.savez(folder / "train/weights.npz", **weights)
    zeros = {name: float(np.mean(weights[f"{name}/weight"] == 0)) for name in LAYERS}
    put_json(
        folder / "train/metrics.json",
        {
            "float": metrics(truth, logits),
            "quantized": metrics(truth, quantized),
            "sparsity": float(np.mean(np.concatenate([weights[f"{k}/weight"].ravel() for k in LAYERS]) == 0)),
            "layer_sparsity": zeros,
        },
    )
    epochs = np.arange(30)
    curves = {
        "loss": (0.66 + 0.9 * np.exp(-epochs / 4)).tolist(),
        "val_loss": (0.68 + 0.85 * np.exp(-epochs / 4) + 0.01 * rng.random(30)).tolist(),
        "accuracy": (0.77 - 0.2 * np.exp(-epochs / 4)).tolist(),
        "val_accuracy": (0.762 - 0.2 * np.exp(-epochs / 4) + 0.003 * rng.random(30)).tolist(),
    }
    pruned = {key: [v + (0.03 if "loss" in key else -0.012) for v in values] for key, values in curves.items()}
    pruned["sparsity"] = (0.75 * (1 - (1 - np.clip(epochs / 20, 0, 1)) ** 3)).tolist()
    put_json(folder / "train/history.json", {"float": curves, "quantized": pruned})
    (folder / "convert").mkdir()
    np.savez(folder / "convert/outputs.npz", **{"hls/logits": hls.astype(np.float32)})
    put_json(folder / "convert/metrics.json", {"hls": metrics(truth, hls)})
    put_json(folder / "convert/layers.json", layer_records())
    put_json(folder / "convert/deviation.json", deviation_record(n_test))
    (folder / "rtl/verilog").mkdir(parents=True)
    jet_design().save(folder / "rtl/verilog")
    put_json(folder / "verify/verification.json", MATCHING)
    put_json(folder / "rtl/resources.json", resource_record())
    for stage, seconds in SECONDS.items():
        put_json(folder / stage / "manifest.json", {"key": "", "seconds": seconds})
    (folder / "spec.yaml").write_text(SPEC)
    return folder


def layer_records() -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for k, name in enumerate(LAYERS):
        common = {"strategy": "distributed_arithmetic", "reuse_factor": 1}
        records.append(
            {"name": name, "class": "Dense", "n_in": SIZES[k], "n_out": SIZES[k + 1], **common}
            | {"weights_type": "fixed<6,1>", "result_type": "fixed<16,6>"}
        )
        if k < 3:
            records.append(
                {"name": f"relu{k + 1}", "class": "Activation", "n_in": SIZES[k + 1], "n_out": SIZES[k + 1]}
                | {"weights_type": None, "result_type": "ufixed<6,0,RND_CONV,SAT>", "strategy": None, "reuse_factor": 1}
            )
    return records


def deviation_record(n_test: int) -> dict[str, Any]:
    """Deviations with an overflow, a saturation and a hint."""
    output = {"name": "logits", "largest": 0.25, "rms": 0.03, "range": 9.5, "other_argmax": 0.0125}
    overflow = {"layer": "fc1", "what": "accum", "type": "fixed<10,4>", "share": 0.0004, "wraps": True}
    saturated = {"layer": "relu1", "what": "result", "type": "ufixed<6,0,RND,SAT>", "share": 0.031, "wraps": False}
    return {"events": n_test, "outputs": [output], "overflows": [overflow, saturated], "hints": ["a <hint>"]} | {
        "summary": ["logits: largest deviation 0.25", "fc1: accum wraps around", "a <hint>"]
    }


def resource_record() -> dict[str, Any]:
    modules = {
        f"jet_tagger_{name}": {"lut": lut, "ff": ff, "dsp": 0, "bram": 0, "carry": lut // 8, "path_ns": path}
        for name, lut, ff, path in zip(LAYERS, LUTS, FFS, PATHS, strict=True)
    }
    modules["jet_tagger"] = {"lut": 14, "ff": 13, "dsp": 0, "bram": 0, "carry": 0, "path_ns": 0.303}
    for number, module in enumerate(modules.values()):
        module["levels"] = 8 - number
    total = {key: sum(m[key] for m in modules.values()) for key in ("lut", "ff", "dsp", "bram", "carry")}
    timing = {"longest_path_ns": max(PATHS), "module": f"jet_tagger_{LAYERS[np.argmax(PATHS)]}"}
    timing |= {"logic_levels": 7, "tool": "sta of Yosys 0.70", "delays": "Artix-7 cells, without wires"}
    record = {"tool": "Yosys 0.70", "family": "xcup", "kind": "estimate", "definition": DEFINITION, "total": total}
    return record | {"timing": timing, "modules": modules}
