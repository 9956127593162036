"""Random expressions: what is printed of them means what they say; bits that are not read make no difference."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Expression,
    Inverted,
    Joined,
    Lookup,
    Lowered,
    Net,
    Pick,
    Product,
    Raised,
    Reduced,
    Repeated,
    Resized,
    Sum,
    Table,
    Wire,
)
from l1ml.compiler.circuit.queries import all_bits, bits_in
from l1ml.faults.proofs.cone import Cone
from l1ml.faults.proofs.prove import ask

NETS = (Net("a", 5, True), Net("b", 4), Net("c", 5, True), Net("d", 7), Net("flag"))
TABLES = {3: Table("T3", 3, 6, (5, 60, 33, 17, 2, 63, 0, 40)), 7: Table("T7", 7, 4, tuple(i % 13 for i in range(128)))}


def some(rng: random.Random, depth: int, wires: list[Wire]) -> Expression:
    """A random expression, the operands of which are nets with wires of their own."""
    if depth == 0:
        return rng.choice([*NETS, Constant(rng.randrange(-16, 16), 5)])

    def operand() -> Net:
        value = some(rng, depth - 1, wires)
        wires.append(Wire(Net(f"w{len(wires)}_{rng.getrandbits(60)}", value.width, value.signed), value))
        return wires[-1].net

    one = operand()
    other = fitting(operand(), one.width)
    flag = Reduced("|", operand())
    vector = rng.choice(NETS[:-1])
    low = rng.randrange(vector.width)
    places = rng.randrange(1, 4)
    made: list[Callable[[], Expression]] = [
        lambda: Bits(vector, low, rng.randint(1, vector.width - low)),
        lambda: Bit(vector, low),
        lambda: Pick(Net("d", 7), fitting(one, 1), 1 + low % 3),
        lambda: Lookup("T3", fitting(one, 3), 6),
        lambda: Lookup("T7", fitting(one, 7), 4),
        lambda: Resized(one, one.width + places),
        lambda: Raised(one, places),
        lambda: Lowered(one, min(places, one.width - 1)) if one.width > 1 else one,
        lambda: Sum((one, other, one), (rng.random() < 0.5, rng.random() < 0.5, False)),
        lambda: Product(one, other),
        lambda: Choice(flag, one, other),
        lambda: Joined((one, flag)),
        lambda: Repeated(2, one),
        lambda: Bitwise(rng.choice(("&", "|", "^")), one, other),
        lambda: Inverted(one),
        lambda: Reduced(rng.choice(("&", "|")), one),
        lambda: Compared("==", one, other),
        lambda: Compared(rng.choice((">=", ">")), one, other) if one.signed == other.signed else one,
    ]
    return rng.choice(made)()


def fitting(of: Expression, width: int) -> Expression:
    """An expression in a width. Within braces, Yosys 0.70 takes the width of what a cast makes narrower from before."""
    if of.width <= width:
        return of if of.width == width else Resized(of, width)
    return Bits(of, 0, width)


def value_of(e: Expression, known: dict[str, int | Expression]) -> int:
    """What an expression gives, as an unsigned integer."""

    def of(part: Expression) -> int:
        return value_of(part, known)

    def extended(part: Expression) -> int:
        value = of(part)
        return value - (value >> part.width - 1 << part.width) if part.signed else value

    match e:
        case Net(name=name):
            found = known[name] if isinstance(known[name], int) else of(known[name])
        case Constant():
            found = e.value
        case Bits(of=net, low=low):
            found = of(net) >> low
        case Bit(of=net, index=index):
            found = of(net) >> index
        case Pick(of=net, index=index_of, count=count):
            found = of(net) >> of(index_of) * count
        case Lookup(address=address):
            found = TABLES[address.width].words[of(address)]
        case Resized(of=inner):
            found = extended(inner)
        case Raised(of=inner, places=places):
            found = of(inner) << places
        case Lowered(of=inner, places=places):
            found = extended(inner) >> places
        case Sum(terms=terms, minus=minus):
            found = sum(-of(t) if m else of(t) for t, m in zip(terms, minus, strict=True))
        case Product(left=left, right=right):
            found = of(left) * of(right)
        case Choice(condition=condition, if_set=if_set, if_clear=if_clear):
            found = of(if_set) if of(condition) else of(if_clear)
        case Joined(parts=parts):
            found = 0
            for part in parts:
                found = found << part.width | of(part)
        case Repeated(times=times, of=inner):
            found = sum(of(inner) << i * inner.width for i in range(times))
        case Bitwise(op=op, left=left, right=right):
            one, other = of(left), of(right)
            found = {"&": one & other, "|": one | other, "^": one ^ other}[op]
        case Inverted(of=inner):
            found = ~of(inner)
        case Reduced(op=op, of=inner):
            found = of(inner) != 0 if op == "|" else of(inner) == all_bits(inner.width)
        case Compared(op=op, left=left, right=right):
            one, other = extended(left), extended(right)
            found = {"==": one == other, ">=": one >= other, ">": one > other}[op]
    return found % (1 << e.width)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_printed_means_what_it_says(seed: int) -> None:
    rng = random.Random(seed)
    cone = Cone(tables={t.name: t for t in TABLES.values()})
    for net in NETS:
        cone.wires[net.name] = Wire(net, Constant(rng.getrandbits(net.width), net.width))
    for _ in range(60):
        wires: list[Wire] = []
        expression = some(rng, rng.randint(1, 4), wires)
        cone.wires |= {wire.net.name: wire for wire in wires}
        known = {name: wire.value for name, wire in cone.wires.items()}
        value = Constant(value_of(expression, known), expression.width)
        cone.compare(expression, value, all_bits(value.width))
    assert ask(cone.verilog()) == "proved"


@pytest.mark.parametrize("seed", range(4))
def test_bits_that_are_not_read_make_no_difference(seed: int) -> None:
    rng = random.Random(seed)
    cone = Cone(tables={t.name: t for t in TABLES.values()})
    idle = 0
    for number in range(60):
        wires: list[Wire] = []
        expression = some(rng, 1, wires)
        mask = rng.randint(1, all_bits(expression.width))
        read = bits_in(expression, mask)
        others = {}
        for net in {e for e in expression.walk() if isinstance(e, Net)}:
            kept = read.get(net.name, 0)
            idle += kept != all_bits(net.width)
            other, anything = (replace(net, name=f"{net.name}_{number}_{kind}") for kind in ("other", "any"))
            cone.free |= {net.name: net, anything.name: anything}
            kept_bits = Bitwise("&", net, Constant(kept, net.width))
            new = Bitwise("&", anything, Constant(~kept, net.width))
            cone.wires[other.name] = Wire(other, Bitwise("|", kept_bits, new))
            others[net.name] = other
        changed = expression.rewritten(lambda e, others=others: others[e.name] if isinstance(e, Net) else None)
        cone.compare(expression, changed, mask)
    assert ask(cone.verilog()) == "proved"
    assert idle > 20
