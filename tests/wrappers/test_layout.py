"""Where elements lie in beats and words, by default and by a map; and how a spec says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from l1ml.builds.specs import load_spec
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.wrappers import EmpOptions, StreamOptions, WrapperOptions
from l1ml.wrappers.layout import Layout, link_map, stream_layout
from l1ml.wrappers.options import Field, options_of
from l1ml.wrappers.registers import fires_of, register_map
from l1ml.wrappers.writing import emp_maps

TENSORS = (
    Tensor("momenta", 3, FixedType.parse("fixed<13,13>")),
    Tensor("bits", 2, FixedType.parse("ufixed<1,1>")),
    Tensor("sum", 1, FixedType.parse("fixed<33,20>")),
)
DESIGN = Design(
    name="core", part="", clock_ns=2.5, inputs=TENSORS[:1], outputs=TENSORS[1:], modules=(), latency=9,
    initiation_interval=2, files=(),
)  # fmt: skip


def places(layout: Layout) -> list[tuple[int, int]]:
    return [(place.at, place.field) for place in layout.places]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("packed", [(0, 13), (13, 13), (26, 13), (39, 1), (40, 1), (41, 33)]),
        ("auto", [(0, 16), (16, 16), (32, 16), (48, 8), (56, 8), (64, 64)]),
        (64, [(64 * k, 64) for k in range(6)]),
    ],
)
def test_elements_follow_each_other_in_a_stream(field: Field, expected: list[tuple[int, int]]) -> None:
    layout = stream_layout(TENSORS, field)
    assert places(layout) == expected
    assert layout.bits == sum(expected[-1])
    assert [place.low for place in layout.places] == [0, 13, 26, 39, 40, 41]


def test_no_element_lies_in_two_words_of_a_link() -> None:
    found = link_map(TENSORS[::-1] + TENSORS[:1], 2, "packed")
    # sum 33, bits 2, momenta 13 + 13 | 13, 13, 13, 13
    assert [found.where(place) for place in found.layout.places] == [
        *((0, 0, bit) for bit in (0, 33, 34, 35, 48)),
        *((0, 1, bit) for bit in (0, 13, 26, 39)),
    ]
    assert found.links == 1
    assert found.layout.gaps == [(61, 63), (116, 127)]
    more = link_map(TENSORS, 1, 64)
    assert [more.where(place) for place in more.layout.places] == [(link, 0, 0) for link in range(6)]
    assert more.layout.places[3].label == "bits[0]: link 3, frame 0, bit 0"


def test_a_map_puts_elements_anywhere() -> None:
    found = link_map(TENSORS[:1], 3, "auto", ("2.1.51", "0.0.0", "2.1.38"))
    assert [found.where(place) for place in found.layout.places] == [(2, 1, 51), (0, 0, 0), (2, 1, 38)]
    assert (found.links, found.frames, found.layout.bits) == (3, 3, 9 * 64)
    assert found.layout.gaps == [(13, 7 * 64 + 37), (8 * 64, 9 * 64 - 1)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("0.0.0", "0.0.13"), "the map of momenta has 2 places for 3 elements; give one for each"),
        (
            ("0.0.0", "0.0.13", "0.3.0"),
            r"momenta\[2\] at '0.3.0': write LINK.FRAME.BIT, with a frame below 3 and all 13",
        ),
        (("0.0.0", "0.0.13", "0.0.52"), r"momenta\[2\] at '0.0.52': write LINK.FRAME.BIT"),
        (("0.0.0", "0.0.13", "0-0-0"), r"momenta\[2\] at '0-0-0': write LINK.FRAME.BIT"),
        (("0.0.0", "0.0.13", "0.0.25"), r"momenta\[2\] at '0.0.25' overlaps with momenta\[1\]"),
    ],
)
def test_maps_that_cannot_be_are_refused(given: tuple[str, ...], reason: str) -> None:
    with pytest.raises(L1mlError, match=reason):
        link_map(TENSORS[:1], 3, "auto", given)


def test_a_result_takes_as_few_frames_and_links_as_it_needs() -> None:
    def shape(emp: EmpOptions) -> list[tuple[int, int]]:
        return [(found.links, found.frames) for found in emp_maps(DESIGN, WrapperOptions(emp=emp))]

    assert shape(EmpOptions()) == [(1, 9), (1, 2)]
    assert shape(EmpOptions(field=64)) == [(1, 9), (1, 3)]
    assert shape(EmpOptions(frames=2, field=64)) == [(2, 2), (2, 2)]
    assert shape(EmpOptions(output_frames=1)) == [(1, 9), (2, 1)]
    assert shape(EmpOptions(output_map=("0.0.0", "0.0.1", "3.1.0"))) == [(1, 9), (4, 9)]


def test_decisions_and_registers_have_addresses(tmp_path: Path) -> None:
    assert [(fire.bit, fire.label) for fire in fires_of(DESIGN)] == [(0, "bits[0]"), (1, "bits[1]")]
    known = register_map(DESIGN, tmp_path, TENSORS[0])
    assert [known.address(name) for name in ("CONTROL", "EVENTS", "FIRES1", "SHADOW2", "ACTIVE0")] == [
        0x0C, 0x14, 0x104, 0x408, 0x800,
    ]  # fmt: skip
    assert len({register.address for register in known.registers}) == len(known.registers)
    with pytest.raises(
        L1mlError, match="sum are 1 of fixed<33,20>; the AXI4-Lite wrapper has 256 registers of 32 bits"
    ):
        register_map(DESIGN, tmp_path, TENSORS[2])


def test_a_spec_says_how_wrappers_are_made() -> None:
    overrides = {
        "firmware.wrappers": ["emp"],
        "firmware.clocks_per_bx": 8,
        "firmware.stream.field": 16,
        "firmware.emp.input_map": ["0.0.0", "0.0.13", "0.0.26"],
    }
    options = options_of(load_spec("jet_tagger", overrides), DESIGN, {"momenta": [1.0, -2.0, 5000.0]})
    assert options == WrapperOptions(
        wrappers=("emp",),
        registers="momenta",
        reset=(1, -2, TENSORS[0].type.quantize([5000.0]).tolist()[0]),
        clocks_per_bx=8,
        stream=StreamOptions(64, 16),
        emp=EmpOptions(input_map=("0.0.0", "0.0.13", "0.0.26")),
    )
    with pytest.raises(L1mlError, match=r"firmware.emp.input_map.0: String should match pattern"):
        load_spec("jet_tagger", {"firmware.emp.input_map": ["0:0:0"]})
    with pytest.raises(L1mlError, match="core has momenta, sum in registers; wrappers are made for one such input"):
        options_of(load_spec("jet_tagger"), DESIGN, {"momenta": [], "sum": []})
