"""What a reuse factor saves: alkaid at II = 1 against every strategy at every reuse factor, in one run.

python bench/folding.py                       # everything, about an hour
python bench/folding.py --model dense         # one of jet_6bit, tagger, dense
python bench/folding.py --factors 1,8 --strategies distributed_arithmetic

All designs go through the same Yosys flow, flattened, each addition one carry chain as it is written, and are held
against hls4ml's C++ in Verilator. The longest path is that before routing, by Yosys's delays. Expected LUTs are those
by which strategy auto chooses.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _alkaid
import numpy as np
from _models import SHARED, jet_6bit, random_dense
from rich.console import Console
from rich.table import Table

import l1ml
from l1ml.builds import flow
from l1ml.builds.specs import load_spec
from l1ml.compiler.design import Design
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.estimation.synthesis import estimate, synthesize
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.saving import load_graph

WIDTH = 180
"""Columns of the tables: more than most terminals have, as it is to be read from a file."""

KEYS = ("lut", "ff", "dsp", "bram", "carry")


@dataclass
class Row:
    """One design: its counts, path in ns, timing in clock cycles, and what was compared."""

    name: str
    counts: dict[str, float] = field(default_factory=dict)
    latency: float = 0
    interval: int = 0
    events: int = 0
    mismatches: int = 0
    expected: float = 0
    remark: str = ""

    def cells(self, base: Row) -> list[str]:
        """The row of the table; ratios are to ``base``."""
        if not self.counts:
            return [self.name, *[""] * 11, self.remark]
        return [
            self.name,
            f"{self.counts['lut']:,.0f}",
            f"{self.counts['lut'] / base.counts['lut']:.3f}",
            *(f"{self.counts[k]:,g}" for k in KEYS[1:]),
            f"{self.counts['path_ns']:.2f}",
            f"{self.latency:g}",
            str(self.interval),
            f"{self.mismatches} of {self.events:,}" if self.events else "",
            f"{self.expected:,.0f}" if self.expected else "",
            self.remark,
        ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(MODELS), action="append", help="one of the models; may be repeated")
    parser.add_argument("--factors", default="1,2,4,6,8,16", help="reuse factors")
    parser.add_argument("--strategies", default="distributed_arithmetic,Resource,Latency")
    parser.add_argument("--events", type=int, default=20_000, help="events for each design")
    options = parser.parse_args()
    for model in options.model or MODELS:
        console.print(f"[bold]{model}[/bold]")
        with tempfile.TemporaryDirectory() as scratch:
            rows = list(MODELS[model](Path(scratch), options))
        if not rows:
            continue
        names = ("design", "LUT", "to first", "FF", "DSP", "BRAM", "carry", "path / ns", "latency", "II")
        table = Table(*names, "mismatches", "expected LUT", "", box=None)
        base = next((row for row in rows if row.counts), rows[0])
        for row in rows:
            table.add_row(*row.cells(base))
        Console(width=WIDTH).print(table)


def _points(options: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Strategies and reuse factors; at reuse factor 1 there is nothing to choose but how sums are made."""
    strategies = options.strategies.split(",")
    for factor in map(int, options.factors.split(",")):
        yield from ((strategy, factor) for strategy in (strategies if factor > 1 else ["auto"]))


def _graphs(options: argparse.Namespace, scratch: Path, convert: Callable[[Path, str, int], Any], x: Any) -> Any:
    """Rows of a model that is converted anew for each point."""
    graph = convert(scratch / "base", "auto", 1)
    yield _by_alkaid("alkaid", graph, scratch / "alkaid")
    exact = convert(scratch / "exact", "distributed_arithmetic", 1)
    if _accumulators(exact) != _accumulators(graph):
        yield _by_alkaid("alkaid, exact sums", exact, scratch / "alkaid_exact")
    for strategy, factor in _points(options):
        row = Row(f"R={factor} {strategy}")
        try:
            with redirect_stdout(io.StringIO()):
                model = convert(scratch / f"{strategy}_{factor}", strategy, factor)
                model.compile()
            result = l1ml.verify(model, x)
            row.counts, row.expected = _counts(rtl_folder(model))
            row.latency, row.interval = result.simulation.latency, result.simulation.initiation_interval
            row.events, row.mismatches = result.events, result.mismatches
        except L1mlError as error:
            row.remark = str(error)
        yield _shown(row)


