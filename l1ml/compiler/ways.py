"""The ways of tensors within a core, to those who read them: gathered, held back, put into another order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from l1ml.compiler.buses import bits_of, bus_of
from l1ml.compiler.circuit import Bits, Constant, Element, Expression, Joined, Net, Section, ShiftRegister, Wire
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor, View


@dataclass(frozen=True)
class _Way:
    """The way of a tensor to who reads it: gathered where it comes in several words, held back where that is later.

    Attributes:
        tensor: The tensor, as it is read.
        words: In how many words it comes.
        cycles: By how many clock cycles it is held back after that.
    """

    tensor: Tensor
    words: int
    cycles: int

    @property
    def _arrays(self) -> tuple[str, str]:
        """Names of the shift registers that gather it and hold it back."""
        return f"{self.tensor.name}_words", f"{self.tensor.name}_{'whole_' * (self.words > 1)}delay{self.cycles}"

    @property
    def _whole(self) -> Expression:
        """The tensor in one word."""
        if self.words == 1:
            return bus_of(self.tensor)
        bits = self.tensor.bits // self.words
        return Joined(tuple(Element(self._arrays[0], index, bits) for index in range(self.words)))

    @property
    def source(self) -> Expression:
        """The tensor when it is wanted."""
        return Element(self._arrays[1], self.cycles - 1, self.tensor.bits) if self.cycles else self._whole

    @property
    def sections(self) -> dict[str, Section]:
        """The shift registers, by name."""
        name, (words, delay) = self.tensor.name, self._arrays
        found: dict[str, Section] = {}
        if self.words > 1:
            word = Net(bus_of(self.tensor).name, self.tensor.bits // self.words)
            found[words] = Section(f"{name}: its words, gathered", (ShiftRegister(words, self.words, word),))
        if self.cycles:
            about = f"{name} waits {self.cycles} cycle{'s' * (self.cycles > 1)} for its partners."
            found[delay] = Section(about, (ShiftRegister(delay, self.cycles, self._whole),))
        return found


class Ways:
    """The ways of all tensors of a core, each laid when it is first read."""

    def __init__(self, design: Design, arrival: Mapping[Tensor, int]) -> None:
        """Prepare them.

        Args:
            design: The design.
            arrival: Clock cycle, counted from ``in_valid`` of an event's last word, in which each tensor is there, or
                the first of its words.
        """
        self._arrival = arrival
        self._words = {t.name: t.beats for t in (*design.inputs, *(t for m in design.modules for t in m.outputs))}
        self._inputs = {t.name for t in design.inputs}
        self._views = {view.tensor: view for view in design.views}
        self._found: dict[str, Section] = {}

    def read(self, tensor: Tensor, cycle: int) -> Expression:
        """A tensor in a clock cycle, which is not before the one in which it arrives."""
        if tensor in self._views:
            return self._view(self._views[tensor], cycle)
        way = _Way(tensor, self._words[tensor.name] // tensor.beats, cycle - self._arrival[tensor])
        self._found |= way.sections
        return way.source

    def sections(self) -> list[Section]:
        """What they are made of, that of the inputs first."""
        ordered = sorted(self._found.items(), key=lambda item: item[0].rsplit("_", 1)[0] not in self._inputs)
        return [section for _, section in ordered]

    def _view(self, view: View, cycle: int) -> Net:
        """The wires of a view. It is its sources that are held back: others may read them then, too."""
        late = cycle - self._arrival[view.tensor]
        name = f"{view.tensor.name}_delay{late}" if late else bus_of(view.tensor).name
        net = Net(name, view.tensor.bits)
        if name not in self._found:
            sources = [self._net(t, cycle) for t in view.sources]
            of = ", ".join(dict.fromkeys(t.name for t in view.sources))
            self._found[name] = Section(f"{view.tensor.name}: wires of {of}", (Wire(net, _wires(view, sources)),))
        return net

    def _net(self, tensor: Tensor, cycle: int) -> Net | Element:
        """A tensor of which bits can be taken."""
        source = self.read(tensor, cycle)
        if isinstance(source, Net | Element):
            return source
        whole = Net(f"{tensor.name}_whole", tensor.bits)
        self._found.setdefault(whole.name, Section("", (Wire(whole, source),)))
        return whole


def _wires(view: View, sources: list[Net | Element]) -> Expression:
    """The elements of a view; those that are side by side in a source, in its type, are taken together."""
    target = view.tensor.type
    parts: list[Expression] = []
    run: tuple[int, int, int] | None = None  # source, first and last element of the last part
    for place in view.places:
        if place is None:
            parts.append(Constant(0, target.width))
            run = None
            continue
        number, index = place
        of, kind = sources[number], view.sources[number].type
        if (kind.width, kind.fraction) != (target.width, target.fraction):
            parts.append(bits_of(of, index * kind.width, kind, target))
            run = None
            continue
        first = run[1] if run is not None and (run[0], run[2] + 1) == place else index
        if first != index:
            parts.pop()
        run = (number, first, index)
        bits = (index + 1 - first) * kind.width
        parts.append(of if bits == of.width else Bits(of, first * kind.width, bits))
    return Joined(tuple(reversed(parts))) if len(parts) > 1 else parts[0]
