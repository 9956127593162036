"""The Vitis HLS project: hls4ml's C++ with test events, and the scripts that simulate and synthesise it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np

from l1ml.compiler.network import real_values
from l1ml.errors import L1mlError
from l1ml.firmware.finished import Finished
from l1ml.paths import shared
from l1ml.templates import render

EVENTS = 500
"""Events of the test bench: cosimulation takes about a second for some of them."""

FEATURES, ANSWERS = "tb_input_features.dat", "tb_output_predictions.dat"
"""What hls4ml's test bench reads: an event in each line."""

_NEEDED = ("firmware/*.cpp", "firmware/*.h", "firmware/nnet_utils", "firmware/weights", "*_test.cpp", "tb_data")


def write_vitis(finished: Finished, folder: Path, version: str) -> None:
    """Write a folder that Vitis HLS can work in without the rest of the build.

    Args:
        finished: The build.
        folder: Existing folder to write to.
        version: Of the IP that Vitis HLS exports, with a third number.

    Raises:
        L1mlError: If a file of hls4ml's project is missing.
    """
    project, top = finished.project, finished.design.name
    for pattern in _NEEDED:
        found = list(project.glob(pattern))
        if not found and pattern != "tb_data":
            raise L1mlError(f"{project}/{pattern} is missing: hls4ml's project is not complete; write it again")
        for source in found:
            target = folder / "hls" / source.relative_to(project)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
    (folder / "hls/tb_data").mkdir(exist_ok=True)
    if finished.vectors is not None:
        _write_events(finished, folder / "hls/tb_data")
    values = {
        "top": top,
        "part": finished.design.part,
        "clock_ns": finished.design.clock_ns,
        "uncertainty": _uncertainty(project / "project.tcl"),
        "version": version,
    }
    shutil.copy2(shared("firmware_templates") / "vitis/run.tcl", folder)
    (folder / "settings.tcl").write_text(render("vitis/settings.tcl.j2", **values))
    (folder / "hls_config.cfg").write_text(render("vitis/hls_config.cfg.j2", **values))


def _write_events(finished: Finished, folder: Path) -> None:
    """Events of the verification, evenly chosen, and the answers of RTL and C++ to them, as real numbers."""
    design, file = finished.design, finished.vectors
    assert file is not None
    try:
        with np.load(file) as arrays:
            inputs, outputs = arrays["inputs"], arrays["outputs"]
    except (OSError, ValueError, KeyError):
        raise L1mlError(f"{file} is damaged; verify the build again (l1ml verify)") from None
    chosen = np.unique(np.linspace(0, len(inputs) - 1, EVENTS).astype(int))
    for name, integers, tensors in ((FEATURES, inputs, design.inputs), (ANSWERS, outputs, design.outputs)):
        values = np.concatenate(real_values(integers[chosen], tensors), axis=1)
        np.savetxt(folder / name, values, fmt="%.17g")


def _uncertainty(script: Path) -> str:
    """Share of the clock period that hls4ml's project leaves free."""
    found = re.search(r"^set clock_uncertainty (\S+)", script.read_text(), re.M) if script.exists() else None
    return found[1] if found else "27%"
