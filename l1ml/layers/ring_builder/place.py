"""The module that counts the words of a region."""

from __future__ import annotations

from l1ml.compiler.circuit import Choice, Compared, Constant, Module, Net, Port, Register, Section, Wire, next_count
from l1ml.compiler.core import CLOCK, RESET
from l1ml.layers.ring_builder.plan import Plan
from l1ml.layers.ring_builder.position import last_word


def place_module(plan: Plan, name: str) -> Module:
    """Which layer a word is of, and where it lies in the layer and in the region."""
    advance, done, last = Net("advance"), Net("done"), Net("last")
    layer, word = Net("layer", plan.layer_bits), Net("word", plan.word_bits)
    address = Net("address", plan.address_bits)

    def count(net: Net, end: Net, enable: Net) -> Register:
        zero = Constant(0, net.width)
        return Register(net, Choice(end, zero, next_count(net)), enable, zero)

    next_layer = Choice(last, Choice(done, Constant(0, layer.width), next_count(layer)), layer)
    return Module(
        name,
        ("Counts the words of a region: which layer a word is of, and where it lies in the layer and in the region.",),
        (
            Port(CLOCK, "input"),
            Port(RESET, "input"),
            Port(advance, "input", "to the next word, after the region's last to the first"),
            Port(layer, "output"),
            Port(word, "output", "in the layer"),
            Port(address, "output", "in the region"),
            Port(done, "output", "the region's last word"),
        ),
        (
            Section(
                "",
                (
                    Wire(last, Compared("==", word, last_word(plan, layer))),
                    Wire(done, Compared("==", address, Constant(plan.words - 1, address.width))),
                    Register(layer, next_layer, advance, Constant(0, layer.width)),
                    count(word, last, advance),
                    count(address, done, advance),
                ),
            ),
        ),
    )
