"""The ring builder in firmware: resources, timing, and mismatches with Python for simulated electrons and jets.

python bench/ring_builder.py
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.table import Table

from l1ml.console import console
from l1ml.estimation.synthesis import synthesize
from l1ml.layers.ring_builder.plan import CELL, RingBuilderOptions, frames
from l1ml.layers.ring_builder.writing import write
from l1ml.triggers.electron_rings.data import CLASSES
from l1ml.triggers.electron_rings.events import windows
from l1ml.triggers.electron_rings.ring_builder import REGION, hottest, region_cells, sum_rings
from l1ml.verification.compare import differences
from l1ml.verification.simulation import CoreSimulator


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", default="4,8,16", help="cells in a clock cycle")
    parser.add_argument("--candidates", type=int, default=200, help="of each class, at least")
    options = parser.parse_args()
    energies = candidates(options.candidates)
    regions = CELL.quantize(energies)
    golden = sum_rings(regions)
    table = Table("lanes", "words", "II", "latency", "LUT", "FF", "BRAM", "DSP", "longest path", "mismatches", box=None)
    for lanes in map(int, options.lanes.split(",")):
        with tempfile.TemporaryDirectory() as scratch:
            folder, made = Path(scratch), RingBuilderOptions(lanes=lanes)
            design = write(folder, REGION, made)
            result = CoreSimulator(folder).run(frames(regions, REGION, made))
            found = synthesize([folder / file for file in design.files], design.name)
        wrong, counts = len(differences(result, golden)), [f"{found[key]:,g}" for key in ("lut", "ff", "bram", "dsp")]
        timing = [str(n) for n in (lanes, design.in_beats, result.initiation_interval, result.latency)]
        table.add_row(*timing, *counts, f"{found['path_ns']:.2f} ns", f"{wrong} of {golden.size:,}")
    console.print(table)
    off = golden * CELL.lsb - sum_rings(energies)
    console.print(f"{len(regions)} candidates; cells as {CELL} in MeV move a ring by {off.std():.0f} MeV (rms)")
    console.print(f"cells beyond that type: {np.sum(np.abs(energies) > CELL.maximum * CELL.lsb)}")


def candidates(n: int) -> np.ndarray:
    """Cells of the regions of electrons and jets with pile-up, in MeV, shape (at least 2 n, 957)."""
    found: list[np.ndarray] = []
    rng = np.random.default_rng(1)
    for name in CLASSES:
        first = len(found)
        for cells, eta, phi, _ in windows(name, n, pythia_seed=11, rng=rng, pileup=(0.0, 60.0)):
            found.append(region_cells(cells, hottest(cells, eta, phi)))
            if sum(map(len, found[first:])) >= n:
                break
    return np.concatenate(found)


if __name__ == "__main__":
    main()
