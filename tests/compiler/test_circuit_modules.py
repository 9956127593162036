"""What modules are made of does in Verilator what it says, and what is no module is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from circuits import CLOCK, Row, device, play, written

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Instance,
    Inverted,
    Item,
    Joined,
    Lookup,
    Lowered,
    Module,
    Net,
    Parameter,
    Pick,
    Port,
    Product,
    Raised,
    Ram,
    Register,
    Repeated,
    Resized,
    Rom,
    Section,
    ShiftRegister,
    Sum,
    Table,
    Wire,
    plus,
)
from l1ml.compiler.circuit.checks import check, check_instances
from l1ml.compiler.printers.systemverilog import print_module

RST, ENABLE, WRITE = Net("rst"), Net("enable"), Net("write")
READ, ADDRESS, DATA = Net("read", 3), Net("address", 3, True), Net("data", 5, True)
INPUTS = (RST, ENABLE, WRITE, READ, ADDRESS, DATA)
WORDS = (3, 31, 0, 16, 7)

INNER = Module(
    "inner",
    (),
    (Port(CLOCK, "input"), Port(DATA, "input"), Port(Net("shifted", 5), "output"), Port(Net("as_is", 5), "output")),
    (
        Section(
            "",
            (Register(Net("shifted", 5), plus(DATA, Net("OFFSET", 5))), Wire(Net("as_is", 5), DATA)),
        ),
    ),
    (Parameter(Net("OFFSET", 5), Constant(9, 5), "What is added."),),
)


def _named(name: str) -> Net:
    return Net(name, 5)


def _items() -> list[Item]:
    """One item of each kind and option."""
    four = Constant(4, 5)
    items: list[Item] = [
        Register(_named("plain"), DATA),
        Register(_named("enabled"), DATA, ENABLE),
        Register(_named("reset"), DATA, reset=four),
        Register(_named("reset_or_enabled"), DATA, ENABLE, four),
        ShiftRegister("line", 3, DATA),
        *(Wire(_named(f"line{age}"), Element("line", age, 5)) for age in range(3)),
        Rom(_named("rom_in_logic"), ADDRESS, WORDS, in_block_ram=False),
        Rom(_named("rom_in_block"), ADDRESS, WORDS, in_block_ram=True),
        Instance("inner", "u_first", {"data": DATA}, {"shifted": _named("first"), "as_is": _named("same")}),
        Instance("inner", "u_other", {"data": DATA}, {"shifted": _named("other")}, {"OFFSET": 30}),
    ]
    for block in (False, True):
        for registered in (False, True):
            name = f"ram_{'block' if block else 'luts'}_{'later' if registered else 'now'}"
            memory = Ram(f"{name}_words", 8, _named(name), READ, WRITE, ADDRESS, DATA, registered, block)
            items.append(memory)
    return items


OUTPUTS = [
    net for item in _items() for net in getattr(item, "outputs", {"": getattr(item, "net", None)}).values() if net
]


def _expected(rows: Sequence[Row]) -> Iterator[dict[str, int]]:
    """What is known of the outputs in each clock cycle, of what has been there since the first one."""
    known: dict[str, int] = {}
    line: list[int] = []
    memory: dict[int, int] = {}
    for row in rows:
        data, address = row["data"], row["address"]
        now = {f"line{age}": value for age, value in enumerate(line)} | {"same": data}
        read = {name: memory[row["read"]] for name in ("ram_luts", "ram_block") if row["read"] in memory}
        yield known | now | {f"{name}_now": value for name, value in read.items()}
        known = {name: value for name, value in known.items() if name in ("enabled", "reset_or_enabled")}
        known |= {
            "plain": data,
            "reset": 4 if row["rst"] else data,
            "first": (data + 9) % 32,
            "other": (data + 30) % 32,
        }
        if row["enable"]:
            known |= {"enabled": data, "reset_or_enabled": data}
        if row["rst"]:
            known["reset_or_enabled"] = 4
        if address < len(WORDS):
            known |= {"rom_in_logic": WORDS[address], "rom_in_block": WORDS[address]}
        known |= {f"{name}_later": value for name, value in read.items()}
        line = [data, *line[:2]]
        if row["write"]:
            memory[address] = data


def test_items_do_what_they_say(tmp_path: Path) -> None:
    rng = random.Random(4)
    rows = [{net.name: rng.getrandbits(net.width) for net in INPUTS} for _ in range(400)]
    sources = written(tmp_path, INNER, device(INPUTS, OUTPUTS, _items()))
    answers, seen = play(tmp_path, INPUTS, OUTPUTS, rows, sources), set()
    for cycle, (answer, expected) in enumerate(zip(answers, _expected(rows), strict=True)):
        assert {name: answer[name] for name in expected} == expected, cycle
        seen |= expected.keys()
    assert seen == {net.name for net in OUTPUTS}


def test_nets_are_declared_before_they_are_read() -> None:
    a, b, c, d = (Net(name, 4) for name in "abcd")
    items = [
        Wire(a, Bitwise("&", b, Resized(Element("line", 0, 3), 4))),
        Register(c, plus(c, d)),
        ShiftRegister("line", 2, Bits(b, 0, 3)),
        Wire(b, c),
        Instance("inner", "u_inner", {"data": b}, {"shifted": d}),
    ]
    text = print_module(device([Net("x", 4)], [a], items))
    for name in ("a", "b", "c", "d", "line"):
        line = next(line for line in text.splitlines() if re.search(rf"\b{name}\b", line) and "//" not in line)
        assert re.match(rf" +(wire )?logic \[\d:0\] {name}\b", line), line


V, W, F = Net("v", 4), Net("w", 4, True), Net("f")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Net("x", 0), "x has 0 bits"),
        (lambda: Net("x", None, True), "x is a flag, which has no sign"),
        (lambda: Constant(3, 0), "a constant of 0 bits"),
        (lambda: Element("line", -1, 3), "line has no word -1 of 3 bits"),
        (lambda: Bits(V, 2, 3), "bits 2 to 4 of .* are not there"),
        (lambda: Bits(F, 0, 1), "bits cannot be taken of"),
        (lambda: Bits(plus(V, V), 0, 1), "bits cannot be taken of"),
        (lambda: Bit(V, 4), "bit 4 of .* is not there"),
        (lambda: Pick(plus(V, V), V, 1), "words can be picked of nets only"),
        (lambda: Pick(V, V, 5), "a word of 5 bits is not in"),
        (lambda: Lookup("TABLE", V, 0), "a word of 0 bits of TABLE"),
        (lambda: Resized(V, 0), "an expression resized to 0 bits"),
        (lambda: Raised(V, -1), "a shift by -1 places"),
        (lambda: Lowered(V, -1), "a shift by -1 places"),
        (lambda: Sum((V,), (True, False)), "a sum needs a sign for each of its terms"),
        (lambda: Sum((), ()), "a sum needs a sign for each of its terms"),
        (lambda: plus(V, F), r"operands of \[4, 1\] bits; resize them to one width"),
        (lambda: Product(V, F), r"operands of \[4, 1\] bits"),
        (lambda: Bitwise("&", V, F), r"operands of \[4, 1\] bits"),
        (lambda: Choice(V, V, V), "a condition of 4 bits"),
        (lambda: Choice(F, V, F), r"operands of \[4, 1\] bits"),
        (lambda: Joined(()), "nothing is joined"),
        (lambda: Repeated(0, V), "an expression repeated 0 times"),
        (lambda: Compared("==", V, F), r"operands of \[4, 1\] bits"),
        (lambda: Compared(">", V, W), "a signed value is compared with one that is not"),
    ],
)
def test_what_is_no_expression_is_refused(make: Callable[[], Expression], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


A, B = Net("a", 4), Net("b", 4)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([Wire(A, B)], "b is read and not there"),
        ([Wire(A, V), Wire(A, V)], "there are two a"),
        ([Wire(A, V), ShiftRegister("a", 2, V)], "there are two a"),
        ([Wire(A, V), Instance("inner", "a", {}, {})], "there are two a"),
        ([Table("A", 7, 1, (0,) * 128), Wire(A, V)], "there are two a"),
        ([Rom(A, V, (1,), True), Wire(Net("a_rom", 4), V)], "there are two a_rom"),
        ([Wire(V, A), Wire(A, Constant(0, 4))], "there are two v"),
        ([Wire(A, W), Wire(B, Net("a", 4, True))], "Net.*is_signed=True.* is read, there is .*is_signed=False"),
        ([Wire(A, F)], "a has 4 bits and gets 1"),
        ([Register(A, V, reset=Constant(0, 3))], "a has 4 bits and gets 3"),
        ([Register(A, V, V)], "the enable of a has 1 bits and gets 4"),
        ([Register(A, V, reset=Constant(0, 4))], "rst is read and not there"),
        ([Wire(A, Element("line", 0, 4))], "Element.*line.* is read and not there"),
        ([ShiftRegister("line", 2, V), Wire(A, Element("line", 2, 4))], "Element.*line.* is read and not there"),
        ([ShiftRegister("line", 2, V), Wire(A, Resized(Element("line", 1, 3), 4))], "Element.*line.* is read"),
        ([ShiftRegister("line", 0, V)], "line has 0 words"),
        ([Wire(A, Lookup("TABLE", V, 4))], "a word of 4 bits of the table TABLE is read and not there"),
        (
            [Table("T", 3, 4, (0,) * 8), Wire(A, Lookup("T", V, 4))],
            "a word of 4 bits of the table T is read and not there",
        ),
        ([Table("T", 3, 4, (0,) * 7)], "T has only 7 words"),
        ([Table("T", 1, 4, (0, 16))], "T has words that are not of 4 bits"),
        ([Rom(A, Bits(V, 0, 1), (1, 2, 3), False)], "a has 3 words for 1 address bits"),
        ([Ram("m", 4, A, V, V, V, V, True, True)], "the write enable of m has 1 bits and gets 4"),
        ([Ram("m", 4, A, V, F, V, F, True, True)], "a has 4 bits and gets 1"),
        ([Wire(A, Inverted(A))], "a depends on itself in the same clock cycle"),
        ([Wire(A, B), Wire(B, plus(V, A))], "(a|b) depends on itself in the same clock cycle"),
        ([Ram("m", 4, A, B, F, V, V, False, False), Wire(B, A)], "(a|b) depends on itself in the same clock cycle"),
    ],
)
def test_what_is_no_module_is_refused(items: Sequence[Item], message: str) -> None:
    with pytest.raises(ValueError, match=f"^module device: {message}"):
        print_module(device([V, W, F], [], items))


def test_an_output_that_nothing_drives_and_a_missing_clock_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^module inner: the output shifted is not driven"):
        check(replace(INNER, sections=()))
    with pytest.raises(ValueError, match=r"^module inner: clk is read and not there"):
        check(replace(INNER, ports=INNER.ports[1:]))


def test_what_depends_on_itself_a_clock_cycle_later_is_taken() -> None:
    items = [Register(A, B), Wire(B, plus(A, V)), Ram("m", 4, Net("c", 4), V, F, V, Net("c", 4), False, False)]
    check(device([V, F], [], items))


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_many_wires_is_no_trouble(backwards: bool) -> None:
    nets = [V, *(Net(f"v{i}", 4) for i in range(50_000))]
    chain = [Wire(after, plus(before, V)) for before, after in pairwise(nets)]
    check(device([V], nets[-1:], chain[::-1] if backwards else chain))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": {}}, "gets nothing on data"),
        ({"inputs": {"data": F}}, "has no input data of 1 bits"),
        ({"inputs": {"data": DATA, "more": F}}, "has no input more of 1 bits"),
        ({"outputs": {"shifted": Net("first", 4)}}, "has no output shifted of 4 bits"),
        ({"parameters": {"OFFSET": 32}}, "has no parameter OFFSET that can be 32"),
        ({"parameters": {"LANE": 0}}, "has no parameter LANE that can be 0"),
    ],
)
def test_an_instance_that_does_not_fit_is_refused(change: dict, message: str) -> None:
    instance = Instance("inner", "u_inner", {"data": DATA}, {"shifted": _named("first")})
    check_instances([INNER, device([DATA], [], [instance])])
    with pytest.raises(ValueError, match=f"^module device: u_inner of inner {message}"):
        check_instances([INNER, device([DATA], [], [replace(instance, **change)])])
