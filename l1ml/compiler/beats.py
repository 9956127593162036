"""How events of several words come into a core."""

from __future__ import annotations

from collections.abc import Sequence

from l1ml.compiler.circuit import (
    Bitwise,
    Choice,
    Compared,
    Constant,
    Item,
    Module,
    Net,
    Port,
    Ram,
    Register,
    Section,
    Wire,
    next_count,
)
from l1ml.compiler.network import Tensor, beats_of

BUFFER_CYCLES = 1
"""Clock cycles from an event's last word to the first word that leaves the buffer."""

BLOCK_RAM_BITS = 4096
"""From this many bits on, the words of an event are kept in block RAM; below, in LUTs."""


RESET, IN_VALID = Net("rst"), Net("in_valid")
"""Ports of a core that tell of its input."""

DONE = Net("done")
"""Whether the last word of an event is there."""


def _count(beats: int) -> Net:
    """The register with the index of the word that comes."""
    return Net("count", max(1, (beats - 1).bit_length()))


def counted(beats: int) -> tuple[Item, ...]:
    """What counts the words of events and tells of each last one."""
    count = _count(beats)
    last = Compared("==", count, Constant(beats - 1, count.width))
    zero = Constant(0, count.width)
    return (
        Register(count, Choice(last, zero, next_count(count)), IN_VALID, reset=zero),
        Wire(DONE, Bitwise("&", IN_VALID, last)),
    )


def buffer_of(core: str, tensors: Sequence[Tensor]) -> Module:
    """The buffer behind the input of a core that takes an event in several words.

    Words may come with gaps between them; all behind the buffer works on words that follow each other. When the last
    word of an event comes, the first one is read, and one more in each clock cycle after that. A word of the next event
    never comes before the one in its place has been read, so one memory of as many words as an event has is enough.

    Args:
        core: Name of the core.
        tensors: Its inputs.
    """
    bits, beats = sum(t.bits for t in tensors), beats_of(tensors)
    data, out = Net("in_data", bits), Net("out_data", bits)
    count = _count(beats)
    reading, read = Net("reading", count.width), Net("read", count.width)
    return Module(
        f"{core}_words",
        (
            f"Keeps the {beats} words of an event, which may come with gaps between them, until the last one is there,",
            "and gives them one after the other from the next clock cycle on.",
        ),
        (
            *(Port(net, "input") for net in (Net("clk"), RESET, IN_VALID, data)),
            Port(DONE, "output", "the last word is there; the first one leaves in the next clock cycle"),
            Port(out, "output"),
        ),
        (
            Section(
                "The word that comes, and the word that is read.",
                (
                    *counted(beats),
                    Wire(read, Choice(DONE, Constant(0, count.width), reading)),
                    Register(reading, next_count(read)),
                ),
            ),
            Section(
                "",
                (Ram("memory", beats, out, read, IN_VALID, count, data, True, bits * beats >= BLOCK_RAM_BITS),),
            ),
        ),
    )
