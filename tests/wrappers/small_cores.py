"""Cores small enough to be simulated in their wrappers, with golden results from their C++."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from networks import compile_graph, convert, golden
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.triggers.anomaly_vae.network import firmware_model
from l1ml.wrappers import WrapperOptions

EVENTS = 5600
"""Different events of each core."""

OBJECTS, LEVELS = 6, 3

SETS = np.array(
    [[400, 0, 65535], [0, 0, 0], [65535] * 3, [1, 500, 40], [900, 37, 2500], [256, 257, 255], [3000, 2, 16000]]
)
"""Thresholds; the first are those after a reset."""


@dataclass(frozen=True)
class SmallCore:
    """A core and what it must say.

    Attributes:
        folder: Its Verilog.
        design: The same, described.
        events: Integers in LSB, shape (events, elements that are not in registers).
        sets: Values of the registers, shape (sets, registers).
        golden: Integers in LSB, shape (sets, events, outputs).
    """

    FILE: ClassVar[str] = "golden.npz"

    folder: Path
    design: Design
    events: NDArray[np.int64]
    sets: NDArray[np.int64]
    golden: NDArray[np.int64]

    @classmethod
    def load(cls, folder: Path) -> SmallCore:
        """Read what ``make_trigger`` or ``make_plain`` left."""
        verilog = Path((folder / "verilog.txt").read_text())
        with np.load(folder / cls.FILE) as arrays:
            return cls(verilog, Design.load(verilog), arrays["events"], arrays["sets"], arrays["golden"])

    def options(self, **more: Any) -> WrapperOptions:
        """Options of its wrappers."""
        if self.sets.shape[1]:
            more = {"registers": "thresholds", "reset": tuple(map(int, self.sets[0])), **more}
        return WrapperOptions(**more)


def make_trigger(folder: Path) -> None:
    """A small anomaly trigger."""
    keras = _keras()
    encoder = keras.Sequential([keras.Input((OBJECTS,)), keras.layers.Dense(4, name="mu")])
    rng = np.random.default_rng(3)
    encoder.layers[0].set_weights([rng.integers(-15, 16, (OBJECTS, 4)) / 8, rng.integers(-7, 8, 4) / 8])
    model = firmware_model(encoder, [18, 0.5, 7, 0, -3, 2], [3, 1, 0, -1, 2, 4], LEVELS)
    score = "ufixed<16,12>"
    precisions = {
        "objects": {"result": "fixed<9,9>"},
        "thresholds": {"result": score},
        "scaler": {"work": "fixed<14,9>", "offset": "auto", "result": "fixed<8,6,RND_CONV,SAT>"},
        "mu": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "auto", "result": "fixed<16,11>"},
        "mu_linear": {"result": "fixed<10,7,RND_CONV,SAT>"},
        "score": {"accum": score, "result": score},
    }
    options: dict[str, Any] = {name: {"precision": types} for name, types in precisions.items()}
    options["mu"] |= {"ReuseFactor": 4, "Strategy": "auto"}
    events = rng.integers(-256, 256, (EVENTS, OBJECTS)) >> rng.integers(0, 8, (EVENTS, 1))
    _make(model, folder, options, events, SETS)


def make_plain(folder: Path) -> None:
    """A dense layer with two outputs."""
    keras = _keras()
    model = keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2, name="fc")])
    rng = np.random.default_rng(4)
    model.layers[0].set_weights([rng.integers(-15, 16, (3, 2)) / 8, rng.integers(-7, 8, 2) / 8])
    precisions = {
        "x": {"result": "fixed<7,5>"},
        "fc": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "auto", "result": "fixed<12,9>"},
        "fc_linear": {"result": "fixed<11,9>"},
    }
    options = {name: {"precision": types} for name, types in precisions.items()}
    _make(model, folder, options, rng.integers(-64, 64, (EVENTS, 3)), np.zeros((1, 0), dtype=np.int64))


def make_words(folder: Path) -> None:
    """A core that takes an event, and gives its result, in several words."""
    from l1ml.layers.keras import MovingSum, Taper

    keras = _keras()
    x = keras.Input((5, 2), name="x")
    model = keras.Model(x, Taper([0.5, -1, 1.75, 0.25, -2], name="taper")(MovingSum(3, name="sum")(x)))
    options = {
        "x": {"precision": {"result": "fixed<7,5>"}},
        "taper": {"precision": {"result": "fixed<9,7,RND,SAT>"}},
    }
    events = np.random.default_rng(6).integers(-64, 64, (EVENTS, 10))
    _make(model, folder, options, events, np.zeros((1, 0), dtype=np.int64))


def _keras() -> Any:
    return pytest.importorskip("tf_keras")


def _make(model: Any, folder: Path, options: Any, events: NDArray[np.int64], sets: NDArray[np.int64]) -> None:
    graph = convert(model, folder / "hls", options, write_rtl=True)
    compile_graph(graph)
    results = [golden(graph, np.hstack([events, np.tile(values, (len(events), 1))])) for values in sets]
    (folder / "verilog.txt").write_text(str(rtl_folder(graph)))
    np.savez(folder / SmallCore.FILE, events=events, sets=sets, golden=np.array(results))
