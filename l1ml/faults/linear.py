"""Nets that are sums of a module's inputs with integer factors.

The adders of a dense layer share partial sums, so an input can be read by a sum in which it cancels. Followed as a sum
of inputs, it is seen not to count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import Bits, Constant, Expression, Net, Raised, Register, Resized, Sum, Wire
from l1ml.compiler.circuit.queries import Connections
from l1ml.compiler.network import Tensor

Element = tuple[str, int]
"""Name of a tensor and index of one of its elements."""

Ranges = Mapping[Tensor, tuple[tuple[int, int], ...]]
"""Lowest and highest integer of each element of tensors."""


@dataclass(frozen=True)
class Form:
    """``constant + sum of factor * element``, in LSB of the net and of the elements.

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
    """The nets of a module that are such sums: wires and registers of pipelines."""

    def __init__(
        self,
        connections: Connections,
        inputs: Sequence[Tensor],
        ranges: Ranges | None = None,
        free: Collection[str] = (),
    ) -> None:
        """Find them.

        Args:
            connections: The module.
            inputs: Its inputs.
            ranges: What their elements can be, where that is less than their types hold. Without, the sums are right
                even if there is a fault in what gives the inputs.
            free: Nets that may hold anything: each is an element of its own, number 0 of a tensor of its name.
        """
        self.inputs, self.ranges = {bus_of(t).name: t for t in inputs}, ranges or {}
        self._tensors = {t.name: t for t in inputs}
        self._free = {name: connections.net(name) for name in free}
        self.of: dict[str, Form] = {}
        for item in connections.module.items:
            if isinstance(item, Wire) or (isinstance(item, Register) and connections.is_stage_register(item)):
                form = self._of(item.value, item.net.width)
                if item.net.name in self._free:
                    form = Form({(item.net.name, 0): 1})
                if form is not None and self._fits(form, item.net):
                    self.of[item.net.name] = form

    def ends(self, form: Form) -> tuple[int, int]:
        """Lowest and highest value, if elements had nothing to do with each other."""
        low = high = form.constant
        for (name, index), factor in form.factors.items():
            pair = [factor * end for end in self._ends_of(name, index)]
            low, high = low + min(pair), high + max(pair)
        return low, high

    def _ends_of(self, name: str, index: int) -> tuple[int, int]:
        if name in self._free:
            return _held(self._free[name])
        tensor = self._tensors[name]
        known = self.ranges.get(tensor)
        return known[index] if known else tensor.limits

    def _fits(self, form: Form, net: Net) -> bool:
        (low, high), (least, most) = self.ends(form), _held(net)
        return least <= low and high <= most

    def _of(self, value: Expression, width: int) -> Form | None:
        """Value of an expression modulo ``2**width``."""
        if value.width < width:
            return None
        match value:
            case Bits(of=Net(name=name), low=low) if name in self.inputs:
                tensor = self.inputs[name]
                element, rest = divmod(low, tensor.type.width)
                return None if rest or width > tensor.type.width else Form({(tensor.name, element): 1})
            case Constant():
                return Form({}, value.pattern)
            case Net(name=name):
                return self.of.get(name)
            case Resized(of=Net(name=name)) | Bits(of=Net(name=name), low=0):
                return self.of.get(name)
            case Raised(of=of, places=places):
                form = self._of(of, width)
                return None if form is None else NONE.plus(form, 1 << places)
            case Sum(terms=terms, minus=minus):
                total = NONE
                for term, negative in zip(terms, minus, strict=True):
                    form = self._of(term, width)
                    if form is None:
                        return None
                    total = total.plus(form, -1 if negative else 1)
                return total
        return None


def _held(net: Net) -> tuple[int, int]:
    """Lowest and highest integer that a net can hold."""
    return (-(1 << net.width - 1), (1 << net.width - 1) - 1) if net.signed else (0, (1 << net.width) - 1)
