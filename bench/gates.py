"""What a change of the compiler must not make worse, in one run: the three triggers, alkaid, fault injection.

python bench/gates.py                  # everything, about an hour on two cores
python bench/gates.py --only triggers  # one of packs, triggers, faults, alkaid; may be repeated

- packs: the golden packs of `tests/golden`, C++ and Verilog made again.
- triggers: latency, interval, LUT and FF of the whole core, flattened, at reuse factors 1 and 8, against those of the
  commit in `BEFORE`; the specs are built with their defaults, training included. At most 0.5 % more passes.
- faults: `l1ml mutate --faults 600 --seed 1 --improve` on these builds; each is detected or proved equivalent.
- alkaid: the logits of `qkeras_jet_6bit` by distributed arithmetic against alkaid's RTL at II = 1, by one function,
  without DSPs; 0.90 of its LUTs at reuse factor 1 and 0.33 at 8 pass.

The exit code is 1 if a gate does not pass.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import _alkaid
import numpy as np
from _models import SHARED, jet_6bit
from rich.table import Table

import l1ml
from l1ml.builds import flow
from l1ml.builds.specs import load_spec
from l1ml.console import console
from l1ml.estimation.synthesis import estimate, synthesize
from l1ml.faults.build import mutate_build
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.golden.checking import check
from l1ml.golden.pack import Pack

PACKS = Path(__file__).resolve().parents[1] / "tests/golden"

BEFORE = {  # latency, interval, LUT, FF of commit 11fcbc0, whose Verilog was written by templates
    "jet_tagger_r1": (9, 1, 11_287, 4_895),
    "jet_tagger_r8": (38, 8, 4_532, 4_425),
    "electron_rings_r1": (15, 1, 20_542, 11_360),
    "electron_rings_r8": (47, 8, 5_468, 5_201),
    "anomaly_vae_r1": (14, 1, 17_297, 6_441),
    "anomaly_vae_r8": (37, 8, 5_370, 3_490),
}

WORSE = 1.005
"""How many times as much passes."""

RATIOS = {1: 0.90, 8: 0.33}
"""LUTs of our logits to those of alkaid that pass, by reuse factor."""

CUTOFF = 5.0
"""Longest logic between two registers, in adders, of both."""


Gate = tuple[str, str, bool]
"""What is measured, the result, and whether it passes."""


def packs(builds: Path) -> Iterator[Gate]:
    """Golden packs, made again."""
    for file in sorted(PACKS.glob("*.golden")):
        with tempfile.TemporaryDirectory() as scratch:
            verdicts = check(Pack.load(file), Path(scratch))
        faults = [fault for verdict in verdicts if (fault := verdict.fault())]
        yield f"pack {file.stem}", "; ".join(faults) or "equal", not faults


def triggers(builds: Path) -> Iterator[Gate]:
    """Timing and size of the triggers."""
    for name, before in BEFORE.items():
        design, counts = _built(builds, name)
        after = (design["latency"], design["initiation_interval"], counts["lut"], counts["ff"])
        text = ", ".join(
            f"{k} {b:,g} → {a:,g}" for k, b, a in zip(("latency", "II", "LUT", "FF"), before, after, strict=True)
        )
        yield name, text, all(a <= WORSE * b for b, a in zip(before, after, strict=True))


def faults(builds: Path) -> Iterator[Gate]:
    """Faults in the triggers."""
    for name in BEFORE:
        _built(builds, name)
        done = mutate_build(builds / name, 600, 1, improve=True)
        counts = {state: done.count(state) for state in ("detected", "equivalent", "missed")}
        text = ", ".join(f"{number} {state}" for state, number in counts.items())
        yield (
            f"faults {name}",
            f"{text}; {len(done.sought)} events looked for, of {done.available:,} faults",
            not counts["missed"],
        )


def alkaid(builds: Path) -> Iterator[Gate]:
    """LUTs of `qkeras_jet_6bit` against alkaid's."""
    if not SHARED.exists():
        console.print(f"skipped: {SHARED} is not here")
        return
    x = np.random.default_rng(1).normal(0, 2, (10_000, 16)).astype(np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        theirs = 0.0
        for factor, most in RATIOS.items():
            folder = Path(scratch, str(factor))
            with redirect_stdout(io.StringIO()):
                model = jet_6bit(
                    folder, softmax=False, strategy="distributed_arithmetic", reuse_factor=factor, stage_delay=CUTOFF
                )
                model.compile()
                if not theirs:
                    _alkaid.write(model, folder / "alkaid", latency_cutoff=CUTOFF)
                    theirs = synthesize(_alkaid.files(folder / "alkaid"), "alkaid_core", dsps=False)["lut"]
            result = l1ml.verify(model, x)
            total = estimate(rtl_folder(model), dsps=False)["total"]
            ratio = total["lut"] / theirs
            text = f"{total['lut']:,g} LUT of {theirs:,g}: {ratio:.3f}, at most {most}; {total['ff']:,g} FF, latency "
            text += f"{result.simulation.latency}, {result.mismatches} mismatches"
            yield f"alkaid, R = {factor}", text, ratio <= most and not result.mismatches


def _built(builds: Path, name: str) -> tuple[dict[str, float], dict[str, float]]:
    """A build up to its verification: ``design.json`` and the counts of the whole core."""
    project, _, factor = name.rpartition("_r")
    others = [folder for folder in builds.iterdir() if folder.name != name]
    flow.run(load_spec(project, {"hls.reuse_factor": int(factor)}), builds / name, "verify", others)
    resources = json.loads((builds / name / "rtl/resources.json").read_text())
    return json.loads((builds / name / "rtl/verilog/design.json").read_text()), resources["total"]


GATES: dict[str, Callable[[Path], Iterator[Gate]]] = {
    "packs": packs, "triggers": triggers, "alkaid": alkaid, "faults": faults,
}  # fmt: skip


def main() -> None:
    """Print the gates as they are measured, and all of them in a table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=GATES, action="append", help="one of the gates; may be repeated")
    parser.add_argument("--builds", type=Path, help="folder of the builds, to be kept; a temporary one by default")
    options = parser.parse_args()
    table, closed = Table("gate", "measured", "", box=None), False
    with tempfile.TemporaryDirectory() as scratch:
        builds = options.builds or Path(scratch)
        builds.mkdir(parents=True, exist_ok=True)
        for gate in options.only or GATES:
            for what, measured, passes in GATES[gate](builds):
                console.print(f"{what}: {measured}{'' if passes else ' — too much'}", soft_wrap=True)
                table.add_row(what, measured, "passes" if passes else "does not pass")
                closed |= not passes
    console.print(table)
    sys.exit(closed)


if __name__ == "__main__":
    main()
