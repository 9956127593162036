"""CMS's own firmware of AXOL1TL, VHDL that Vitis HLS wrote, against ours: the scores of 7,128 events.

python bench/cms_firmware.py CHECKOUT

CHECKOUT is cms-l1-globaltrigger/mp7_ugt_legacy. Each version of AXOL1TL in it is played of which there are weights and
vectors; GHDL is needed. Where the inputs lie in CMS's words is in cms_firmware.yaml. --count takes 20 minutes or more.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from axol1tl import FILE, compiled, vectors
from numpy.typing import NDArray
from rich.table import Table

from l1ml.compiler.network import Network, Tensor
from l1ml.console import console
from l1ml.estimation.synthesis import KEYS, estimate, synthesize
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.triggers.anomaly_vae.axol1tl import AxolParameters
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.vitis import simulate_vitis
from l1ml.verification.vitis.sources import bring_rtl

MAP = Path(__file__).with_suffix(".yaml")
"""Fields of the object words."""
VECTORS = FILE.parent
"""Weights and events, beside the checkout; they are not part of the project."""


def main() -> None:
    """Print equal scores, timing and, if asked for, size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="checkout of cms-l1-globaltrigger/mp7_ugt_legacy")
    parser.add_argument("--vectors", type=Path, default=VECTORS, help="folder with axol1tl_<version>.npz")
    parser.add_argument("--count", action="store_true", help="count LUTs of both with Yosys")
    parser.add_argument("--factors", type=int, nargs="+", default=[1], help="reuse factors of ours")
    options = parser.parse_args()
    known = yaml.safe_load(MAP.read_text())
    table = Table(
        "AXOL1TL", "firmware", "equal scores", "latency, II / clock cycles", *(["LUT, FF, DSP"] * options.count)
    )
    for version, place in known["versions"].items():
        file, folder = options.vectors / f"axol1tl_{version}.npz", options.checkout / known["folder"] / place["folder"]
        if not file.exists() or not folder.is_dir():
            console.print(f"{version} skipped: {file if folder.is_dir() else folder} is not here")
            continue
        parameters = AxolParameters.load(file)
        events, _ = vectors(file, parameters)
        network = cms_network(known, place["top"], parameters.score)
        words = object_words(known, events[:, : len(parameters.offsets)])
        theirs, latency, interval = simulate_vitis(folder, network, words)
        size = [counted_vhdl(folder, place["top"])] if options.count else []
        table.add_row(version, "CMS", "", f"{latency}, {interval}", *size)
        for factor in options.factors:
            with tempfile.TemporaryDirectory() as scratch:
                verilog = rtl_folder(compiled(parameters, Path(scratch), "auto", factor))
                ours = CoreSimulator(verilog).run(events)
                size = [cells(estimate(verilog)["total"])] if options.count else []
            equal = np.count_nonzero(ours.integers[:, 0] == theirs[:, 0])
            timing = f"{ours.latency}, {ours.initiation_interval}"
            table.add_row(version, f"l1ml, R = {factor}", f"{equal:,} of {len(events):,}", timing, *size)
    console.print(table)


def cms_network(known: dict[str, Any], top: str, score: FixedType) -> Network:
    """What goes into CMS's core and comes out of it: words of 32 bits, and the score."""
    word = FixedType(known["word_bits"], known["word_bits"], signed=False)
    inputs = [Tensor(name, port.get("words", 1), word) for port in known["ports"] for name in names_of(port)]
    return Network(top, inputs, [Tensor(known["output"], 1, score)], [])


def object_words(known: dict[str, Any], objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """The words of events, shape (events, words of all ports), of (pT, η, φ) of each object, shape (events, inputs)."""
    columns = {
        name: np.zeros((len(objects), port.get("words", 1)), dtype=np.int64)
        for port in known["ports"]
        for name in names_of(port)
    }
    position = 0
    for kind in known["inputs"]:
        for index in range(kind.get("objects", 1)):
            name = f"{kind['port']}_{index}" if "objects" in kind else kind["port"]
            pt, eta, phi = objects[:, position : position + 3].T
            position += 3
            for field, values in (("pt", 2 * pt), ("eta", eta), ("phi", phi)):
                if field in kind:
                    high, low = kind[field]
                    columns[name][:, 0] |= (values & ((1 << (high - low + 1)) - 1)) << low
    return np.concatenate(list(columns.values()), axis=1)


def names_of(port: dict[str, Any]) -> list[str]:
    """Names of the ports of one kind."""
    return [f"{port['name']}_{i}" for i in range(port["count"])] if "count" in port else [port["name"]]


def counted_vhdl(folder: Path, top: str) -> str:
    """Cells of VHDL."""
    with tempfile.TemporaryDirectory() as scratch:
        rtl = bring_rtl(folder, top, Path(scratch))
        return cells(synthesize(list(rtl.verilog), rtl.top))


def cells(counts: dict[str, float]) -> str:
    """Counts for the table."""
    return ", ".join(f"{counts[key]:,g}" for key in KEYS[:3])


if __name__ == "__main__":
    main()
