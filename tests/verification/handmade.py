"""A core written by hand, with its C++: no training, no conversion, and a simulator that misbehaves when asked to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Tensor
from l1ml.fixed import FixedType

SOURCES = Path(__file__).parent / "handmade"

FATAL, HANG, CRASH, FINISH, WRONG, LOST = range(50, 101, 10)
"""First elements of the events at which the Verilog misbehaves; far apart, for a soak nudges them."""


def odd_events(*codes: int) -> NDArray[np.int64]:
    """Events at which it misbehaves, each between harmless ones."""
    return np.array([[x, y, z] for code in codes for x, y, z in ((1, 2, 3), (code, -77, 55), (4, 5, 6))])


def write_core(folder: Path) -> Path:
    """Write the Verilog and its ``design.json``. Returns their folder."""
    verilog = folder / "verilog"
    verilog.mkdir(parents=True)
    x = Tensor("x", 3, FixedType(8, 8))
    sums = Tensor("sums", 2, FixedType(9, 9))
    module = Module(
        name="adder_sums", segment="sums", layers=("sums",), title="sums (by hand)", inputs=(x,), outputs=(sums,),
        producers=("sums",), reuse_factor=1, start=0, latency=1, register_bits=18,
    )  # fmt: skip
    files = ("adder_sums.sv", "adder.sv")
    Design(
        name="adder", part="none", clock_ns=5.0, inputs=(x,), outputs=(sums,), modules=(module,), latency=2,
        initiation_interval=1, files=files,
    ).save(verilog)  # fmt: skip
    for name in files:
        shutil.copy(SOURCES / name, verilog)
    return verilog


def write_project(folder: Path) -> Path:
    """Compile the C++ into what hls4ml would leave. Returns the folder of the project."""
    project = folder / "hls"
    (project / "firmware").mkdir(parents=True)
    library = project / "firmware" / "adder-byhand.so"
    subprocess.run(["g++", "-O1", "-shared", "-fPIC", "-o", library, SOURCES / "adder.cpp"], check=True)
    return project
