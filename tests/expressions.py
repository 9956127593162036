"""Expressions of circuits for tests: every kind within each other, and random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from l1ml.compiler.circuit import (
    SMALL_TABLE_BITS,
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
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
    ShiftRegister,
    Sum,
    Table,
)

WIDTHS = range(1, 13)
"""Of the nets."""

UNSIGNED = {width: (Net(f"u{width}", width), Net(f"v{width}", width)) for width in WIDTHS}
SIGNED = {width: (Net(f"s{width}", width, True), Net(f"t{width}", width, True)) for width in WIDTHS}
FLAG, OTHER_FLAG = Net("flag"), Net("other_flag")
WORDS = {bits: Net(f"words{bits}", 3 << bits) for bits in range(1, 5)}
"""Words of 3 bits, as many as an index of some bits can pick."""

NETS = (FLAG, OTHER_FLAG, *(net for pair in (*UNSIGNED.values(), *SIGNED.values()) for net in pair), *WORDS.values())
LINES = tuple(ShiftRegister(f"line{width}", 2, UNSIGNED[width][0]) for width in WIDTHS)

_random = random.Random(1)
TABLES = {
    f"TABLE{bits}": Table(f"TABLE{bits}", bits, width, tuple(_random.randrange(1 << width) for _ in range(1 << bits)))
    for bits, width in {1: 1, 2: 12, 3: 5, 4: 3, 5: 2, SMALL_TABLE_BITS: 4, 7: 6, 8: 7, 9: 8}.items()
}
"""By name; those of more than 6 bits are functions in Verilog."""

Slot = Callable[[Expression, Net], Expression]
"""An expression around another one, with a net of the same width."""

SLOTS: dict[str, Slot] = {
    "extended": lambda x, o: Resized(x, x.width + 3),
    "cut": lambda x, o: Resized(x, max(1, x.width - 1)),
    "raised": lambda x, o: Raised(x, 1),
    "lowered": lambda x, o: Lowered(x, 1),
    "lowered and extended": lambda x, o: Resized(Lowered(x, 2), x.width + 4),
    "added to": lambda x, o: Sum((x, o), (False, False)),
    "subtracted": lambda x, o: Sum((o, x), (False, True)),
    "negative first": lambda x, o: Sum((x, o), (True, False)),
    "negated": lambda x, o: Sum((x,), (True,)),
    "left factor": lambda x, o: Product(x, o),
    "right factor": lambda x, o: Product(o, x),
    "chosen if set": lambda x, o: Choice(FLAG, x, o),
    "chosen if clear": lambda x, o: Choice(FLAG, o, x),
    "joined above": lambda x, o: Joined((x, o)),
    "joined below": lambda x, o: Joined((o, x)),
    "repeated": lambda x, o: Repeated(2, x),
    "and": lambda x, o: Bitwise("&", x, o),
    "or": lambda x, o: Bitwise("|", o, x),
    "exclusive or": lambda x, o: Bitwise("^", x, o),
    "inverted": lambda x, o: Inverted(x),
    "any": lambda x, o: Reduced("|", x),
    "every": lambda x, o: Reduced("&", x),
    "equal": lambda x, o: Compared("==", x, o),
}
"""Each place that an expression can have in another one of any width and sign."""


def slots_of(x: Expression) -> Iterator[Expression]:
    """Expressions around one, each kind with nets of both signs in other places."""
    for pair in (UNSIGNED[x.width], SIGNED[x.width]):
        yield from (slot(x, pair[1]) for slot in SLOTS.values())
    same_sign = (SIGNED if x.signed else UNSIGNED)[x.width][1]
    yield from (Compared(op, *sides) for op in (">", ">=") for sides in ((x, same_sign), (same_sign, x)))  # type: ignore[arg-type]
    if x.width == 1:
        yield from (Choice(x, *pair) for pair in (UNSIGNED[4], SIGNED[4]))
    if x.width in WORDS:
        yield Pick(WORDS[x.width], x, 3)
    if f"TABLE{x.width}" in TABLES:
        yield Lookup(f"TABLE{x.width}", x, TABLES[f"TABLE{x.width}"].width)


LEAVES: tuple[Expression, ...] = (
    FLAG,
    *(nets[width][0] for nets in (UNSIGNED, SIGNED) for width in (1, 3, 4)),
    *(Constant(value, 4, is_signed) for value in (6, -7) for is_signed in (False, True)),
    Element("line4", 1, 4),
    Bits(SIGNED[7][0], 2, 4),
    Bits(Element("line7", 0, 7), 3, 4),
    Bit(SIGNED[1][0], 0),
    Bit(UNSIGNED[5][0], 4),
)


def pairs() -> list[Expression]:
    """Every kind of expression within every other."""
    inner = [*LEAVES, *(e for leaf in (UNSIGNED[4][0], SIGNED[4][0]) for e in slots_of(leaf))]
    return list(dict.fromkeys(outer for x in inner for outer in slots_of(x)))


def _leaves_of(width: int) -> list[Expression]:
    wider = [net for net in (*UNSIGNED[12], *SIGNED[12], *WORDS.values()) if net.width >= width]
    flags: list[Expression] = [FLAG, OTHER_FLAG, Bit(SIGNED[5][0], 4)] if width == 1 else []
    parts = [Bits(net, low, width) for net in wider for low in (0, net.width - width)]
    return [*flags, *UNSIGNED[width], *SIGNED[width], Element(f"line{width}", 1, width), *parts]


@st.composite
def expressions(draw: st.DrawFn, width: int, depth: int) -> Expression:
    """Random expressions of some bits."""

    def some(bits: int = width) -> Expression:
        return draw(expressions(bits, depth - 1))

    def number(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    def minus() -> bool:
        return draw(st.booleans())

    def compared() -> Expression:
        bits = number(1, 12)
        left, right = some(bits), some(bits)
        ops = ("==", ">", ">=") if left.signed == right.signed else ("==",)
        return Compared(draw(st.sampled_from(ops)), left, right)

    def picked() -> Expression:
        bits = draw(st.sampled_from(list(WORDS)))
        return Pick(WORDS[bits], some(bits), 3)

    def looked_up() -> Expression:
        table = draw(st.sampled_from(list(TABLES.values())))
        return Resized(Lookup(table.name, some(table.address_bits), table.width), width)

    def joined() -> Expression:
        high = number(1, width - 1)
        return Joined((some(high), some(width - high)))

    leaf = st.sampled_from(_leaves_of(width))
    kinds: list[Callable[[], Expression]] = [
        lambda: draw(leaf),
        lambda: Constant(number(-(1 << width), 1 << width), width, draw(st.booleans())),
        lambda: Resized(some(number(1, 12)), width),
        lambda: Raised(some(), number(0, width)),
        lambda: Lowered(some(), number(0, width)),
        lambda: Resized(Lowered(some(number(1, 12)), number(0, 3)), width),
        lambda: Sum((some(), some()), (minus(), minus())),
        lambda: Sum((some(), some(), some()), (minus(), minus(), minus())),
        lambda: Product(some(), some()),
        lambda: Choice(some(1), some(), some()),
        lambda: Bitwise(draw(st.sampled_from(("&", "|", "^"))), some(), some()),
        lambda: Inverted(some()),
        lambda: Resized(picked(), width),
        looked_up,
    ]
    if width > 1:
        kinds += [joined, lambda: Repeated(width, some(1))]
    else:
        kinds += [compared, lambda: Reduced(draw(st.sampled_from(("&", "|"))), some(number(1, 12)))]
    return draw(leaf) if depth == 0 else draw(st.sampled_from(kinds))()


def drawn(number: int, depth: int) -> list[Expression]:
    """Random expressions, the same ones in each run."""
    found: list[Expression] = []

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(1, 12).flatmap(lambda width: expressions(width, depth)))
    def keep(expression: Expression) -> None:
        found.append(expression)

    keep()
    return list(dict.fromkeys(found))
