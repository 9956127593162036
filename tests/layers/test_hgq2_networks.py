"""Random networks of HGQ2 layers: what the C++ gives, in every bit, with a type of its own for each element."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "hgq2_program.py"

NEEDED = ("hgq", "tensorflow")

EVENTS = 300

MANY, NETWORKS = 20, 10
"""Models of the long run, and networks in each."""


def check(folder: Path, seed: int, count: int) -> None:
    """Hold the Verilog of some networks against their C++, in a process of their own, which has Keras 3."""
    if missing := [package for package in NEEDED if find_spec(package) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    arguments = [str(folder), str(seed), str(count), str(EVENTS)]
    plain = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run([sys.executable, PROGRAM, *arguments], env=plain, capture_output=True, text=True, check=False)
    print(done.stderr)  # a line for each layer
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["networks"], found["events"], found["mismatches"]) == (count, EVENTS, 0), found["first"]
    assert found["interval"] == found["factor"]
    assert found["casts"] >= count and sum(found["layers"].values()) > 2 * count


def test_random_networks_of_hgq2_give_what_the_cpp_gives(tmp_path: Path) -> None:
    check(tmp_path, seed=2, count=10)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 100 + MANY))
def test_many_random_networks_of_hgq2_give_what_the_cpp_gives(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, NETWORKS)
