"""What an installation takes: time and size of ``pip install .`` in a clean environment, and where the size is.

python bench/install.py [--lowest] [EXTRA...]

It must pass ``pip check`` and ``l1ml doctor``, and compute a golden pack of ours again, C++ and Verilog.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from importlib.metadata import Distribution, distributions
from pathlib import Path

from rich.table import Table

from l1ml.console import console

ROOT = Path(__file__).parent.parent
PACK = ROOT / "tests/golden/jet_tagger_r1.golden"
LARGEST = 12
"""Packages that get a row."""


def main() -> None:
    """Print the table; exit code 1 if something does not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="such as keras or train [default: base alone]")
    parser.add_argument("--lowest", action="store_true", help="the lowest versions that are allowed, not the newest")
    options = parser.parse_args()
    extras = f"[{','.join(options.extras)}]" if options.extras else ""
    with tempfile.TemporaryDirectory(prefix="l1ml-install-") as scratch:
        folder = Path(scratch)
        venv.create(folder, with_pip=True)
        empty, python = size(folder), folder / "bin/python"
        (packages,) = folder.glob("lib/*/site-packages")
        before = {one.name for one in distributions(path=[str(packages)])}
        started = time.monotonic()
        (bounds := folder / "bounds.txt").write_text("\n".join(lowest(options.extras)) if options.lowest else "")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-c", bounds, f"{ROOT}{extras}"], check=True)
        seconds = time.monotonic() - started
        checked = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
        doctor = subprocess.run([folder / "bin/l1ml", "doctor"], capture_output=True, text=True)
        again = subprocess.run(
            [folder / "bin/l1ml", "golden", "check", PACK], cwd=folder, capture_output=True, text=True
        )
        new = [one for one in distributions(path=[str(packages)]) if one.name not in before]
        sizes = {str(one.name): installed(one) for one in new}
        total = size(folder) - empty
    table = Table("package", "MB", box=None)
    for name in sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]:
        table.add_row(name, f"{sizes[name] / 1e6:.0f}")
    console.print(table)
    console.print(f"pip install .{extras}: {seconds:.0f} s, {len(sizes)} packages, {total / 1e6:.0f} MB", markup=False)
    console.print(f"pip check: {checked.stdout.strip()}", markup=False, soft_wrap=True)
    for command, done in {"doctor": doctor, f"golden check {PACK.name}": again}.items():
        last = (done.stdout + done.stderr).splitlines()[-1]
        console.print(f"l1ml {command}: exit code {done.returncode}; {last}", markup=False, soft_wrap=True)
    sys.exit(bool(checked.returncode or doctor.returncode or again.returncode))


def lowest(extras: list[str]) -> list[str]:
    """The lower bounds of what is required directly, as pip's constraints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return [re.sub(r">=([^,]+).*", r"==\1", line) for line in wanted if ">=" in line]


def size(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


def installed(one: Distribution) -> int:
    """Bytes of the files of a package."""
    places = [Path(str(one.locate_file(file))) for file in one.files or ()]
    return sum(place.stat().st_size for place in places if place.is_file())


if __name__ == "__main__":
    main()
