"""hls4ml's own tests on the backend "Verilog": whose models are bit-exact, which are refused, and why.

python bench/conformance.py CHECKOUT                       # hls4ml at the tag of the installed version
python bench/conformance.py CHECKOUT --keras 2 test_softmax.py test_merge.py

The tests are copied with the backends "Vitis" and "Vivado" become "Verilog"; cases with streams and those of other
vendors are left out. CHECKOUT has the folders test/pytest and, with its submodules, example-models. Tests that want
Keras 3, PyTorch or QONNX want an environment with these and --keras 3. A case is

  exact     every model that it compiled gives the integers of its C++, and `simulate` what `predict` gives
  refused   with an error of l1ml in one line
  wrong     differs, or ends in an error that is not l1ml's though hls4ml's own backend goes on
  absent    lacks a package or a file, or fails in code that is neither hls4ml's nor ours
  nothing   compiles no model

and is counted apart where what was refused is a convolution, pooling, recurrence or a stream, which are to come.
Results stay in --out; the table is of all that are there, so that files that want another environment go into the same.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REASON = 200
"""Characters of a reason that are printed."""

VERDICTS = ("exact", "refused", "to come", "wrong", "absent", "nothing")

TO_COME = re.compile(r"\((?:\w*Conv[12]D\w*|\w*Pooling[12]D|LSTM|GRU|SimpleRNN|Bidirectional)\)|io_type='io_parallel'")
"""Families that come with streams and recurrence, by hls4ml's classes in a refusal, and streams themselves."""

ABSENT = re.compile(r"No module named|URLError|URL fetch|FileNotFoundError|Failed to import pydot|zero-size array to")
"""The last one is HGQ 0.2.6, which converts tables without entries; hls4ml's own backends end in it, too."""


def main() -> None:
    """Run the tests and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="hls4ml's repository")
    parser.add_argument("files", nargs="*", help="of test/pytest; all by default")
    parser.add_argument("--keras", choices=("2", "3"), default="2", help="which Keras the tests get")
    parser.add_argument("--out", type=Path, default=Path("build/conformance"), help="for copies and results")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files at a time")
    options = parser.parse_intermixed_args()
    folder = options.out.resolve() / "test/pytest"
    adapt(options.checkout, folder)
    files = options.files or sorted(path.name for path in folder.glob("test_*.py"))
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda name: run(folder, name, options.keras), files))
    show({f"{log.stem}.py": records(log) for log in sorted(options.out.glob("*.jsonl"))})


def adapt(checkout: Path, folder: Path) -> None:
    """Copy the tests; the models beside them are linked."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(checkout / "test/pytest", folder)
    for path in folder.glob("test_*.py"):
        path.write_text(re.sub(r"""(?i)(['"])(?:Vitis|Vivado)\1""", r"\1Verilog\1", path.read_text()))
    models = folder.parents[1] / "example-models"
    if not models.exists():
        models.symlink_to((checkout / "example-models").resolve())


def run(folder: Path, name: str, keras: str) -> None:
    """Write down what becomes of the cases of a file, in a process of its own."""
    log = folder.parents[1] / f"{Path(name).stem}.jsonl"
    log.unlink(missing_ok=True)
    path = os.pathsep.join([str(Path(__file__).resolve().parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "CONFORMANCE_LOG": str(log), "CONFORMANCE_KERAS": keras}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "_conformance", "-p", "no:l1ml", "-p", "no:cacheprovider"]
    with log.with_suffix(".log").open("w") as said:
        subprocess.run([*command, "--timeout=3600", name], cwd=folder, env=environment, stdout=said, stderr=said)


def records(log: Path) -> list[dict[str, Any]]:
    """What was written down of a file's cases."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def verdict(record: dict[str, Any]) -> tuple[str, str]:
    """What a case is, and why."""
    test = str(record["test"])
    errors = [model["error"] for model in record["models"] if "error" in model]
    if any(model.get("mismatches") or not model.get("simulate", True) for model in record["models"]):
        return "wrong", "the Verilog differs"
    if errors:
        return "wrong", errors[0]
    if record.get("refused"):
        return ("to come" if TO_COME.search(test) else "refused"), test
    if record["models"]:
        return "exact", ""
    if TO_COME.search(test):
        return "to come", test
    if test == "passed" or test.startswith("Skipped"):
        return "nothing", ""
    return ("absent" if ABSENT.search(test) or not record.get("reached", True) else "wrong"), test


def show(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the reasons of what is not exact, and in Markdown a row for each file with cases that compile models."""
    rows, sums, reasons = [], Counter[str](), Counter[tuple[str, str, str]]()
    for name, found in results.items():
        verdicts = [verdict(record) for record in found]
        counts = Counter(kind for kind, _ in verdicts)
        sums.update(counts)
        said = ((kind, re.sub(r"\d+", "N", " ".join(why.split()))[:REASON]) for kind, why in verdicts)
        reasons.update((name, kind, why) for kind, why in said if kind in ("refused", "wrong", "absent"))
        if set(counts) - {"nothing"}:
            rows.append((f"`{name}`", counts))
    for (name, kind, why), count in sorted(reasons.items()):
        print(f"{name}: {kind}, {count} ×: {why}")
    print("\n| file | " + " | ".join(VERDICTS) + " |\n|" + " --- |" * (1 + len(VERDICTS)))
    for title, counts in [*rows, ("**all**", sums)]:
        print(f"| {title} | " + " | ".join(str(counts[kind] or "") for kind in VERDICTS) + " |")
    counted = sums["exact"] + sums["refused"] + sums["wrong"]
    if counted:
        print(f"\nexact: {sums['exact']} of {counted} = {sums['exact'] / counted:.1%}, without what is to come")


if __name__ == "__main__":
    main()
