"""The modules of a design, with what makes a difference in each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import Expression, Instance, Item, Module, Register, Wire
from l1ml.compiler.circuit.queries import Connections, Masks, all_bits, bits_in, name_of, names_in, parts_of
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Tensor
from l1ml.faults.circuits import Circuits
from l1ml.faults.linear import Form, Forms, Ranges


class Wiring(Connections):
    """A module, with what makes a difference in it.

    Attributes:
        placed: What the design says of it; None for the core.
        ranges: What the elements of inputs can be, where that is less than their types hold.
        outputs: Bits of its outputs that make a difference in a result.
        counts: Bits of nets that do.
    """

    def __init__(
        self,
        module: Module,
        placed: Placed | None,
        *,
        outputs: Mapping[str, int] | None = None,
        ranges: Ranges | None = None,
        instances: Mapping[str, Masks] | None = None,
    ) -> None:
        """Find what makes a difference.

        Args:
            module: The module.
            placed: What the design says of it.
            outputs: Bits of its outputs that are read; all of them by default.
            ranges: What the elements of inputs can be.
            instances: Bits of their inputs that count in modules that are known, by name of the module.
        """
        super().__init__(module)
        self.placed, self.ranges, self._instances = placed, ranges or {}, instances or {}
        ports = {p.net.name: all_bits(p.net.width) for p in module.ports if p.direction == "output"}
        self.outputs = ports if outputs is None else outputs
        self.counts = self.bits_that_count(self.outputs)

    def inputs_wanted(self, instance: Instance) -> Masks:
        """Which bits of its inputs make a difference within an instance: all, but in a module that is known."""
        known = self._instances.get(instance.module)
        if known is None:
            return super().inputs_wanted(instance)
        return {port: known.get(port, 0) for port in instance.inputs}

    def elements_read(self, tensor: Tensor) -> set[int]:
        """Elements of an input that make a difference in a result."""
        # Sums of inputs are right whatever gives those: a fault there may give what is in no range.
        forms = self._forms
        counts = self.bits_that_count(self.outputs, forms)
        mask = counts.get(bus_of(tensor).name, 0)
        found = {i for i in range(tensor.size) if mask >> i * tensor.type.width & all_bits(tensor.type.width)}
        reached = (form.factors for name, form in forms.items() if name in counts)
        return found | {index for factors in reached for name, index in factors if name == tensor.name}

    def cancel(self, names: Collection[str]) -> bool:
        """Whether wires or pipeline registers, whatever they hold, cancel in all sums that make a difference."""
        if self.placed is None or not all(self._is_summed(name) for name in names):
            return False
        forms = Forms(self, self.placed.inputs, self.ranges, names).of
        counts = self.bits_that_count(self.outputs, forms)
        reached = {owner for name, form in forms.items() if name in counts for owner, _ in form.factors}
        return not reached & {*names}

    def _is_summed(self, name: str) -> bool:
        driver = self.drivers.get(name)
        return isinstance(driver, Wire) or (isinstance(driver, Register) and self.is_stage_register(driver))

    def wanted_of(self, item: Item, name: str) -> int:
        """Bits of a net that make a difference where an item reads it."""
        parts, mask = parts_of(item), 0
        for part, wanted in self.bits_wanted(item, self.counts).items():
            mask |= bits_in(parts[part], wanted).get(name, 0)
        return mask

    @cached_property
    def _forms(self) -> Mapping[str, Form]:
        return Forms(self, self.placed.inputs).of if self.placed else {}

    @cached_property
    def result(self) -> str:
        """Name of the pipeline from the accumulators of a folded module to its result; empty without."""
        sums = self.placed.sums if self.placed else {}
        stages = [self.stages.get(name_of(item)) for name in sums for item in self.readers.get(name, ())]
        return next((stage.pipeline for stage in stages if stage), "")

    @cached_property
    def last_result(self) -> int:
        """Number of the last stage of that pipeline."""
        return max(
            (s.stage.number for s in self.module.sections if s.stage and s.stage.pipeline == self.result), default=0
        )

    def in_result(self, item: Item) -> bool:
        """Whether an item is in that pipeline, where sums are complete."""
        stage = self.stages.get(name_of(item))
        return stage is not None and stage.pipeline == self.result

    def before(self, expressions: Collection[Expression], stop: Collection[str]) -> set[str]:
        """The nets of ``stop`` that expressions depend on, the nearest ones."""
        found: set[str] = set()
        todo = [name for expression in expressions for name in names_in(expression)]
        seen: set[str] = set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in stop:
                found.add(name)
            elif driver := self.drivers.get(name):
                todo += [n for part in parts_of(driver).values() for n in names_in(part)]
        return found


def wire_design(circuits: Circuits) -> dict[str, Wiring]:
    """The wiring of all modules of a design, with what makes a difference in its outputs, by name."""
    design = circuits.design
    read: dict[str, set[int]] = {t.name: set(range(t.size)) for t in design.outputs}
    ranges = {name: found for module in design.modules for name, found in module.ranges.items()}
    wirings: dict[str, Wiring] = {}
    instances: dict[str, Masks] = {}
    for placed in reversed(design.modules):
        outputs = {bus_of(t).name: _mask(t, _elements_read(t.name, design, read)) for t in placed.outputs}
        known = {t: ranges[t.name] for t in placed.inputs if t.name in ranges}
        wiring = wirings[placed.name] = Wiring(circuits.modules[placed.name], placed, outputs=outputs, ranges=known)
        elements = {t: wiring.elements_read(t) for t in placed.inputs}
        for tensor, found in elements.items():
            read.setdefault(tensor.name, set()).update(found)
        instances[placed.name] = wiring.counts | {bus_of(t).name: _mask(t, found) for t, found in elements.items()}
    wirings[design.name] = Wiring(circuits.modules[design.name], None, instances=instances)
    return wirings


def _elements_read(name: str, design: Design, read: Mapping[str, Collection[int]]) -> set[int]:
    """The elements of a tensor that are read, by modules or through wires that put them into another order."""
    found = set(read.get(name, ()))
    for view in design.views:
        numbers = {number for number, source in enumerate(view.sources) if source.name == name}
        if numbers:
            places = (view.places[index] for index in _elements_read(view.tensor.name, design, read))
            found |= {place[1] for place in places if place is not None and place[0] in numbers}
    return found


def _mask(tensor: Tensor, elements: Collection[int]) -> int:
    return sum(all_bits(tensor.type.width) << index * tensor.type.width for index in elements)
