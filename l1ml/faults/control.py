"""Faults of tables, microcode, registers, strobes and valid flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from l1ml.compiler.printers.systemverilog import literal
from l1ml.faults.arithmetic import stuck_bits
from l1ml.faults.fault import Edit, Fault
from l1ml.faults.verilog.expressions import choice, words
from l1ml.faults.verilog.source import Source, Statement

_LOOKUP = re.compile(r"(TABLE_\w+)\[(?P<address>.+) \* (?P<width>\d+) \+: \d+\]")
_LARGE = re.compile(r"(table_\w+)\((\w+)\)")
_TAP = re.compile(r"valid_reg\[(LATENCY-)?(\d+)\]")


def faults_of_table(statement: Statement, source: Source) -> Iterator[Fault]:
    """Each bit of a table that is one literal, and the table shifted by one entry."""
    uses = [found for use in source.uses.get(statement.target, ()) if (found := _LOOKUP.fullmatch(use.expression))]
    if statement.form != "table" or not uses:
        return
    width, bits = int(uses[0]["width"]), statement.width
    value = int(statement.expression.split("'h")[1], 16)
    entries = words(statement.expression, width)

    def fault(what: str, words: int) -> Fault:
        return Fault("table", f"{statement.target}: {what}", (Edit(statement, f"{bits}'h{words:x}"),))

    for bit in range(bits):
        place = divmod(bit, width)
        yield fault(f"bit {place[1]} of entry {place[0]} of {len(entries)} flipped", value ^ 1 << bit)
    if len(set(entries)) > 1:
        yield fault("shifted up", (value << width | value >> bits - width) & ((1 << bits) - 1))
        yield fault("shifted down", value >> width | (value & ((1 << width) - 1)) << bits - width)


def faults_of_word(statement: Statement) -> Iterator[Fault]:
    """Each bit of one word of a table or of microcode that is printed as a ``case``."""
    if statement.form != "word":
        return
    bits, digits = statement.expression.split("'h")
    kind = "table" if statement.target.startswith("table_") else "weight"
    for bit in range(int(bits)):
        flipped = f"{bits}'h{int(digits, 16) ^ 1 << bit:x}"
        what = f"bit {bit} of word {statement.head.strip()} of {statement.target} flipped"
        yield Fault(kind, what.replace(": of", " of"), (Edit(statement, flipped),))


def faults_of_lookup(statement: Statement, source: Source) -> Iterator[Fault]:
    """A table that is a ``case``, shifted by one entry."""
    found = _LARGE.fullmatch(statement.expression)
    width = source.widths.get(found[2], 0) if found else 0
    if found and width and statement.form == "wire":
        for sign in "+-":
            shifted = f"{found[1]}({width}'($unsigned({found[2]}) {sign} {width}'d1))"
            yield Fault("table", f"{found[1]} shifted", (Edit(statement, shifted),))


def faults_of_register(statement: Statement) -> Iterator[Fault]:
    """A register that is late, or of which a bit is stuck; an accumulator that rounds wrongly."""
    if statement.form != "register" or not statement.declared or statement.expression == "'0":
        return
    name = statement.target
    if name.startswith("sticky"):
        yield Fault("rounding", "ties are not told from more than a half", (Edit(statement, "1'b0"),))
        yield Fault("rounding", "ties are taken for more than a half", (Edit(statement, "1'b1"),))
    if "[" not in name:
        yield Fault("latency", "a clock cycle late", (Edit(statement, None),))
    if parts := choice(statement.expression):
        yield Fault("valid", f"{parts[0]} stuck at 0", (Edit(statement, parts[2]),))
        yield Fault("valid", f"{parts[0]} stuck at 1", (Edit(statement, parts[1]),))
    for part in re.finditer(r"\((?P<strobe>\w+) \? (?P<start>[^:]+) : ", statement.expression):
        for value in (0, 1):
            stuck = statement.expression.replace(f"({part['strobe']} ?", f"(1'b{value} ?")
            yield Fault("valid", f"{part['strobe']} stuck at {value}", (Edit(statement, stuck),))
        if found := re.fullmatch(r"(\d+)'d(\d+)", part["start"]):
            for bit in range(int(found[1])):
                flipped = literal(int(found[2]) ^ 1 << bit, int(found[1]))
                mutated = statement.expression.replace(f"? {part['start']} :", f"? {flipped} :")
                yield Fault("weight", f"bit {bit} of the start {part['start']} flipped", (Edit(statement, mutated),))


def faults_of_enable(statement: Statement) -> Iterator[Fault]:
    """A register that takes a value when it should not, or never."""
    if statement.form == "enable" and statement.expression != "rst":
        for value in (0, 1):
            edits = (Edit(statement, f"1'b{value}"),)
            yield Fault("valid", f"enable {statement.expression} stuck at {value}", edits)


def faults_of_core(source: Source, latency: int, memory: int) -> Iterator[Fault]:
    """Valid flags and strobes of the top module."""
    for statement in source.statements:
        edit = _edit(statement)
        if statement.target == "valid_reg" and statement.expression != "'0":
            for bit in range(memory):
                wide = f"({statement.expression})"
                what = f"valid_reg[{bit}] stuck at"
                yield Fault("valid", f"{what} 0", edit(f"{wide} & {literal(~(1 << bit), memory)}"))
                yield Fault("valid", f"{what} 1", edit(f"{wide} | {literal(1 << bit, memory)}"))
        elif statement.target == "valid_reg":
            for bit in range(memory):
                kept = f"valid_reg & {literal(1 << bit, memory)}"
                yield Fault("valid", f"valid_reg[{bit}] not cleared by reset", edit(kept))
        elif statement.target == "accept":
            yield Fault("valid", "accept stuck at 1", edit("1'b1"))
            yield Fault("valid", "accept stuck at 0", edit("1'b0"))
            if "valid_reg" in statement.expression:
                yield Fault("valid", "events that come too early are taken", edit("in_valid"))
        elif statement.target == "out_valid":
            yield Fault("valid", "out_valid stuck at 1", edit("1'b1"))
            yield Fault("valid", "out_valid stuck at 0", edit("1'b0"))
        if statement.form == "connection" or statement.target == "out_valid":
            yield from _taps(statement, latency, memory)
        elif statement.form == "register" and statement.target.endswith("[0]"):
            yield from stuck_bits(statement)


def _taps(statement: Statement, latency: int, memory: int) -> Iterator[Fault]:
    edit = _edit(statement)
    name = statement.target
    if statement.form == "connection" and not name.endswith("_data"):
        for value in (0, 1):
            yield Fault("valid", f"{name} stuck at {value}", edit(f"1'b{value}"))
    if statement.expression == "accept":
        yield Fault("latency", f"{name} late", edit("valid_reg[0]"))
    elif found := _TAP.fullmatch(statement.expression):
        tap = latency - int(found[2]) if found[1] else int(found[2])
        yield Fault("latency", f"{name} early", edit(f"valid_reg[{tap - 1}]" if tap else "accept"))
        if tap + 1 < memory:
            yield Fault("latency", f"{name} late", edit(f"valid_reg[{tap + 1}]"))
    elif (found := re.fullmatch(r"(\w+_delay(\d+))\[(\d+)\]", statement.expression)) and int(found[3]):
        yield Fault("latency", f"{name} early", edit(f"{found[1]}[{int(found[3]) - 1}]"))


def _edit(statement: Statement) -> Callable[[str], tuple[Edit, ...]]:
    return lambda expression: (Edit(statement, expression),)
