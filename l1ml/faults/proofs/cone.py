"""The part of a module that one fault can change, as a question to a prover.

Registers and inputs of the module are free: what is proved holds for whatever they hold, whether that can happen or
not. A cone ends at the registers behind the fault, or, when pipeline registers are taken for wires, at the outputs of
the module and at registers that hold more than one value for an event. The latter is allowed because a pipeline is
balanced: every way through it has the same number of registers, which is checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from l1ml.faults.fault import Fault
from l1ml.faults.verilog.source import Statement
from l1ml.faults.verilog.wiring import Wiring, base, names, renamed
from l1ml.templates import render


class UnprovableError(Exception):
    """A fault that no cone can be made of; the message says why."""


@dataclass
class Cone:
    """What a fault changes.

    Attributes:
        pairs: Names of values as they are and as they would be, to be compared. Without any, nothing that counts can
            be different.
        free: Names that may have any value, with sign and range.
        wires: All other values.
        texts: Tables.
        ranges: What free values are known to be.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    free: dict[str, str] = field(default_factory=dict)
    wires: list[dict[str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    ranges: list[dict[str, str]] = field(default_factory=list)

    def verilog(self) -> str:
        """A module ``cone`` whose output ``differ`` must never be 1."""
        return render(
            "faults/cone.sv.j2",
            free=self.free,
            wires=self.wires,
            texts=self.texts.values(),
            pairs=self.pairs,
            ranges=self.ranges,
        )


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
        UnprovableError: If it changes something that is no value of the data path.
    """
    return _Builder(fault, wiring, through, depth, known or {}).build()


class _Builder:
    def __init__(
        self, fault: Fault, wiring: Wiring, through: bool, depth: int | None, known: Mapping[str, tuple[int, int]]
    ) -> None:
        self.fault, self.wiring, self.through, self.depth, self.known = fault, wiring, through, depth, known
        self.cone = Cone()
        self.edits = {(e.statement.line): e for e in fault.edits}
        self.changed: set[str] = set()
        self.frontier: set[str] = set()
        self.done: set[str] = set()

    def build(self) -> Cone:
        self._changed()
        for name in sorted(self.frontier):
            self._compare(name, self._declared(name), name, _would(name))
        for packed in self.wiring.packed:
            if packed in self.wiring.drivers:
                for index, expression in self.wiring.elements(packed).items():
                    kind = f"[{self.wiring.packed[packed].type.width - 1}:0]"
                    self._compare(f"{packed}_{index}", kind, expression, expression)
        for name, statements in self.wiring.drivers.items():
            for statement in statements:
                if statement.form == "register" and not self._is_wire(statement):
                    self._compare_register(name, statement)
        for line in self.wiring.unread:
            self._compare_names(line)
        self._ranges()
        return self.cone

    def _ranges(self) -> None:
        """Tell what the elements of the module's inputs can be, as the module before was made for, and wires."""
        for name, (low, high) in self.known.items():
            if name in self.done:
                low = low if "signed" in self._declared(name) else max(low, 0)
                self.cone.ranges.append({"name": name, "low": str(low), "high": str(high)})
        for tensor, ranges in self.wiring.ranges.items():
            if f"{tensor.name}_data" in self.cone.free:
                width, sign = tensor.type.width, "signed" if tensor.type.signed else "unsigned"
                for index, (low, high) in enumerate(ranges):
                    if (low, high) != (tensor.type.minimum, tensor.type.maximum):
                        bits = f"{tensor.name}_data[{(index + 1) * width - 1}:{index * width}]"
                        self.cone.ranges.append({"name": f"${sign}({bits})", "low": str(low), "high": str(high)})

    def _compare_register(self, name: str, statement: Statement) -> None:
        """Compare what a register gets."""
        edit = self.edits.get(statement.line)
        packed = name.removesuffix("_data") + "_next"
        output = self.wiring.packed.get(packed)
        if output is None and not self.wiring.counts(name):
            return
        if edit is None and packed == statement.expression:
            return  # its elements are compared
        if edit is not None and edit.expression is None:
            raise UnprovableError("it changes when a value is there, not what it is")
        right, wrong = statement.expression, statement.expression if edit is None else str(edit.expression)
        if not statement.declared:
            self._compare_names(right)
        elif output is None:
            read = self.wiring.bits_read(name) & ((1 << max(statement.width, 1)) - 1)
            if read != (1 << max(statement.width, 1)) - 1:
                right, wrong = (f"({text}) & {statement.width}'d{read}" for text in (right, wrong))
            self._compare(f"{name}_{statement.line}", statement.declared, right, wrong)
        else:
            width = output.type.width
            for index in sorted(self.wiring.live_elements.get(output.name, range(output.size))):
                mask = f"{output.bits}'d{((1 << width) - 1) << index * width}"
                masked = (f"({expression}) & {mask}" for expression in (right, wrong))
                self._compare(f"{name}_{index}", statement.declared, *masked)

    def _compare_names(self, text: str) -> None:
        for name in names(text):
            if name in self.changed - self.frontier:
                self._compare(f"{name}_read", self._declared(name), name, _would(name))

    def _compare(self, name: str, kind: str, right: str, wrong: str) -> None:
        wrong = self._other(wrong)
        if wrong == right:
            return
        name = re.sub(r"\W", "_", name)
        pair = (f"{name}_is", f"{name}_would")
        if pair in self.cone.pairs:
            return
        for own, expression in zip(pair, (right, wrong), strict=True):
            self._need(expression)
            self._wire(own, kind, expression)
        self.cone.pairs.append(pair)

    def _changed(self) -> None:
        """Names that can have another value, from the edits on."""
        level = []
        for edit in self.fault.edits:
            statement = edit.statement
            if statement.form in ("connection", "enable", "word") and not statement.target.startswith("table_"):
                raise UnprovableError("it changes when registers are loaded, not what a value is")
            if statement.form in ("wire", "flag", "assign", "table", "word") or self._is_wire(statement):
                level.append(base(statement.target))
        depth = 0
        while level:
            new = [n for n in level if n not in self.changed and self._matters(n)]
            self.changed.update(new)
            if depth == self.depth:
                self.frontier.update(new)
                break
            level = [target for name in new for target in self._readers(name)]
            depth += 1

    def _matters(self, name: str) -> bool:
        return self.wiring.counts(name) or name in self.wiring.tables

    def _readers(self, name: str) -> list[str]:
        """Wires that read a name, but those that only pack outputs."""
        if name.startswith("digit[") and self.wiring.crossed:
            raise UnprovableError("the bus of digits is read in other slices than it is driven in")
        readers = []
        for use in self.wiring.source.uses.get(name.split("[")[0], ()):
            wired = use.form in ("wire", "flag", "assign") or self._is_wire(use)
            if wired and name in names(use.expression) and base(use.target) not in self.wiring.packed:
                readers.append(base(use.target))
        return readers

    def _is_wire(self, statement: Statement) -> bool:
        """Whether a statement counts as a wire: one, or a pipeline register that is taken for one."""
        if statement.form != "register":
            return statement.form in ("wire", "flag", "assign")
        return self.through and bool(re.fullmatch(r"\w+_s\d+", statement.target))

    def _other(self, expression: str) -> str:
        # What lies behind the frontier is the same if the frontier is.
        return renamed(expression, {name: _would(name) for name in self.changed - self.frontier})

    def _need(self, expression: str) -> None:
        """Put what an expression reads into the cone."""
        for name in names(expression):
            self._define(name)

    def _define(self, name: str) -> None:
        if name in self.done or name.endswith(("_would", "_is")):
            if name.endswith("_would") and name not in self.done:
                self.done.add(name)
                self._define_other(next(n for n in self.changed if _would(n) == name))
            return
        self.done.add(name)
        if name in self.wiring.tables:
            self.cone.texts[name] = self.wiring.tables[name]
            return
        statements = self.wiring.drivers.get(name, [])
        if len(statements) == 1 and self._is_wire(statements[0]) and statements[0].target in (name, base(name)):
            self._balanced(statements[0])
            self._need(statements[0].expression)
            self._wire(name, self._declared(name), statements[0].expression)
        else:
            self.cone.free[_plain(name)] = self._declared(name)

    def _define_other(self, name: str) -> None:
        if name in self.wiring.tables:
            text = self.wiring.tables[name]
            for changed in self.edits.values():
                line = self.wiring.source.lines[changed.statement.line]
                text = text.replace(line, line.replace(changed.statement.expression, str(changed.expression)))
            self.cone.texts[_would(name)] = renamed(text, {name: _would(name)})
            return
        (statement,) = self.wiring.drivers[name]
        edit = self.edits.get(statement.line)
        if edit is not None and edit.expression is None:  # late: whatever the register holds
            self.cone.free[_would(name)] = self._declared(name)
            return
        expression = self._other(statement.expression if edit is None else str(edit.expression))
        self._balanced(statement)
        self._need(expression)
        self._wire(_would(name), self._declared(name), expression)

    def _wire(self, name: str, kind: str, expression: str) -> None:
        slices = {n: _plain(n) for n in names(expression)}
        self.cone.wires.append({"name": _plain(name), "declared": kind, "expression": renamed(expression, slices)})

    def _declared(self, name: str) -> str:
        if name not in self.wiring.declared:
            raise UnprovableError(f"nothing is known of {name}")
        return self.wiring.declared[name]

    def _balanced(self, statement: Statement) -> None:
        """Check that a wire reads values of its own stage only."""
        if not self.through:
            return
        title, here = self.wiring.stage[statement.line]
        for name in names(statement.expression):
            drivers = self.wiring.drivers.get(name, [])
            if name in self.wiring.tables or not drivers:
                continue
            at = self.wiring.stage[drivers[0].line]
            follows = statement.form == "register"
            if found := re.fullmatch(r"\w+_s(\d+)", name):
                fits = int(found[1]) == here and at == (title, here - 1)
            elif drivers[0].form == "register" or not at[0]:
                fits = here == 0 or not title
            else:
                fits = at == (title, here)
            if not fits:
                raise UnprovableError(f"{statement.target} reads {name} of another stage" + " late" * follows)


def _plain(name: str) -> str:
    """A name without brackets."""
    return re.sub(r"\W", "_", name).rstrip("_") if "[" in name else name


def _would(name: str) -> str:
    return f"{_plain(name)}_would"
