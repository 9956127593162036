"""What the reports of Vivado and Vitis say, in the terms of the field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, PositiveFloat

Cycles = NonNegativeInt | None
"""Clock cycles; None where the tool does not know them or does not say."""

Nanoseconds = Annotated[FiniteFloat, Field(ge=0)] | None


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Cells(_Record):
    """Cells of an FPGA; block RAM in units of 18 kb, URAM is None where the report has no column for it."""

    lut: NonNegativeInt
    ff: NonNegativeInt
    dsp: NonNegativeInt
    bram_18k: NonNegativeInt
    uram: NonNegativeInt | None

    @property
    def bram_36k(self) -> float:
        """Block RAM in units of 36 kb, as in l1ml's own estimates."""
        return self.bram_18k / 2


class Instance(_Record):
    """A block within the top module; `used` is None for one that is only in the table of latencies."""

    name: str
    module: str
    latency_min: Cycles = None
    latency_max: Cycles = None
    interval_min: Cycles = None
    interval_max: Cycles = None
    used: Cells | None = None


class Synthesis(_Record):
    """C synthesis: what HLS estimates before logic synthesis.

    The summary ``csynth.rpt`` has the largest latency and interval only, no clock and no `available`.
    """

    kind: Literal["synthesis"] = "synthesis"
    tool: Literal["Vivado HLS", "Vitis HLS"]
    version: str
    top: str
    part: str
    target_clock_ns: PositiveFloat | None
    estimated_clock_ns: Nanoseconds
    clock_uncertainty_ns: Nanoseconds
    latency_min: Cycles
    latency_max: Cycles
    interval_min: Cycles
    interval_max: Cycles
    used: Cells
    available: Cells | None
    instances: tuple[Instance, ...]


class CosimulationRun(_Record):
    """Cosimulation in one language; latencies and intervals in clock cycles, over all calls of the top function."""

    rtl: Literal["Verilog", "VHDL"]
    status: str
    latency_min: Cycles
    latency_avg: FiniteFloat | None
    latency_max: Cycles
    interval_min: Cycles
    interval_avg: FiniteFloat | None
    interval_max: Cycles
    total_cycles: Cycles


class Cosimulation(_Record):
    """C/RTL cosimulation: what was measured on the RTL."""

    kind: Literal["cosimulation"] = "cosimulation"
    runs: tuple[CosimulationRun, ...]


class Utilization(_Record):
    """``report_utilization``: cells after logic synthesis, placement or routing, which `state` tells.

    With the option ``-hierarchical`` it has no `available`.
    """

    kind: Literal["utilization"] = "utilization"
    version: str
    design: str
    part: str
    state: str
    used: Cells
    available: Cells | None


class Timing(_Record):
    """``report_timing_summary``: slacks in ns, negative where timing is missed; None without constraints.

    Attributes:
        met: Whether all constraints are met, None if there are none.
        wns_ns, tns_ns: Worst and total negative slack of setup.
        whs_ns, ths_ns: The same of hold.
        wpws_ns, tpws_ns: The same of pulse widths.
    """

    kind: Literal["timing"] = "timing"
    version: str
    design: str
    part: str
    state: str | None
    met: bool | None
    wns_ns: FiniteFloat | None
    tns_ns: FiniteFloat | None
    failing_endpoints: NonNegativeInt | None
    endpoints: NonNegativeInt | None
    whs_ns: FiniteFloat | None
    ths_ns: FiniteFloat | None
    hold_failing_endpoints: NonNegativeInt | None
    wpws_ns: FiniteFloat | None
    tpws_ns: FiniteFloat | None
    pulse_failing_endpoints: NonNegativeInt | None


Record = Synthesis | Cosimulation | Utilization | Timing
