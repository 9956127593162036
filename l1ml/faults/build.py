"""Faults in the Verilog of a finished build, which meet the vectors of that build."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from l1ml.errors import L1mlError
from l1ml.faults.mutate import Mutation, mutate

_NEEDED = ("rtl/verilog/design.json", "verify/verification.json", "verify/vectors.npz")


def mutate_build(build: Path, faults: int, seed: int) -> Mutation:
    """Put faults into the Verilog of a build and see which of them its verification finds.

    Args:
        build: Folder of the build.
        faults: How many.
        seed: For their choice.

    Raises:
        L1mlError: If the build is not finished or not bit-exact, or there are not as many faults.
    """
    for name in _NEEDED:
        if not (build / name).is_file():
            raise L1mlError(f"{build} is no finished build ({name} is missing); make one: l1ml build")
    verdict = json.loads((build / "verify/verification.json").read_text())
    if verdict["mismatches"]:
        raise L1mlError(f"RTL and C++ of {build} differ without any fault, in {verdict['mismatches']} outputs")
    with np.load(build / "verify/vectors.npz") as arrays:
        inputs, outputs = arrays["inputs"], arrays["outputs"]
    return mutate(build / "rtl/verilog", inputs, outputs, faults=faults, seed=seed)