def _accumulators(graph: Any) -> list[str]:
    return [str(layer.get_attr("accum_t").precision) for layer in graph.get_layers() if layer.class_name == "Dense"]


def _by_alkaid(name: str, graph: Any, folder: Path) -> Row:
    try:
        with redirect_stdout(io.StringIO()):
            model = _alkaid.write(graph, folder, latency_cutoff=CUTOFF)
    except AssertionError:
        return _shown(Row(name, remark="alkaid cannot print this layer"))
    return _shown(Row(name, synthesize(_alkaid.files(folder), "alkaid_core", dsps=False), float(model.latency), 1))


CUTOFF = 5.0
"""Longest logic between two registers, in adders: the default of l1ml, and given to alkaid too."""


def _counts(folder: Path) -> tuple[dict[str, float], float]:
    design = Design.load(folder)
    # Products in DSPs are those of `Resource` alone; alkaid has none.
    resources = estimate(folder, dsps=any(module.strategy == "Resource" for module in design.modules))
    counts = {**resources["total"], "path_ns": resources["timing"]["longest_path_ns"]}
    return counts, sum(module.expected_luts for module in design.modules)


def _shown(row: Row) -> Row:
    """Print a row as soon as it is known: the whole takes long."""
    lut = f"{row.counts['lut']:,.0f} LUT, {row.mismatches} mismatches" if row.counts else row.remark
    console.print(f"  {row.name}: {lut}", soft_wrap=True)
    return row


def third_party(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """The logits of ``qkeras_jet_6bit``, whose accumulators truncate but under distributed arithmetic."""
    if not SHARED.exists():
        console.print(f"skipped: {SHARED} is not here")
        return
    x = np.random.default_rng(1).normal(0, 2, (options.events, 16)).astype(np.float32)

    def convert(folder: Path, strategy: str, factor: int) -> Any:
        return jet_6bit(folder, softmax=False, strategy=strategy, reuse_factor=factor, stage_delay=CUTOFF)

    yield from _graphs(options, scratch, convert, x)


def dense(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """A dense layer 64 → 32, 6-bit weights, half of them zero, unsigned 8-bit inputs."""
    x = np.random.default_rng(1).uniform(0, 4, (options.events, 64)).astype(np.float32)

    def convert(folder: Path, strategy: str, factor: int) -> Any:
        kinds: dict[str, Any] = {"weight_bits": 6, "zeros": 0.5, "input_type": "ufixed<8,2>"}
        return random_dense(folder, (64, 32), strategy=strategy, reuse_factors=(factor,), **kinds)

    yield from _graphs(options, scratch, convert, x)


def tagger(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Our own jet tagger, and the same one pruned in blocks for reuse factor 8."""
    _build(scratch, options, "auto", 1)
    yield _by_alkaid("alkaid", load_graph(scratch / "convert/graph.fml"), scratch / "alkaid")
    for strategy, factor in _points(options):
        yield _tagger_row(f"R={factor} {strategy}", scratch, options, strategy, factor)
    blocks = {"pruning.block": "multiplier"}
    yield _tagger_row("R=8 Resource, pruned in blocks", scratch, options, "Resource", 8, blocks)


def _tagger_row(
    name: str,
    scratch: Path,
    options: argparse.Namespace,
    strategy: str,
    factor: int,
    more: dict[str, Any] | None = None,
) -> Row:
    row = Row(name)
    try:
        _build(scratch, options, strategy, factor, more)
    except L1mlError as error:
        row.remark = str(error)
        return _shown(row)
    verdict = json.loads((scratch / "verify/verification.json").read_text())
    metrics = json.loads((scratch / "train/metrics.json").read_text())
    row.counts, row.expected = _counts(scratch / "rtl/verilog")
    row.latency, row.interval = verdict["latency_cycles"], verdict["initiation_interval"]
    row.events, row.mismatches = verdict["events"], verdict["mismatches"]
    row.remark = f"accuracy {100 * metrics['quantized']['accuracy']:.2f} %"
    return _shown(row)


def _build(
    root: Path, options: argparse.Namespace, strategy: str, factor: int, more: dict[str, Any] | None = None
) -> None:
    settings = {"hls.strategy": strategy, "hls.reuse_factor": factor, "verification.events": options.events}
    flow.run(load_spec("jet_tagger", {**settings, **(more or {})}), root, "verify")


MODELS = {"jet_6bit": third_party, "tagger": tagger, "dense": dense}


if __name__ == "__main__":
    main()
