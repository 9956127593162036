"""From alkaid operations to the wires and registers of a circuit.

Every operand is first brought to the width of the result (signed ones by their sign, others by zeros). The operations
and their meaning are those of alkaid's intermediate representation (ALIR).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from alkaid.types import CombLogic, Op, Precision

from l1ml.compiler.buses import Sink, Source
from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Constant,
    Expression,
    Inverted,
    Item,
    Joined,
    Lookup,
    Net,
    Product,
    Raised,
    Reduced,
    Register,
    Repeated,
    Resized,
    Section,
    Stage,
    Sum,
    Table,
    Wire,
)
from l1ml.compiler.programs.opcodes import Opcode
from l1ml.compiler.programs.pipeline import Schedule


@dataclass
class Pipeline:
    """A program as hardware.

    Attributes:
        stages: What is in each stage.
        outputs: An expression for each output, valid in the last stage.
        tables: Tables that it reads.
    """

    stages: list[list[Item]]
    outputs: list[Expression]
    tables: list[Table]

    def sections(self, title: str) -> list[Section]:
        """A section for each stage."""
        return [
            Section(f"{title} {number}", tuple(items), Stage(title, number)) for number, items in enumerate(self.stages)
        ]


def hardware_of(
    logic: CombLogic, plan: Schedule, sources: Sequence[Source], sinks: Sequence[Sink], prefix: str = "v"
) -> Pipeline:
    """A scheduled program as a pipeline of wires and registers.

    Args:
        logic: The combinational program.
        plan: The stage of each operation.
        sources: Where its inputs come from.
        sinks: In which form its outputs are wanted.
        prefix: First letter of its wires.
    """
    return _Builder(logic, plan, sources, prefix).run(sinks)


class _Builder:
    def __init__(self, logic: CombLogic, plan: Schedule, sources: Sequence[Source], prefix: str) -> None:
        self.logic, self.plan, self.sources, self.prefix = logic, plan, sources, prefix
        self.kifs: list[Precision] = [op.qint.kif for op in logic.ops]
        self.widths = [int(sum(kif)) for kif in self.kifs]
        self.used = logic.ref_count  # counted anew at each look
        self.tables: dict[tuple[int, tuple[int, ...]], Table] = {}
        self.stage = 0
        self.stages: list[list[Item]] = [[] for _ in range(plan.stages)]

    def run(self, sinks: Sequence[Sink]) -> Pipeline:
        for index, op in enumerate(self.logic.ops):
            if self.used[index] == 0 or op.opcode == Opcode.CONSTANT or self.widths[index] == 0:
                continue
            self.stage = self.plan.stage[index]
            value = _OPERATIONS[op.opcode](self, index, op)
            self.stages[self.stage].append(Wire(self.net(index, self.stage), value))
        self._registers()
        self.stage = self.plan.stages - 1
        outputs = [self._output(i, sink) for i, sink in enumerate(sinks)]
        return Pipeline(self.stages, outputs, list(self.tables.values()))

    def _registers(self) -> None:
        last = list(self.plan.stage)
        for op, stage in zip(self.logic.ops, self.plan.stage, strict=True):
            for source in op.input_ids:
                last[source] = max(last[source], stage)
        for index in self.logic.out_idxs:
            if index >= 0:
                last[index] = self.plan.stages - 1
        for index, op in enumerate(self.logic.ops):
            if op.opcode == Opcode.CONSTANT or self.widths[index] == 0 or self.used[index] == 0:
                continue
            for stage in range(self.plan.stage[index], last[index]):
                self.stages[stage].append(Register(self.net(index, stage + 1), self.net(index, stage)))

    def net(self, index: int, stage: int) -> Net:
        """An operation's value in a stage."""
        name = f"{self.prefix}{index}"
        name = name if stage == self.plan.stage[index] else f"{name}_s{stage}"
        return Net(name, self.widths[index], bool(self.kifs[index].signed))

    def ref(self, index: int) -> Net:
        """An operation's value in the present stage."""
        return self.net(index, self.stage)

    def sign(self, index: int) -> Bit:
        """The highest bit of an operation's value."""
        return Bit(self.ref(index), self.widths[index] - 1)

    def operand(self, index: int, width: int, shift: int = 0) -> Expression:
        """A value times 2**shift in ``width`` bits."""
        op = self.logic.ops[index]
        if op.opcode == Opcode.CONSTANT:
            constant = int(op.data[0])
            return Constant(constant << shift if constant else 0, width)  # a zero may be of a finer step
        have = self.widths[index]
        if have == 0 or shift >= width:
            return Constant(0, width)
        value: Expression = self.ref(index)
        if have > width:
            value = Bits(value, 0, width)
        elif have < width:
            value = Resized(value, width)
        return Raised(value, shift) if shift else value

    def sum(
        self, index: int, terms: list[tuple[int, bool, int]], constant: tuple[int, int] | None = None
    ) -> Expression:
        """Sum of ±value·2**shift; ``constant`` is (integer, fractional bits)."""
        fractions = [self.kifs[i].fractional - shift for i, _, shift in terms]
        finest = max(fractions + ([constant[1]] if constant else []))
        surplus = finest - self.kifs[index].fractional
        width = self.widths[index] + surplus
        values = [self.operand(i, width, finest - f) for (i, _, _), f in zip(terms, fractions, strict=True)]
        minus = [minus for _, minus, _ in terms]
        if constant and constant[0]:
            offset = constant[0] << (finest - constant[1])
            values.append(Constant(abs(offset), width))
            minus.append(offset < 0)
        total = Sum(tuple(values), tuple(minus))
        if surplus == 0:
            return total if len(values) > 1 or minus[0] else values[0]
        full = Net(f"{self.prefix}{index}_full", width, bool(self.kifs[index].signed))
        self.stages[self.stage].append(Wire(full, total))
        return Bits(full, surplus, width - surplus)

    def slice(self, index: int, low: int, width: int) -> Expression:
        """Bits [low, low + width) of a value, extended above its top by its sign if it has one."""
        have, net = self.widths[index], self.ref(index)
        if low < 0:
            return self.operand(index, width, -low)
        if low + width <= have:
            return net if (low, width) == (0, have) else Bits(net, low, width)
        sign = self.sign(index) if net.signed else Constant(0, 1)
        if low >= have:
            return Repeated(width, sign)
        return Joined((Repeated(low + width - have, sign), Bits(net, low, have - low)))

    def _output(self, position: int, sink: Sink) -> Expression:
        index, shift = self.logic.out_idxs[position], self.logic.out_shifts[position]
        if index < 0:
            return Constant(0, sink.width)
        gain = sink.fraction - (self.kifs[index].fractional - shift)
        value = self.operand(index, sink.width, gain)
        return Sum((value,), (True,)) if self.logic.out_negs[position] else value

    # One method for each ALIR operation.

    def take_input(self, index: int, op: Op) -> Expression:
        source = self.sources[op.data[0]]
        low = source.low + source.fraction - self.kifs[index].fractional
        return Bits(source.bus, low, self.widths[index])

    def add(self, index: int, op: Op) -> Expression:
        return self.sum(index, [(op.addr[0], False, 0), (op.addr[1], op.opcode == Opcode.SUBTRACT, op.data[0])])

    def add_constant(self, index: int, op: Op) -> Expression:
        return self.sum(index, [(op.addr[0], False, 0)], constant=(op.data[0], op.data[1]))

    def relu(self, index: int, op: Op) -> Expression:
        source, width = op.addr[0], self.widths[index]
        kept = self.slice(source, self.kifs[source].fractional - self.kifs[index].fractional, width)
        if not self.kifs[source].signed:
            return kept
        return Bitwise("&", kept, Repeated(width, Inverted(self.sign(source))))

    def quantize(self, index: int, op: Op) -> Expression:
        source = op.addr[0]
        low = self.kifs[source].fractional - op.data[0] - self.kifs[index].fractional
        return self.slice(source, low, self.widths[index])

    def negate(self, index: int, op: Op) -> Expression:
        return Sum((self.operand(op.addr[0], self.widths[index]),), (True,))

    def mux(self, index: int, op: Op) -> Expression:
        if_set, if_clear, key = op.addr
        width, fraction = self.widths[index], self.kifs[index].fractional
        first = self.operand(if_set, width, fraction - self.kifs[if_set].fractional)
        second = self.operand(if_clear, width, fraction - self.kifs[if_clear].fractional + op.data[0])
        return Choice(self.sign(key), first, second)

    def multiply(self, index: int, op: Op) -> Expression:
        width = self.widths[index]
        return Product(self.operand(op.addr[0], width), self.operand(op.addr[1], width))

    def unary(self, index: int, op: Op) -> Expression:
        value = self.ref(op.addr[0])
        return Inverted(value) if op.data[0] == 0 else Reduced("|" if op.data[0] == 1 else "&", value)

    def bitwise(self, index: int, op: Op) -> Expression:
        width, fraction = self.widths[index], self.kifs[index].fractional
        a, b = op.addr
        first = self.operand(a, width, fraction - self.kifs[a].fractional)
        second = self.operand(b, width, fraction - self.kifs[b].fractional + op.data[0])
        return Bitwise(("&", "|", "^")[op.data[1]], first, second)

    def lookup(self, index: int, op: Op) -> Expression:
        source, width = op.addr[0], self.widths[index]
        assert self.logic.lookup_tables is not None
        padded = self.logic.lookup_tables[op.data[0]].padded_table(self.logic.ops[source].qint)
        words = tuple(int(v) % (1 << width) for v in np.nan_to_num(padded))
        name = f"TABLE_{self.prefix.upper()}{len(self.tables)}"
        table = self.tables.setdefault((width, words), Table(name, self.widths[source], width, words))
        return Lookup(table.name, self.ref(source), width)

    def ternary_sum(self, index: int, op: Op) -> Expression:
        plus, shifts = op.data[0 : 2 * len(op.addr) : 2], op.data[1 : 2 * len(op.addr) : 2]
        return self.sum(index, [(a, not p, s) for a, p, s in zip(op.addr, plus, shifts, strict=True)])


_OPERATIONS: dict[int, Callable[[_Builder, int, Op], Expression]] = {
    Opcode.NEGATE: _Builder.negate,
    Opcode.INPUT: _Builder.take_input,
    Opcode.ADD: _Builder.add,
    Opcode.SUBTRACT: _Builder.add,
    Opcode.RELU: _Builder.relu,
    Opcode.QUANTIZE: _Builder.quantize,
    Opcode.ADD_CONSTANT: _Builder.add_constant,
    Opcode.MUX: _Builder.mux,
    Opcode.MULTIPLY: _Builder.multiply,
    Opcode.LOOKUP: _Builder.lookup,
    Opcode.UNARY: _Builder.unary,
    Opcode.BITWISE: _Builder.bitwise,
    Opcode.SUM: _Builder.ternary_sum,
}
"""ALIR opcode → the expression of its result."""
