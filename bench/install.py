"""What an installation takes: time and size of ``pip install .`` in a clean environment, and where the size is.

python bench/install.py [EXTRA...]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import Distribution, distributions
from pathlib import Path

from rich.table import Table

from l1ml.console import console

ROOT = Path(__file__).parent.parent
LARGEST = 12
"""Packages that get a row."""


def main() -> None:
    """Print the table; exit code 1 if ``pip check`` finds fault, or if a model of hls4ml's could not be verified."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="such as keras or train [default: base alone]")
    extras = f"[{','.join(extras)}]" if (extras := parser.parse_args().extras) else ""
    with tempfile.TemporaryDirectory(prefix="l1ml-install-") as scratch:
        folder = Path(scratch)
        venv.create(folder, with_pip=True)
        empty, python = size(folder), folder / "bin/python"
        (packages,) = folder.glob("lib/*/site-packages")
        before = {one.name for one in distributions(path=[str(packages)])}
        started = time.monotonic()
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{ROOT}{extras}"], check=True)
        seconds = time.monotonic() - started
        checked = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
        doctor = subprocess.run([folder / "bin/l1ml", "doctor"], capture_output=True, text=True)
        new = [one for one in distributions(path=[str(packages)]) if one.name not in before]
        sizes = {str(one.name): installed(one) for one in new}
        total = size(folder) - empty
    table = Table("package", "MB", box=None)
    for name in sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]:
        table.add_row(name, f"{sizes[name] / 1e6:.0f}")
    console.print(table)
    console.print(f"pip install .{extras}: {seconds:.0f} s, {len(sizes)} packages, {total / 1e6:.0f} MB", markup=False)
    console.print(f"pip check: {checked.stdout.strip()}", markup=False, soft_wrap=True)
    console.print(f"l1ml doctor: exit code {doctor.returncode}; {doctor.stdout.splitlines()[-1]}", soft_wrap=True)
    sys.exit(bool(checked.returncode or doctor.returncode))


def size(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


def installed(one: Distribution) -> int:
    """Bytes of the files of a package."""
    places = [Path(str(one.locate_file(file))) for file in one.files or ()]
    return sum(place.stat().st_size for place in places if place.is_file())


if __name__ == "__main__":
    main()
