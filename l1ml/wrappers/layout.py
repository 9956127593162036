"""Where each element of an event or a result lies in the beats of a stream or the words of links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.wrappers.options import Field

WORD = 64
"""Bits of a word of a link."""

PLACE = re.compile(r"(\d+)\.(\d+)\.(\d+)")
"""``LINK.FRAME.BIT``."""


@dataclass(frozen=True)
class Place:
    """An element.

    Attributes:
        name: Of its tensor.
        index: Its number there.
        type: Of its values, as text.
        low: Its lowest bit on the port of the core.
        width: Bits of its type.
        at: Lowest bit of its field on the other side.
        field: Bits of its field.
        label: The element and, on links, where it lies; for comments.
    """

    name: str
    index: int
    type: str
    signed: bool
    low: int
    width: int
    at: int
    field: int
    label: str


@dataclass(frozen=True)
class Layout:
    """All elements of an event or a result.

    Attributes:
        places: In the order of the core's port.
        bits: Up to the end of the last field; on links, those of all words.
    """

    places: tuple[Place, ...]
    bits: int

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Lowest and highest bit of what lies between fields."""
        gaps, end = [], 0
        for place in sorted(self.places, key=lambda place: place.at):
            if place.at > end:
                gaps.append((end, place.at - 1))
            end = place.at + place.field
        return [*gaps, (end, self.bits - 1)] if end < self.bits else gaps


@dataclass(frozen=True)
class LinkMap:
    """Elements on links. Bits are counted over the words of link 0 from its first frame on, then those of link 1."""

    links: int
    frames: int
    layout: Layout

    def where(self, place: Place) -> tuple[int, int, int]:
        """Link, frame and lowest bit of an element."""
        word, bit = divmod(place.at, WORD)
        return (*divmod(word, self.frames), bit)


def stream_layout(tensors: Sequence[Tensor], field: Field) -> Layout:
    """Elements one after the other, those of a tensor in fields of one size, its first field at a multiple of that.

    Raises:
        L1mlError: If an element is wider than its field.
    """
    places, end = [], 0
    for place in _elements(tensors, field):
        if field != "packed":
            end += -end % place.field
        places.append(replace(place, at=end))
        end += place.field
    return Layout(tuple(places), end)


def link_map(tensors: Sequence[Tensor], frames: int, field: Field, places: Sequence[str] = ()) -> LinkMap:
    """Elements in words of links.

    Args:
        tensors: On the port of the core.
        frames: Words of each link.
        field: Bits of each element.
        places: ``LINK.FRAME.BIT`` of each element. Without them, elements follow each other as in a stream, but none
            lies in two words; the words are those of link 0, frame by frame, then those of link 1.

    Raises:
        L1mlError: If an element has no place, shares one, or does not fit.
    """
    if places:
        at = _given(list(_elements(tensors, "packed")), frames, places)
        elements = list(_elements(tensors, "packed"))
    else:
        elements, at, end = list(_elements(tensors, field)), [], 0
        for element in elements:
            if field != "packed":
                end += -end % element.field
            if end % WORD + element.field > WORD:
                end += -end % WORD
            at.append(end)
            end += element.field
    links = max(start // WORD for start in at) // frames + 1
    found = LinkMap(links, frames, Layout((), links * frames * WORD))
    placed = []
    for element, start in zip(elements, at, strict=True):
        place = replace(element, at=start)
        link, frame, bit = found.where(place)
        placed.append(replace(place, label=f"{element.label}: link {link}, frame {frame}, bit {bit}"))
    return replace(found, layout=Layout(tuple(placed), found.layout.bits))


def _elements(tensors: Sequence[Tensor], field: Field) -> Iterator[Place]:
    """Elements with their fields, all still at bit 0."""
    low = 0
    for tensor in tensors:
        width = tensor.type.width
        bits = {"packed": width, "auto": max(8, 1 << (width - 1).bit_length())}.get(str(field)) or int(field)
        if bits < width:
            raise L1mlError(
                f"{tensor.name} are {tensor.type}, which a field of {bits} bits does not hold; choose a wider field, "
                "auto or packed"
            )
        for index in range(tensor.size):
            label = f"{tensor.name}[{index}]"
            yield Place(tensor.name, index, str(tensor.type), tensor.type.signed, low, width, 0, bits, label)
            low += width


def _given(elements: list[Place], frames: int, places: Sequence[str]) -> list[int]:
    """Lowest bits of elements by a map from a user."""
    if len(places) != len(elements):
        names = ", ".join(dict.fromkeys(element.name for element in elements))
        raise L1mlError(f"the map of {names} has {len(places)} places for {len(elements)} elements; give one for each")
    at = []
    taken: dict[int, str] = {}
    for element, text in zip(elements, places, strict=True):
        match = PLACE.fullmatch(text)
        link, frame, bit = map(int, match.groups()) if match else (0, 0, WORD)
        if frame >= frames or bit + element.width > WORD:
            raise L1mlError(
                f"{element.label} at {text!r}: write LINK.FRAME.BIT, with a frame below {frames} and all "
                f"{element.width} bits in the {WORD} of a word"
            )
        at.append((link * frames + frame) * WORD + bit)
        for used in range(at[-1], at[-1] + element.width):
            if used in taken:
                raise L1mlError(f"{element.label} at {text!r} overlaps with {taken[used]}")
            taken[used] = element.label
    return at
