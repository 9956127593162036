"""Results in a terminal and in a notebook: a few lines, not their arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command_line import SmallBuild

from l1ml import BuildResult, SimulationResult
from l1ml.verification.compare import Mismatch, Verification
from l1ml.verification.simulation import Pattern, Simulation


@pytest.fixture
def simulation() -> Simulation:
    """A finished simulation of 3,000 events."""
    outputs, cycles = np.zeros((3000, 5), dtype=np.int64), np.arange(3000)
    return Simulation(outputs, 17, 8, {"gaps": Pattern(outputs, cycles, cycles, 1)}, 0.0, 1.0)


def test_a_verdict_is_one_line_if_all_is_equal(simulation: Simulation) -> None:
    done = Verification(3000, 5, 0, None, simulation)
    line = "0 mismatches in 3,000 events × 5 outputs; latency 17, II 8"
    assert (str(done), repr(done)) == (line, f"<Verification: {line}>")
    assert done._repr_html_() == f'<div><b style="color: #1a7f37">{line}</b></div>'


def test_a_mismatch_has_a_line_of_its_own_and_is_escaped_in_html(simulation: Simulation) -> None:
    first = Mismatch(7, 2, -221, -647, "scores <Dense>", "scores[2]", 2.0**-6)
    done = Verification(3000, 5, 1234, first, simulation)
    told = "the first one: event 7, output 2: C++ -221, RTL -647 (scores[2]: -3.45312, -10.1094); first difference in "
    assert str(done).splitlines() == [
        "1,234 mismatches in 3,000 events × 5 outputs; latency 17, II 8",
        f"{told}scores <Dense>",
    ]
    assert "#cf222e" in done._repr_html_() and "scores &lt;Dense&gt;" in done._repr_html_()


def test_what_was_simulated_tells_its_shapes(simulation: Simulation) -> None:
    assert repr(simulation) == "<Simulation: outputs (3000, 5), latency 17, II 8>"
    assert repr(simulation.patterns["gaps"]) == "<Pattern: 3,000 events, outputs (3000, 5)>"
    two = SimulationResult([np.zeros((9, 5)), np.zeros((9, 1))], 17, 8)
    assert repr(two) == "<SimulationResult: outputs (9, 5), (9, 1); latency 17, II 8>"


def test_a_build_tells_verdict_timing_resources_and_where_its_report_is(small_build: SmallBuild) -> None:
    report = json.loads((small_build.folder / "report/report.json").read_text())
    lines = str(BuildResult(report, small_build.folder)).splitlines()
    assert lines[0].startswith("small_tagger, reuse factor 1: 0 mismatches in ")
    assert f"latency {report['rtl']['latency_cycles']}, II 1; {report['resources']['lut']:,} LUT" in lines[1]
    assert lines[2] == f"report: {small_build.folder / 'report/report.html'}"
    assert str(report) not in repr(BuildResult(report, small_build.folder))
