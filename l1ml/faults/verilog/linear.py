"""Wires that are sums of a module's inputs with integer factors, and which inputs make a difference in the end.

The adders of a dense layer share partial sums, so an input can be read by a sum in which it cancels. Followed as a sum
of inputs, it is seen not to count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from l1ml.compiler.network import Tensor
from l1ml.faults.verilog.expressions import number, split
from l1ml.faults.verilog.source import Statement, bits_of
from l1ml.faults.verilog.wiring import Wiring, base, names

Element = tuple[str, int]
"""Name of a tensor and index of one of its elements."""

Ranges = Mapping[Tensor, tuple[tuple[int, int], ...]]
"""Lowest and highest integer of each element of tensors."""


@dataclass(frozen=True)
class Form:
    """``constant + sum of factor * element``, in LSB of the wire and of the elements.

    Attributes:
        factors: By element; none is 0.
        constant: The constant.
    """

    factors: Mapping[Element, int]
    constant: int = 0

    def plus(self, other: Form, factor: int = 1) -> Form:
        """Sum with a multiple of another one."""
        sums = dict(self.factors)
        for element, own in other.factors.items():
            sums[element] = sums.get(element, 0) + factor * own
        return Form({e: f for e, f in sums.items() if f}, self.constant + factor * other.constant)


NONE = Form({})
"""The sum of nothing."""


class Forms:
    """The wires of a module that are such sums."""

    def __init__(self, wiring: Wiring, inputs: tuple[Tensor, ...], ranges: Ranges | None = None) -> None:
        """Find them.

        Args:
            wiring: The module.
            inputs: Its inputs.
            ranges: What their elements can be, where that is less than their types hold. Without, the sums are right
                even if there is a fault in what gives the inputs.
        """
        self.wiring, self.ranges = wiring, ranges or {}
        self.inputs = {t.name: t for t in inputs}
        self.of: dict[str, Form] = {}
        for statement in wiring.source.statements:
            name = base(statement.target)
            if name in wiring.packed or len(wiring.drivers.get(name, ())) != 1:
                continue
            stage_register = statement.form == "register" and re.fullmatch(r"\w+_s\d+", name)
            if statement.form in ("wire", "flag") or stage_register:
                form = self._of_statement(statement)
                if form is not None:
                    self.of[name] = form

    def ends(self, form: Form) -> tuple[int, int]:
        """Lowest and highest value, if elements had nothing to do with each other."""
        low = high = form.constant
        for element, factor in form.factors.items():
            pair = [factor * end for end in self._ends_of(element)]
            low, high = low + min(pair), high + max(pair)
        return low, high

    def _ends_of(self, element: Element) -> tuple[int, int]:
        tensor = self.inputs[element[0]]
        known = self.ranges.get(tensor)
        return known[element[1]] if known else (tensor.type.minimum, tensor.type.maximum)

    def _of_statement(self, statement: Statement) -> Form | None:
        declared = statement.declared or self.wiring.declared.get(statement.target, "")
        if not declared:
            return None
        width = bits_of(declared)
        if found := re.fullmatch(r"(\w+)_data\[(\d+):(\d+)\]", statement.expression):
            form = self._of_element(found[1], int(found[3]))
        else:
            form = self._of_sum(statement.expression, width)
        if form is None:
            return None
        low, high = self.ends(form)
        least, most = (-(1 << width - 1), (1 << width - 1) - 1) if "signed" in declared else (0, (1 << width) - 1)
        return form if least <= low and high <= most else None

    def _of_element(self, tensor: str, low: int) -> Form | None:
        if tensor not in self.inputs or low % self.inputs[tensor].type.width:
            return None
        return Form({(tensor, low // self.inputs[tensor].type.width): 1})

    def _of_sum(self, expression: str, width: int) -> Form | None:
        """Value of an expression modulo ``2**width``."""
        if negated := re.fullmatch(r"-\((.*)\)", expression):
            inner = self._of_sum(negated[1], width)
            return None if inner is None else NONE.plus(inner, -1)
        terms, operators = split(expression, "+-")
        total = NONE
        for term, operator in zip(terms, ["+", *operators], strict=True):
            form = self._of_term(term, width)
            if form is None:
                return None
            total = total.plus(form, -1 if operator == "-" else 1)
        return total

    def _of_term(self, term: str, width: int) -> Form | None:
        if constant := number(term):
            return Form({}, constant[1]) if constant[0] == width else None
        shift = 0
        if shifted := re.fullmatch(r"\((.*) << (\d+)\)", term):
            term, shift = shifted[1], int(shifted[2])
        if cast := re.fullmatch(r"(\d+)'\((\w+)\)", term):
            if int(cast[1]) != width:
                return None
            term = cast[2]
        elif cut := re.fullmatch(r"(\w+)\[(\d+):0\]", term):
            if int(cut[2]) != width - 1:
                return None
            term = cut[1]
        elif not re.fullmatch(r"\w+", term) or bits_of(self.wiring.declared.get(term, "")) != width:
            return None
        form = self.of.get(term)
        return None if form is None else NONE.plus(form, 1 << shift)

    def reads(self, tensor: Tensor) -> set[int]:
        """Elements of an input that make a difference in a result."""
        wiring, port = self.wiring, f"{tensor.name}_data"
        every: set[int] = set(range(tensor.size))
        found: set[int] = set()
        lines = [re.sub(r"(\.\w+)\(", "(", line) for line in wiring.unread if "held <=" not in line]
        if any(re.search(rf"\b({port}|held)\b", line) for line in lines):
            return every
        todo = [
            text for packed in wiring.packed if packed in wiring.drivers for text in wiring.elements(packed).values()
        ]
        todo += lines
        seen: set[str] = set()
        while todo:
            text = todo.pop()
            for high, low in re.findall(rf"\b(?:{port}|held)\[(\d+)(?::(\d+))?\]", text):
                found |= {bit // tensor.type.width for bit in range(int(low or high), int(high) + 1)}
            if re.search(rf"\b(?:{port}|held)\b(?!\[)", text):
                return every
            for name in names(text):
                if name in seen or name == "held":
                    continue
                seen.add(name)
                if name in self.of:
                    found |= {index for owner, index in self.of[name].factors if owner == tensor.name}
                else:
                    todo += [s.expression for s in wiring.drivers.get(name, ())]
                    if name.startswith("digit[") and wiring.crossed:
                        todo += [other for other in wiring.drivers if other.startswith("digit[")]
        return found

    def sums_before(self, expressions: list[str]) -> set[str]:
        """The sums of several inputs on which expressions depend, the nearest ones."""
        found: set[str] = set()
        seen: set[str] = set()
        todo = list(expressions)
        while todo:
            for name in names(todo.pop()):
                if name in seen:
                    continue
                seen.add(name)
                if len(self.of.get(name, NONE).factors) > 1:
                    found.add(name)
                else:
                    todo += [s.expression for s in self.wiring.drivers.get(name, ())]
        return found
