"""Faults where multipliers are shared: in microcode, and in what cells, which are fixed text, get and give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden

from l1ml.compiler.circuit import Instance, Table
from l1ml.faults.choose import all_faults, choose
from l1ml.faults.circuits import read_circuits
from l1ml.faults.proofs.prove import Prover
from l1ml.faults.schemata import write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import make_cycles
from l1ml.frontends.hls4ml.writing import write_rtl
from l1ml.verification.simulation import bench_job
from l1ml.verification.vectors import limits

REUSE_FACTOR = 6


@pytest.mark.parametrize("strategy", ["Resource", "Latency"])
def test_faults_that_are_seen_are_not_proved_to_change_nothing(keras: Any, tmp_path: Path, strategy: str) -> None:
    x = keras.Input((6,), name="x")
    model = keras.Model(x, keras.layers.Dense(5, activation="relu", name="fc")(x))
    rng = np.random.default_rng(1)
    model.set_weights([rng.integers(-7, 8, w.shape) / 8 for w in model.get_weights()])
    precision = {"weight": "fixed<5,2>", "bias": "fixed<5,2>", "accum": "auto", "result": "fixed<12,6>"}
    options = {
        "x": {"precision": {"result": "fixed<6,3>"}},
        "fc": {"ReuseFactor": REUSE_FACTOR, "Strategy": strategy, "precision": precision},
    }
    graph = convert(model, tmp_path / "hls", options)
    compile_graph(graph)
    design = write_rtl(graph, tmp_path / "hls", tmp_path / "verilog")
    circuits = read_circuits(tmp_path / "verilog")
    assert circuits.cells and design.initiation_interval == REUSE_FACTOR
    chosen = choose(all_faults(circuits), 150, 1)
    of_cells = [f for f in chosen if isinstance(f.place.item, Instance) and f.module != design.name]
    assert {"accumulator", "latency", "valid", "inputs"} <= {f.kind for f in of_cells}
    module = circuits.modules[f"{design.name}_fc"]
    assert any(isinstance(item, Table) for item in module.items), "microcode"
    assert any(f.kind == "weight" and "_ROM" in f.what for f in chosen)
    low, high = limits(design)
    inputs = rng.integers(low, high + 1, (300, len(low)))
    cycles = make_cycles(design, inputs, golden(graph, inputs), bench_job(design, 1))
    simulator = FaultSimulator(write_schemata(circuits, chosen, tmp_path), tmp_path)
    outcomes = {o.fault: o.cycle is not None for o in simulator.run(cycles, range(len(chosen) + 1))}
    assert not outcomes.pop(0), "without a fault it is right"
    seen = [chosen[number - 1] for number, found in outcomes.items() if found]
    assert len(seen) > 0.7 * len(chosen)
    prover = Prover(circuits)
    for fault in seen[::8]:
        assert not prover.prove(fault).equivalent, fault
