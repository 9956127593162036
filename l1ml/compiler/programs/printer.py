"""From alkaid operations to SystemVerilog expressions.

Every operand is first brought to the width of the result by a size cast (which extends signed wires
by their sign and others by zeros), so that an expression means what it says whatever the signs.
The operations and their meaning are those of alkaid's intermediate representation (ALIR).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from alkaid.types import CombLogic, Op, Precision

from l1ml.compiler.programs.listing import Listing, Register, Sink, Source, Stage, Table, Wire
from l1ml.compiler.programs.pipeline import CONSTANT, Schedule


def literal(value: int, width: int) -> str:
    """A sized constant, two's complement."""
    return f"{width}'d{value % (1 << width)}"


def list_program(
    logic: CombLogic, plan: Schedule, sources: Sequence[Source], sinks: Sequence[Sink], prefix: str = "v"
) -> Listing:
    """Print a scheduled program.

    Args:
        logic: The combinational program.
        plan: The stage of each operation.
        sources: Where its inputs come from.
        sinks: In which form its outputs are wanted.
        prefix: First letter of its wires.
    """
    return _Printer(logic, plan, sources, prefix).run(sinks)


class _Printer:
    def __init__(self, logic: CombLogic, plan: Schedule, sources: Sequence[Source], prefix: str) -> None:
        self.logic, self.plan, self.sources, self.prefix = logic, plan, sources, prefix
        self.kifs: list[Precision] = [op.qint.kif for op in logic.ops]
        self.widths = [int(sum(kif)) for kif in self.kifs]
        self.used = logic.ref_count  # counted anew at each look
        self.tables: dict[tuple[int, tuple[int, ...]], Table] = {}
        self.stage = 0
        self.wires: list[Wire] = []

    def run(self, sinks: Sequence[Sink]) -> Listing:
        stages = [Stage() for _ in range(self.plan.stages)]
        for index, op in enumerate(self.logic.ops):
            if self.used[index] == 0 or op.opcode == CONSTANT or self.widths[index] == 0:
                continue
            self.stage = self.plan.stage[index]
            self.wires = stages[self.stage].wires
            expression = _PRINTERS[op.opcode](self, index, op)
            name = self._name(index, self.stage)
            self.wires.append(Wire(name, self.widths[index], bool(self.kifs[index].signed), expression))
        self._registers(stages)
        self.stage = self.plan.stages - 1
        outputs = [self._output(i, sink) for i, sink in enumerate(sinks)]
        return Listing(stages, outputs, list(self.tables.values()))

    def _registers(self, stages: list[Stage]) -> None:
        last = list(self.plan.stage)
        for op, stage in zip(self.logic.ops, self.plan.stage, strict=True):
            for source in op.input_ids:
                last[source] = max(last[source], stage)
        for index in self.logic.out_idxs:
            if index >= 0:
                last[index] = self.plan.stages - 1
        for index, op in enumerate(self.logic.ops):
            if op.opcode == CONSTANT or self.widths[index] == 0 or self.used[index] == 0:
                continue
            for stage in range(self.plan.stage[index], last[index]):
                name, source = self._name(index, stage + 1), self._name(index, stage)
                signed = bool(self.kifs[index].signed)
                stages[stage].registers.append(Register(name, self.widths[index], signed, source))

    def _name(self, index: int, stage: int) -> str:
        base = f"{self.prefix}{index}"
        return base if stage == self.plan.stage[index] else f"{base}_s{stage}"

    def ref(self, index: int) -> str:
        """Name of an operation's value in the present stage."""
        return self._name(index, self.stage)

    def operand(self, index: int, width: int, shift: int = 0) -> str:
        """A value times 2**shift in ``width`` bits."""
        op = self.logic.ops[index]
        if op.opcode == CONSTANT:
            constant = int(op.data[0])
            return literal(constant << shift if constant else 0, width)  # a zero may be of a finer step
        have = self.widths[index]
        if have == 0 or shift >= width:
            return literal(0, width)
        name = self.ref(index)
        if have > width:
            name = f"{name}[{width - 1}:0]"
        elif have < width:
            name = f"{width}'({name})"
        return f"({name} << {shift})" if shift else name

    def sum(self, index: int, terms: list[tuple[int, bool, int]], constant: tuple[int, int] | None = None) -> str:
        """Sum of ±value·2**shift; ``constant`` is (integer, fractional bits)."""
        fractions = [self.kifs[i].fractional - shift for i, _, shift in terms]
        finest = max(fractions + ([constant[1]] if constant else []))
        surplus = finest - self.kifs[index].fractional
        width = self.widths[index] + surplus
        text = ""
        for (i, minus, _), fraction in zip(terms, fractions, strict=True):
            value = self.operand(i, width, finest - fraction)
            if text:
                text += f" {'-' if minus else '+'} {value}"
            else:
                text = f"-({value})" if minus else value
        if constant:
            offset = constant[0] << (finest - constant[1])
            text += f" {'-' if offset < 0 else '+'} {literal(abs(offset), width)}"
        if surplus == 0:
            return text
        full = f"{self.prefix}{index}_full"
        self.wires.append(Wire(full, width, bool(self.kifs[index].signed), text))
        return f"{full}[{width - 1}:{surplus}]"

    def slice(self, index: int, low: int, width: int) -> str:
        """Bits [low, low + width) of a value, extended by its sign above its top."""
        have, name = self.widths[index], self.ref(index)
        if low < 0:
            return self.operand(index, width, -low)
        if low + width <= have:
            return name if (low, width) == (0, have) else f"{name}[{low + width - 1}:{low}]"
        if low >= have:
            return f"{{{width}{{{name}[{have - 1}]}}}}"
        return f"{{{{{low + width - have}{{{name}[{have - 1}]}}}}, {name}[{have - 1}:{low}]}}"

    def _output(self, position: int, sink: Sink) -> str:
        index, shift = self.logic.out_idxs[position], self.logic.out_shifts[position]
        if index < 0:
            return literal(0, sink.width)
        gain = sink.fraction - (self.kifs[index].fractional - shift)
        text = self.operand(index, sink.width, gain)
        return f"-({text})" if self.logic.out_negs[position] else text

    # One method for each ALIR operation.

    def take_input(self, index: int, op: Op) -> str:
        source = self.sources[op.data[0]]
        low = source.low + source.fraction - self.kifs[index].fractional
        return f"{source.bus}[{low + self.widths[index] - 1}:{low}]"

    def add(self, index: int, op: Op) -> str:
        return self.sum(index, [(op.addr[0], False, 0), (op.addr[1], op.opcode == 1, op.data[0])])

    def add_constant(self, index: int, op: Op) -> str:
        return self.sum(index, [(op.addr[0], False, 0)], constant=(op.data[0], op.data[1]))

    def relu(self, index: int, op: Op) -> str:
        source, width = op.addr[0], self.widths[index]
        kept = self.slice(source, self.kifs[source].fractional - self.kifs[index].fractional, width)
        if not self.kifs[source].signed:
            return kept
        return f"{kept} & {{{width}{{~{self.ref(source)}[{self.widths[source] - 1}]}}}}"

    def quantize(self, index: int, op: Op) -> str:
        source = op.addr[0]
        low = self.kifs[source].fractional - op.data[0] - self.kifs[index].fractional
        return self.slice(source, low, self.widths[index])

    def negate(self, index: int, op: Op) -> str:
        return f"-({self.operand(op.addr[0], self.widths[index])})"  # -8'(v) would be a cast to width -8

    def mux(self, index: int, op: Op) -> str:
        if_set, if_clear, key = op.addr
        width, fraction = self.widths[index], self.kifs[index].fractional
        first = self.operand(if_set, width, fraction - self.kifs[if_set].fractional)
        second = self.operand(if_clear, width, fraction - self.kifs[if_clear].fractional + op.data[0])
        return f"{self.ref(key)}[{self.widths[key] - 1}] ? {first} : {second}"

    def multiply(self, index: int, op: Op) -> str:
        width = self.widths[index]
        return f"{self.operand(op.addr[0], width)} * {self.operand(op.addr[1], width)}"

    def unary(self, index: int, op: Op) -> str:
        return f"{'~|&'[op.data[0]]}{self.ref(op.addr[0])}"

    def bitwise(self, index: int, op: Op) -> str:
        width, fraction = self.widths[index], self.kifs[index].fractional
        a, b = op.addr
        first = self.operand(a, width, fraction - self.kifs[a].fractional)
        second = self.operand(b, width, fraction - self.kifs[b].fractional + op.data[0])
        return f"{first} {'&|^'[op.data[1]]} {second}"

    def lookup(self, index: int, op: Op) -> str:
        source, width = op.addr[0], self.widths[index]
        assert self.logic.lookup_tables is not None
        padded = self.logic.lookup_tables[op.data[0]].padded_table(self.logic.ops[source].qint)
        words = tuple(int(v) % (1 << width) for v in np.nan_to_num(padded))
        key = (width, words)
        if key not in self.tables:
            name = f"TABLE_{self.prefix.upper()}{len(self.tables)}"
            self.tables[key] = Table(name, self.widths[source], width, words)
        table = self.tables[key]
        address = self.ref(source)
        if not table.small:
            return f"{table.name.lower()}({address})"
        if self.kifs[source].signed:  # a negative value is an index all the same: its bits
            address = f"$unsigned({address})"
        return f"{table.name}[{address} * {width} +: {width}]"

    def ternary_sum(self, index: int, op: Op) -> str:
        plus, shifts = op.data[0 : 2 * len(op.addr) : 2], op.data[1 : 2 * len(op.addr) : 2]
        return self.sum(index, [(a, not p, s) for a, p, s in zip(op.addr, plus, shifts, strict=True)])


_PRINTERS: dict[int, Callable[[_Printer, int, Op], str]] = {
    -2: _Printer.negate,
    -1: _Printer.take_input,
    0: _Printer.add,
    1: _Printer.add,
    2: _Printer.relu,
    3: _Printer.quantize,
    4: _Printer.add_constant,
    6: _Printer.mux,
    7: _Printer.multiply,
    8: _Printer.lookup,
    9: _Printer.unary,
    10: _Printer.bitwise,
    11: _Printer.ternary_sum,
}
"""ALIR opcode → how it is printed."""
