"""How hls4ml's C++ looks into the table of a function (``nnet_activation.h``).

The index is ``int(x * size / span) + offset``, clipped: a shift for the usual powers of two, a table, and a choice of
its ends. Only the truncation, which is toward zero, takes an addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from alkaid.trace import FVariable
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import floor_to, is_above, is_below, is_constant
from l1ml.compiler.programs.operations import MAX_ADDRESS_BITS, in_parts, look_up
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType

INT_BITS = 32
"""Width of the ``int`` in which the C++ makes an index; what is beyond wraps around."""

End = tuple[FVariable, int]
"""A bit, and the entry that it chooses."""


def table_size(layer: Any, key: str = "table_size", bits: int = MAX_ADDRESS_BITS, remedy: str = "") -> int:
    """Entries of a table of a layer's C++.

    Args:
        layer: hls4ml's layer.
        key: The attribute that says it.
        bits: Of the longest address.
        remedy: What else to do than to set ``TableSize``.

    Raises:
        L1mlError: If there are too many, before anything asks for them.
    """
    size = int(layer.get_attr(key))
    if not 1 <= size <= 1 << bits:
        raise L1mlError(f"layer {layer.name!r}: a table of {size} entries; set TableSize to 1..{1 << bits}{remedy}")
    return size


@dataclass(frozen=True)
class TableIndex:
    """The index of an entry, ``int(x * size / span) + offset`` clipped to the table.

    Attributes:
        size: Entries of the table.
        span: Range of inputs that the table covers. It is negative for a table that is read for x < 0 alone.
        offset: The entry for x = 0.
        unsigned: Whether the clip takes an index for unsigned, so that one that has become negative is large.
    """

    size: int
    span: int
    offset: int = 0
    unsigned: bool = False

    @classmethod
    def centred(cls, size: int, span: int) -> TableIndex:
        """The index into a table whose middle is for x = 0."""
        return cls(size, span, offset=size // 2)

    @classmethod
    def below_zero(cls, size: int, span: int, *, unsigned: bool) -> TableIndex:
        """The index into a table that begins at x = 0 and goes down."""
        return cls(size, -span, unsigned=unsigned)

    def of(self, value: int, fraction: int) -> int:
        """The index for an integer worth ``2**-fraction`` each."""
        # The quotient of an ap_fixed has the LSB of its dividend, which may be worth more than 1.
        quotient = _truncated(value * self.size, self.span) << max(-fraction, 0)
        index = _truncated(quotient, 1 << max(fraction, 0)) + self.offset
        lowest = 0 if self.unsigned else -1 << (INT_BITS - 1)
        return min(max((index - lowest) % (1 << INT_BITS) + lowest, 0), self.size - 1)

    def inputs(self, source: FixedType) -> NDArray[np.int64]:
        """An input for each entry, in LSB of its type; any within it for an entry that no input has."""
        return np.array([self._input(entry, source) for entry in range(self.size)])

    def _input(self, entry: int, source: FixedType) -> int:
        found = []
        for wrapped in (0, 1, -1):
            steps = entry - self.offset + (wrapped << INT_BITS)
            quotient = abs(steps) << source.fraction if source.fraction >= 0 else -(-abs(steps) >> -source.fraction)
            away = -(-quotient * abs(self.span) // self.size)  # the smallest that is as far from 0
            nearest = away if steps * self.span > 0 else -away
            nearest = nearest if self.span > 0 else min(nearest, -1)
            found.append(min(max(nearest, source.minimum), source.maximum))
        return next((value for value in found if self.of(value, source.fraction) == entry), found[0])

    def read(self, value: FVariable, fraction: int, words: NDArray[np.float64]) -> FVariable:
        """The entry for a symbolic value.

        Args:
            value: The value; for a negative span, what it gives above zero means nothing.
            fraction: Fractional bits of its type.
            words: The entries, real numbers.
        """
        if is_constant(value):
            return look_up(value, words[[self.of(int(value.low * 2.0**fraction), fraction)]])
        scaled, kept_bits = value * (self.size / abs(self.span)), min(fraction, 0)
        kept = floor_to(scaled, kept_bits)
        inexact = scaled.quantize(0, -kept_bits, scaled.kif[2]).unary_bit_op("any")
        return (self._read if self.span > 0 else self._read_below)(kept, inexact, words)

    def _read(self, kept: FVariable, inexact: FVariable, words: NDArray[np.float64]) -> FVariable:
        """An entry on either side of that for 0, by a number of steps that is rounded down."""
        steps = (kept + (inexact & kept.is_negative()) * kept.step).quantize(*kept.kif)
        if steps.low < -(2.0 ** (INT_BITS - 1)) or steps.high + self.offset >= 2.0 ** (INT_BITS - 1):
            steps = (steps + float(self.offset)).quantize(1, INT_BITS - 1, 0) - float(self.offset)
        top = max(self.offset - 1, self.size - self.offset - 1).bit_length()
        address = steps.quantize(1, top, 0)
        ends = [*_below(steps, top, 0), *_above(steps, top, self.size - 1)]
        return _entry(address, self.offset + _values(address), ends, words)

    def _read_below(self, kept: FVariable, inexact: FVariable, words: NDArray[np.float64]) -> FVariable:
        """An entry below 0; that nearest to it is for what is no step away.

        An exact number of steps counts one more, so that they are those of negative numbers, whose lower bits address
        the table.
        """
        wraps = kept.low < -(2.0 ** (INT_BITS - 1))
        more = kept.step if wraps or not is_constant(inexact) else 0.0
        counted = kept - ~inexact * more
        steps = counted.quantize(1, INT_BITS - 1, 0)
        top = max((self.size - 1).bit_length(), round(np.log2(kept.step)))
        address = steps.quantize(0, top, 0)
        ends = _below(steps, top, self.size - 1)
        if wraps:
            ends.append((~steps.msb(), self.size - 1 if self.unsigned else 0))
        return _entry(address, (1 << top) - round(more) - _values(address), ends, words)


def _below(steps: FVariable, top: int, entry: int) -> list[End]:
    """The entry of what is less than ``-2**top``."""
    low = -(2.0**top)
    return [(is_below(steps, FixedType(top + 1, top + 1), top), entry)] if steps.low < low else []


def _above(steps: FVariable, top: int, entry: int) -> list[End]:
    """The entry of what is not less than ``2**top``."""
    return [(is_above(steps, top), entry)] if steps.high >= 2.0**top else []


def _truncated(dividend: int, divisor: int) -> int:
    """A quotient, toward zero."""
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _values(address: FVariable) -> NDArray[np.int64]:
    """All values of an integer, from the lowest to the highest."""
    stride = 1 if is_constant(address) else round(address.step)
    return np.arange(round(address.low), round(address.high) + 1, stride)


def _entry(address: FVariable, entries: NDArray[np.int64], ends: list[End], words: NDArray[np.float64]) -> FVariable:
    """An entry of a table; which of its ends it is comes behind the table, which is smaller so.

    Args:
        address: A symbolic value.
        entries: The entry for each of its values, clipped here.
        ends: Bits that choose other entries, the last one first.
        words: All entries.
    """

    def read(part: NDArray[np.float64]) -> FVariable:
        word = look_up(address, part[np.clip(entries, 0, len(part) - 1)])
        for flag, entry in ends:
            word = word if is_constant(flag) and not flag.low else flag.msb_mux(float(part[entry]), word)
        return word

    return in_parts(words, read)
