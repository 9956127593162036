"""Circuits come back from disk as they were, or not at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from circuits import CLOCK, device
from expressions import LINES, NETS, TABLES, pairs

from l1ml.compiler.circuit import (
    Constant,
    Instance,
    Module,
    Net,
    Parameter,
    Port,
    Ram,
    Register,
    Rom,
    Section,
    Stage,
    Wire,
)
from l1ml.compiler.circuit.saving import FILE_NAME, load_circuits, save_circuits
from l1ml.errors import L1mlError

X, Y, FLAG = Net("x", 4, True), Net("y", 4), Net("flag")


def _modules() -> list[Module]:
    """Modules with all that there is."""
    wires = [Wire(Net(f"y{i}", e.width), e) for i, e in enumerate(pairs()[::7])]
    everything = device(NETS, [w.net for w in wires], [*TABLES.values(), *LINES, *wires])
    inner = Module(
        "inner",
        ("What it does.",),
        (Port(CLOCK, "input"), Port(Net("rst"), "input", "a note"), Port(X, "input"), Port(Y, "output")),
        (
            Section(
                "Begins", (Register(Net("a", 4), X, FLAG, Constant(3, 4)), Register(FLAG, Net("rst"))), Stage("p", 2)
            ),
            Section("", (Rom(Net("r", 5), X, (1, 31, 0), True), Ram("m", 9, Y, X, FLAG, X, X, True, False))),
        ),
        (Parameter(Net("LANE", 3), Constant(5, 3), "Which one."),),
    )
    outputs = {"y": Net("z", 4)}
    instance = Instance("inner", "u_inner", {"rst": FLAG, "x": X}, outputs, {"LANE": 2})
    ports = (Port(CLOCK, "input"), Port(FLAG, "input"), Port(X, "input"), Port(Net("z", 4), "output"))
    return [everything, inner, Module("outer", (), ports, (Section("", (instance,)),))]


def test_modules_come_back_equal_and_give_the_same_bytes(tmp_path: Path) -> None:
    modules = _modules()
    save_circuits(modules, tmp_path)
    found, first = load_circuits(tmp_path), (tmp_path / FILE_NAME).read_bytes()
    assert list(found.values()) == modules
    assert list(found) == ["device", "inner", "outer"]
    save_circuits(list(found.values()), tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == first


def _entry(found: dict, change: object) -> bytes:
    return gzip.compress(json.dumps(found | {"modules": [change]}).encode())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw, found: b"", "does not hold circuits"),
        (lambda raw, found: raw[: len(raw) // 2], "does not hold circuits"),
        (lambda raw, found: raw[:40] + bytes(byte ^ 255 for byte in raw[40:]), "does not hold circuits"),
        (lambda raw, found: gzip.compress(b"\xff\xfe"), "does not hold circuits"),
        (lambda raw, found: gzip.compress(b"[]"), "does not hold circuits"),
        (lambda raw, found: gzip.compress(json.dumps(found | {"version": 0}).encode()), r"\(version 0\)"),
        (lambda raw, found: _entry(found, 3), "does not hold circuits"),
        (lambda raw, found: _entry(found, ["Gate", "x"]), r"\('Gate'\)"),
        (lambda raw, found: _entry(found, ["next_count", ["Net", "x", 3, False]]), r"\('next_count'\)"),
        (lambda raw, found: _entry(found, ["Net", "x", 0, False]), r"\(x has 0 bits\)"),
        (lambda raw, found: _entry(found, ["Module", "x"]), "does not hold circuits"),
        (lambda raw, found: _entry(found, []), "does not hold circuits"),
    ],
)
def test_a_damaged_file_is_an_error_in_one_line(
    damage: Callable[[bytes, dict], bytes], message: str, tmp_path: Path
) -> None:
    save_circuits(_modules()[1:], tmp_path)
    raw = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(damage(raw, json.loads(gzip.decompress(raw))))
    with pytest.raises(L1mlError, match=message) as caught:
        load_circuits(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert str(tmp_path / FILE_NAME) in str(caught.value)


def test_a_missing_file_is_an_error_that_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="is missing: write the Verilog again, with hls_model"):
        load_circuits(tmp_path)
