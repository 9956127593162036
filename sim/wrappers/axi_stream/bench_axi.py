"""Sends packets through a wrapper with AXI4-Stream and AXI4-Lite, while other thresholds are written.

The job is that of ``bench_axi_stream`` but for its phases, which are numbers of packets. It also has ``registers``,
addresses by name; ``sets``, values for SHADOW0, SHADOW1, ...; ``fires``, how many FIRES there are. In each phase, the
next of the sets is taken over at a random moment. ``results.npz`` gets for each phase ``rows``, the packets received;
``asked``, how many had been received when APPLY was sent; ``answered``, how many had been sent when the answer came;
``set``, the number of the set; ``counts``, events, overflows, dropped and fires, read and cleared at the end;
``broken``, how many packets of a wrong length were sent.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from bench_axi_stream import PERIOD, Bench, stops
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

APPLY, SAMPLE, CLEAR = 1, 2, 4


@cocotb.test(timeout_time=1, timeout_unit="ms")  # several times what it takes
async def drive(dut: Any) -> None:
    """Go through the phases."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    at, results, first = job["registers"], {}, 0
    random.seed(job["seed"])
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, PERIOD, unit="ns").start())
    bench = Bench(dut, np.load(folder / "packets.npy"))
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, dut.aresetn, reset_active_level=False)
    await ClockCycles(dut.aclk, 4)
    dut.aresetn.value = 1
    bench.source.set_pause_generator(stops(0.2))
    bench.sink.set_pause_generator(stops(0.3))
    for phase, end in enumerate(np.cumsum(job["phases"]).tolist()):
        number = (phase + 1) % len(job["sets"])
        sender = cocotb.start_soon(bench.send(bench.packets[first:end], 0.1))
        for index, value in enumerate(job["sets"][number]):
            await master.write_dword(at[f"SHADOW{index}"], value)
        await ClockCycles(dut.aclk, random.randrange(3 * (end - first)))
        asked = bench.sink.count()
        await master.write_dword(at["CONTROL"], APPLY)
        answered = bench.begun
        rows, _ = await bench.receive(end - first)
        broken = await sender
        await master.write_dword(at["CONTROL"], SAMPLE | CLEAR)
        names = ["EVENTS", "OVERFLOWS", "DROPPED", *(f"FIRES{i}" for i in range(job["fires"]))]
        counts = [await master.read_dword(at[name]) for name in names]
        found = {"rows": rows, "asked": asked, "answered": answered, "set": number, "counts": counts, "broken": broken}
        results |= {f"{phase}/{name}": np.asarray(value) for name, value in found.items()}
        first = end
    np.savez(folder / "results.npz", **results)
