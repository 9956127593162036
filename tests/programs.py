"""Tracing symbolic values and evaluating what comes out, without Verilog."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
from alkaid.trace import FVariable, FVArray, trace
from numpy.typing import NDArray

from l1ml.compiler.buses import Sink, Source
from l1ml.compiler.circuit import Net, Wire
from l1ml.compiler.circuit.evaluate import evaluate as worth
from l1ml.compiler.circuit.evaluate import signed
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.simplify import simplify
from l1ml.compiler.programs.trace import HARDWARE, trace_program
from l1ml.fixed import FixedType


def symbols(low: Sequence[float], high: Sequence[float], step: Sequence[float]) -> FVArray:
    """Inputs between given bounds."""
    return FVArray.from_lhs(*(np.array(v, dtype=np.float64) for v in (low, high, step)), HARDWARE)


def symbols_of(types: Sequence[FixedType]) -> FVArray:
    """Inputs that can be anything that their types hold."""
    return symbols(*zip(*[(t.minimum * t.lsb, t.maximum * t.lsb, t.lsb) for t in types], strict=True))


def evaluate(inputs: FVArray, outputs: Sequence[FVariable], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outputs for real inputs of shape (events, inputs)."""
    logic = simplify(trace(list(np.asarray(inputs)), list(outputs), optimize=False))
    return logic.predict(values)


def evaluate_circuit(
    inputs: FVArray,
    sources: Sequence[FixedType],
    outputs: Sequence[FVariable],
    sinks: Sequence[FixedType],
    rows: Sequence[Sequence[int]],
) -> list[list[int]]:
    """Outputs as integers in LSB of their types, of any size, by the wires that the program becomes.

    Args:
        inputs: Symbolic inputs.
        sources: Their types.
        outputs: Symbolic outputs.
        sinks: Their types.
        rows: Integers of any size in LSB of the inputs' types, one row for each event.
    """
    logic = trace_program(list(np.asarray(inputs)), outputs)
    buses = [Net(f"x{i}", kind.width) for i, kind in enumerate(sources)]
    found = hardware_of(
        logic,
        schedule(logic, inf),
        [Source(bus, 0, kind.fraction) for bus, kind in zip(buses, sources, strict=True)],
        [Sink(kind.width, kind.fraction) for kind in sinks],
    )
    tables = {table.name: table for table in found.tables}
    results = []
    for row in rows:
        values = {bus.name: value % (1 << bus.width) for bus, value in zip(buses, row, strict=True)}
        for item in (item for stage in found.stages for item in stage):
            assert isinstance(item, Wire)
            values[item.net.name] = worth(item.value, values, tables)
        bits = [worth(output, values, tables) for output in found.outputs]
        results.append([signed(b, k.width) if k.signed else b for b, k in zip(bits, sinks, strict=True)])
    return results
