"""Our simulated trigger objects against those of CMS: do occupancies, pT, η and φ agree?

The real ones are vectors of the CMS global trigger of 2024: collisions that its menu is tested with, and simulated tt̄.
They have no lepton filter, and the collisions come without MET. Their pT is in GeV, so ours is halved here. Where they
differ most: e/γ of the tt̄ vectors are not in order of pT and saturate at 127 GeV, another emulation than that of the
collisions.

python bench/anomaly_real.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _models import SHARED
from numpy.typing import NDArray
from rich.table import Table

from l1ml.console import console
from l1ml.triggers.anomaly_vae import data as anomaly
from l1ml.triggers.anomaly_vae.data import PROCESSES
from l1ml.triggers.anomaly_vae.hardware_objects import KINDS, kind_slices

REAL = SHARED.parent / "cms_l1" / "axol1tl_v3.npz"
"""Where the vectors of CMS lie, beside the checkout; they are not part of the project."""
THRESHOLDS = {"eg": (3, 10, 30), "mu": (3, 10, 30), "jet": (15, 30, 60)}
"""GeV."""
QUANTILES = (10, 50, 90)

Objects = NDArray[np.int64]


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=Path, help="our events; the shipped sample if absent")
    parser.add_argument("--real", type=Path, default=REAL, help="the vectors of CMS")
    options = parser.parse_args()
    if not options.real.exists():
        console.print(f"skipped: {options.real} is not here")
        return
    samples = {**ours(options.ours), **real(options.real)}
    console.print(multiplicities(samples))
    console.print(spectra(samples))
    console.print(angles(samples))


def ours(path: Path | None) -> dict[str, Objects]:
    """Background, QCD and tt̄ of our simulation, shape (n, 19, 3), pT in GeV."""
    data = anomaly.load(path)
    objects = data.objects.astype(np.int64).reshape(-1, 19, 3)
    objects[..., 0] //= 2
    chosen = {"background": data.labels == 0}
    chosen |= {name: data.processes == PROCESSES.index(name) for name in ("qcd", "ttbar")}
    return {f"{name}, ours": objects[rows] for name, rows in chosen.items()}


def real(path: Path) -> dict[str, Objects]:
    """Collisions and tt̄ of CMS, shape (n, 19, 3), pT in GeV."""
    with np.load(path) as file:
        names = {"collisions, CMS": "x57_data", "ttbar, CMS": "x57_ttbar"}
        return {title: file[name].astype(np.int64).reshape(-1, 19, 3) for title, name in names.items()}


def multiplicities(samples: dict[str, Objects]) -> Table:
    """Mean number of objects above some pT, with its statistical error."""
    table = Table("mean number", *samples)
    for kind, limits in THRESHOLDS.items():
        for limit in limits:
            counts = [(rows[:, kind_slices()[kind], 0] >= limit).sum(axis=1) for rows in samples.values()]
            cells = (f"{count.mean():.3f} ± {count.std() / np.sqrt(len(count)):.3f}" for count in counts)
            table.add_row(f"{kind} from {limit} GeV", *cells)
    return table


def spectra(samples: dict[str, Objects]) -> Table:
    """Occupancy and quantiles of pT of the objects that are there."""
    table = Table("occupancy, and pT in GeV (10, 50, 90 %)", *samples)
    for name, place in (("met", 0), ("eg_0", 1), ("eg_1", 2), ("mu_0", 5), ("mu_1", 6), *_jets()):
        row = []
        for rows in samples.values():
            pt = rows[:, place, 0]
            there = pt[pt > 0]
            numbers = ", ".join(f"{v:.0f}" for v in np.percentile(there, QUANTILES)) if len(there) else "–"
            row.append(f"{(pt > 0).mean():.3f}: {numbers}")
        table.add_row(name, *row)
    return table


def angles(samples: dict[str, Objects]) -> Table:
    """Share of objects in the forward region, spread of η, and how even φ is."""
    table = Table("η: spread; φ: χ² per degree of freedom of 12 sectors", *samples)
    for kind in KINDS:
        row = []
        for rows in samples.values():
            objects = rows[:, kind_slices()[kind.name]].reshape(-1, 3)
            objects = objects[objects[:, 0] > 0]
            if len(objects) == 0:
                row.append("–")
                continue
            sectors = np.bincount(objects[:, 2] * 12 // kind.phi_count, minlength=12)
            chi2 = ((sectors - sectors.mean()) ** 2 / sectors.mean()).sum() / 11
            row.append(f"{(objects[:, 1] * kind.eta_step).std():.2f}; {chi2:.1f}")
        table.add_row(kind.name, *row)
    return table


def _jets() -> list[tuple[str, int]]:
    return [(f"jet_{k}", kind_slices()["jet"].start + k) for k in (0, 1, 3, 5, 9)]


if __name__ == "__main__":
    main()
