"""What pipelining costs: one trigger with more and less logic between two registers.

    python examples/from_spec.py [SPEC [DIR [DELAY ...]]]

Only the stages that depend on the delay are run again; the network is trained and converted once. For the
jet tagger the first build takes some minutes, each delay after it one or two. It needs `pip install '.[train]'`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import l1ml


def main(spec: str = "jet_tagger", folder: str = "build/delays", *delays: str) -> None:
    """Build for each delay and print a table."""
    table = Table("adders in a row", "latency", "ns", "LUT", "FF", "mismatches", box=None)
    for delay in map(float, delays or ("2.5", "5", "10")):
        report = l1ml.build(spec, overrides={"rtl.stage_delay": delay}, out=Path(folder)).report
        cycles, cells = report["rtl"]["latency_cycles"], report["resources"]
        row = (delay, cycles, round(cycles * report["clock_ns"], 1), cells["lut"], cells["ff"])
        table.add_row(*map(str, row), str(report["verification"]["mismatches"]))
    Console(width=100).print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
