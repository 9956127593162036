"""AXI4-Stream and AXI4-Lite at once: a change of thresholds comes between two packets, and all is counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from running import compile_wrapper, run_bench
from small_cores import LEVELS, SmallCore
from test_axi_stream import packed

from l1ml.wrappers import StreamOptions, write_wrappers
from l1ml.wrappers.layout import stream_layout
from l1ml.wrappers.registers import register_map

STREAM = StreamOptions(32, "auto")
PHASES = [300 + 50 * number for number in range(10)]


def test_thresholds_change_between_two_packets_of_a_stream(
    trigger: SmallCore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    core, folder = trigger, tmp_path_factory.mktemp("axi")
    verilog = Path(shutil.copytree(core.folder, folder / "rtl", ignore=shutil.ignore_patterns("sim")))
    (wrapper,) = write_wrappers(core.design, verilog, core.options(wrappers=("axi",), stream=STREAM))
    compile_wrapper(verilog, wrapper, folder / "build")
    inputs, outputs = (stream_layout(side, STREAM.field) for side in (core.design.inputs[:1], core.design.outputs))
    registers = register_map(core.design, verilog, core.design.inputs[1]).registers
    job = {
        "seed": 9,
        "phases": PHASES,
        "registers": {register.name: register.address for register in registers},
        "sets": core.sets.tolist(),
        "fires": LEVELS,
    }
    packets = packed(core.events, inputs, STREAM.data_width)
    results = run_bench("axi_stream", wrapper.top, folder / "build", folder / "job", job, bench="axi", packets=packets)
    golden = np.array([packed(values, outputs, STREAM.data_width) for values in core.golden])
    old, first, seen = 0, 0, 0
    for number, length in enumerate(PHASES):
        found = {name: results[f"{number}/{name}"] for name in ("rows", "asked", "answered", "set", "counts", "broken")}
        new, window = int(found["set"]), slice(first, first + length)
        before, after = golden[old, window], golden[new, window]
        assert found["rows"].shape == before.shape
        # One place divides all packets: the old thresholds up to it, the new ones from there on.
        fits = [
            place
            for place in range(int(found["asked"]), min(int(found["answered"]), length) + 1)
            if (found["rows"][:place] == before[:place]).all() and (found["rows"][place:] == after[place:]).all()
        ]
        assert fits
        seen += fits[0] > 0 and fits[-1] < length and (before != after).any()
        place = fits[0]
        decided = np.concatenate([core.golden[old, window][:place], core.golden[new, window][place:]])
        fires = decided[:, -LEVELS:].sum(axis=0)
        assert found["counts"].tolist() == [length, 0, int(found["broken"]), *fires]
        old, first = new, first + length
    assert first >= 5000
    assert seen >= 6
