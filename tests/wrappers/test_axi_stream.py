"""AXI4-Stream: whatever stops, breaks or is reset, each whole packet gives the one packet that the C++ says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from running import compile_wrapper, ports_of, run_bench
from small_cores import SmallCore

from l1ml.wrappers import StreamOptions, write_wrappers
from l1ml.wrappers.layout import Layout, stream_layout

CASES = {
    "trigger_in_beats_of_16_bits": ("trigger", StreamOptions(16)),
    "signed_in_fields": ("plain", StreamOptions(32, 16)),
    "of_several_words": ("words", StreamOptions(32)),
}


def packed(values: NDArray[np.int64], layout: Layout, width: int) -> NDArray[np.uint8]:
    """Integers as bytes of packets, by the rules of the page on wrappers and bit by bit, as software would."""
    size = -(-layout.bits // width) * width
    bits = np.zeros((len(values), size), np.uint8)
    for column, place in zip(values.T, layout.places, strict=True):
        shifts = np.minimum(np.arange(place.field), 63)
        bits[:, place.at : place.at + place.field] = (column[:, None] >> shifts) & 1
    return np.packbits(bits, axis=1, bitorder="little")


@pytest.fixture(scope="module", params=CASES)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Packets through a wrapper: as fast as can be, stopped at both sides, broken, with resets."""
    name, stream = CASES[request.param]
    core: SmallCore = request.getfixturevalue(name)
    folder = tmp_path_factory.mktemp("axis") / "a folder (#1) of $any name"
    verilog = Path(shutil.copytree(core.folder, folder / "rtl", ignore=shutil.ignore_patterns("sim")))
    (wrapper,) = write_wrappers(core.design, verilog, core.options(wrappers=("axi_stream",), stream=stream))
    compile_wrapper(verilog, wrapper, folder / "build")
    tensors = [tensor for tensor in core.design.inputs if tensor.name != "thresholds"]
    inputs, outputs = (stream_layout(side, stream.field) for side in (tensors, core.design.outputs))
    phases = [{"first": 0, "end": 600, "stop_in": 0, "stop_out": 0, "broken": 0, "reset": False}]
    for number, (stop_in, stop_out, broken) in enumerate(
        [(0.5, 0, 0), (0, 0.6, 0.1), (0.4, 0.4, 0.2), (0.1, 0.8, 0)] * 3
    ):
        first = 600 + 400 * number
        phases.append(
            {
                "first": first,
                "end": first + 400,
                "stop_in": stop_in,
                "stop_out": stop_out,
                "broken": broken,
                "reset": number % 3 == 2,
            }
        )
    low = [port for port in ports_of(verilog, wrapper) if port.startswith("cfg_")]
    job = {"seed": 5, "phases": phases, "low": low}
    packets = packed(core.events, inputs, stream.data_width)
    results = run_bench("axi_stream", wrapper.top, folder / "build", folder / "job", job, packets=packets)
    return {
        "core": core,
        "phases": phases,
        "results": results,
        "expected": packed(core.golden[0], outputs, stream.data_width),
        "beats": max(packets.shape[1] * 8 // stream.data_width, -(-outputs.bits // stream.data_width)),
    }


def test_every_packet_comes_out_once_in_order_and_as_the_cpp_says(played: dict[str, Any]) -> None:
    checked = 0
    for number, phase in enumerate(played["phases"]):
        expected = played["expected"][phase["first"] : phase["end"]]
        before, after = (played["results"][f"{number}/{name}"] for name in ("before", "after"))
        half = len(expected) // 2 if phase["reset"] else 0
        assert len(before) <= half
        assert bool(len(before)) == phase["reset"]
        np.testing.assert_array_equal(before, expected[: len(before)].reshape(before.shape))
        np.testing.assert_array_equal(after, expected[half:])
        checked += len(before) + len(after)
    assert checked >= 5000


def test_packets_of_a_wrong_length_are_dropped_and_counted(played: dict[str, Any]) -> None:
    results, numbers = played["results"], range(len(played["phases"]))
    broken, dropped = ([int(results[f"{n}/{name}"]) for n in numbers] for name in ("broken", "dropped"))
    assert dropped == broken
    assert sum(broken) > 200


def test_without_stops_only_core_and_bus_set_the_pace(played: dict[str, Any]) -> None:
    period = max(played["core"].design.initiation_interval, played["beats"])
    assert int(played["results"]["0/cycles"]) == period * (played["phases"][0]["end"] - 1)
