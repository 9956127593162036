"""The part of a module that one fault can change, as a question to a prover.

Registers and inputs of the module are free: what is proved holds for whatever they hold, whether that can happen or
not. A cone ends at the registers behind the fault, or, when pipeline registers are taken for wires, at the outputs of
the module and at registers that hold more than one value for an event. The latter is allowed because a pipeline is
balanced: every way through it has the same number of registers, which is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import (
    Bits,
    Bitwise,
    Compared,
    Constant,
    Expression,
    Inverted,
    Item,
    Joined,
    Lookup,
    Module,
    Net,
    Port,
    Reduced,
    Register,
    Section,
    Table,
    Wire,
)
from l1ml.compiler.circuit.queries import all_bits, bits_in, name_of, names_in, parts_of
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.faults.fault import Fault
from l1ml.faults.wiring import Wiring

DIFFER = Net("differ")
"""Output of a cone that must never be 1."""

RIGHT, WRONG = "", "_would"
"""What is behind the name of a net with its value as it is and as it would be."""


class UnprovableError(Exception):
    """A fault without a cone; the message says why."""


@dataclass
class Cone:
    """What a fault changes.

    Attributes:
        pairs: Values as they are and as they would be, to be compared. Without any, nothing that counts can be
            different.
        free: Nets that may have any value.
        wires: All other nets, each behind those that it reads.
        tables: Tables.
        known: Conditions that always hold.
    """

    pairs: list[tuple[Expression, Expression]] = field(default_factory=list)
    free: dict[str, Net] = field(default_factory=dict)
    wires: dict[str, Wire] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    known: list[Expression] = field(default_factory=list)

    def compare(self, right: Expression, wrong: Expression, mask: int) -> None:
        """Compare some bits of two values, unless they are the same."""
        if mask and wrong != right:
            whole = mask == all_bits(right.width)
            pair = (right, wrong) if whole else tuple(_masked(value, mask) for value in (right, wrong))
            self.pairs.append((pair[0], pair[1]))

    def know(self, value: Expression, low: int, high: int, *, signed: bool) -> None:
        """Let a value be within two ends."""
        offset = 1 << value.width - 1 if signed else 0  # makes the lowest value 0
        place = Bitwise("^", value, Constant(offset, value.width)) if signed else value
        ends = (Constant(min(max(e + offset, 0), all_bits(value.width)), value.width) for e in (low, high))
        least, most = ends
        self.known += [Compared(">=", place, least), Compared(">=", most, place)]

    def verilog(self) -> str:
        """A module ``cone`` whose output ``differ`` must never be 1."""
        different: Expression = _any(Inverted(Compared("==", right, wrong)) for right, wrong in self.pairs)
        if self.known:
            different = Bitwise("&", Reduced("&", Joined(tuple(self.known))), different)
        items: tuple[Item, ...] = (*self.tables.values(), *self.wires.values(), Wire(DIFFER, different))
        ports = (*(Port(net, "input") for net in self.free.values()), Port(DIFFER, "output"))
        return print_module(Module("cone", (), ports, (Section("", items),)))


def _masked(value: Expression, mask: int) -> Bitwise:
    return Bitwise("&", value, Constant(mask, value.width))


def _any(flags: Iterator[Expression]) -> Reduced:
    return Reduced("|", Joined(tuple(flags)))


def renamed(expression: Expression, suffix: str) -> Expression:
    """An expression that reads other nets, each with more behind its name."""
    return expression.rewritten(lambda e: replace(e, name=e.name + suffix) if isinstance(e, Net) else None)


def make_cone(
    fault: Fault,
    wiring: Wiring,
    *,
    through: bool,
    depth: int | None = None,
    known: Mapping[str, tuple[int, int]] | None = None,
) -> Cone:
    """The cone of a fault.

    Args:
        fault: The fault.
        wiring: The module that it is in.
        through: Whether pipeline registers are taken for wires.
        depth: After how many wires behind the fault the cone ends; none but registers and outputs end it by default.
        known: What wires are known to be, without the fault.

    Raises:
        UnprovableError: If registers are taken for wires and the pipeline is not balanced.
    """
    return _Builder(fault, wiring, through, depth).build(known or {})


class _Builder:
    """Makes a cone.

    Attributes:
        changed: Nets that can have another value and count.
        frontier: Those of them at which the cone ends: what lies behind is the same if they are.
    """

    def __init__(self, fault: Fault, wiring: Wiring, through: bool, depth: int | None) -> None:
        self.wiring, self.through = wiring, through
        self.edits = {edit.key: edit.wrong for edit in fault.edits}
        self.cone = Cone()
        self.changed: set[str] = set()
        self.frontier: set[str] = set()
        self.edited = [edit.item for edit in fault.edits]
        self.moments: dict[str, int] = {}
        self.todo: list[tuple[str, str]] = []
        # What the fault reads counts, too.
        self.counts = dict(wiring.counts)
        for edit in fault.edits:
            for name, mask in bits_in(edit.wrong, all_bits(edit.wrong.width)).items() if len(fault.edits) > 1 else ():
                self.counts[name] = self.counts.get(name, 0) | mask
        self._find_changed(depth)

    def build(self, known: Mapping[str, tuple[int, int]]) -> Cone:
        wiring, inside = self.wiring, self.changed - self.frontier
        for name in sorted(self.frontier):
            self.cone.compare(self._driven(name, RIGHT), self._driven(name, WRONG), self.counts[name])
        readers = (item for name in sorted(inside) for item in wiring.readers.get(name, ()))
        ends = {name_of(item): item for item in (*self.edited, *readers) if not self._is_wire(item)}
        for item in ends.values():
            wanted = wiring.bits_wanted(item, self.counts)
            for part, value in parts_of(item).items():
                self._compare(value, self.edits.get((name_of(item), part), value), wanted[part])
        for name, mask in wiring.outputs.items():
            if name in inside:
                self._compare(wiring.net(name), wiring.net(name), mask)
        while self.todo:
            name, kind = self.todo.pop()
            self._define(name, kind)
        order = {name: number for number, name in enumerate(wiring.drivers)}
        wires = sorted(self.cone.wires.items(), key=lambda wire: order[wire[0].removesuffix(WRONG)])
        self.cone.wires = dict(wires)
        self._know(known)
        return self.cone

    def _is_wire(self, item: Item) -> bool:
        """Whether an item counts as a wire: one, or a pipeline register that is taken for one."""
        return isinstance(item, Wire) or (self.through and self.wiring.is_stage_register(item))

    def _find_changed(self, depth: int | None) -> None:
        """Find the nets that can have another value, from the edits on."""
        level = [name_of(item) for item in self.edited if self._is_wire(item)]
        steps = 0
        while level:
            new = [name for name in level if name not in self.changed and self.counts.get(name)]
            self.changed.update(new)
            if steps == depth:
                self.frontier.update(new)
                break
            readers = (item for name in new for item in self.wiring.readers.get(name, ()))
            level = [name_of(item) for item in readers if self._is_wire(item)]
            steps += 1

    def _compare(self, right: Expression, wrong: Expression, mask: int) -> None:
        if mask:
            inside = self.changed - self.frontier
            at = self._moment_of(wrong, inside) if inside & set(names_in(wrong)) else self._moment_of(right)
            self.cone.compare(self._placed(right, RIGHT, at), self._placed(wrong, WRONG, at), mask)

    def _placed(self, expression: Expression, kind: str, at: int) -> Expression:
        """An expression at a moment in the nets of the cone, which are there or put there."""

        def place(part: Expression) -> Expression | None:
            if isinstance(part, Lookup):
                driver = self.wiring.drivers[part.table]
                assert isinstance(driver, Table)
                self.cone.tables[part.table] = driver
            return self._net(part, kind, at) if isinstance(part, Net) else None

        return expression.rewritten(place)

    def _net(self, net: Net, kind: str, at: int) -> Net:
        can_differ = net.name in self.changed - self.frontier
        if self.through and self._moment(net.name) != at:
            if can_differ:
                raise UnprovableError(f"{net.name} is read in another stage than its own")
            return self._free(replace(net, name=f"{net.name}_in{at}"))
        if net.name not in self.wiring.drivers:
            return self._free(net)
        return self._driven(net.name, kind if can_differ else RIGHT)

    def _free(self, net: Net) -> Net:
        return self.cone.free.setdefault(net.name, net)

    def _driven(self, name: str, kind: str) -> Net:
        """A net of the module, which is to have its driver in the cone."""
        net = self.wiring.net(name)
        if not self._is_wire(self.wiring.drivers[name]):
            return self._free(net)
        self.todo.append((name, kind))
        return replace(net, name=name + kind)

    def _define(self, name: str, kind: str) -> None:
        """Put a net with its driver into the cone, unless it is there."""
        net, item = self.wiring.net(name), self.wiring.drivers[name]
        net = replace(net, name=name + kind)
        if net.name not in self.cone.wires:
            assert isinstance(item, (Wire, Register))
            value = item.value if kind == RIGHT else self.edits.get((name, "value"), item.value)
            at = self._moment(name) - isinstance(item, Register)
            self.cone.wires[net.name] = Wire(net, self._placed(value, kind, at))

    def _moment(self, name: str) -> int:
        """How many clock cycles of its pipeline a net is behind what goes into the pipeline."""
        if not self.through or name not in self.wiring.drivers:
            return 0
        if name not in self.moments:
            stage, item = self.wiring.stage_of(name), self.wiring.drivers[name]
            if stage is not None:
                self.moments[name] = stage.number
            else:
                self.moments[name] = self._moment_of(item.value) if isinstance(item, Wire) else 0
        return self.moments[name]

    def _moment_of(self, expression: Expression, of: set[str] | None = None) -> int:
        """The moment of an expression: that of the nets in it that are in a pipeline, or of some nets in it."""
        if not self.through:
            return 0
        names = [name for name in names_in(expression) if of is None or name in of]
        moments = {self._moment(name): name for name in names}
        if of is None:
            moments.pop(0, None)
        if len(moments) > 1:
            raise UnprovableError(f"{' and '.join(sorted(moments.values()))} are of different stages")
        return next(iter(moments), 0)

    def _know(self, known: Mapping[str, tuple[int, int]]) -> None:
        """Tell what wires and elements of the module's inputs can be, as the module before was made for."""
        for name, (low, high) in known.items():
            if name in self.cone.wires or name in self.cone.free:
                net = self.wiring.net(name)
                self.cone.know(net, low, high, signed=net.signed)
        for tensor, ranges in self.wiring.ranges.items():
            bus, kind = bus_of(tensor), tensor.type
            for index, (low, high) in enumerate(ranges if bus.name in self.cone.free else ()):
                if (low, high) != (kind.minimum, kind.maximum):
                    element = Bits(bus, index * kind.width, kind.width)
                    self.cone.know(element, low, high, signed=kind.signed)
