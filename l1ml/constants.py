"""Numbers of a network that are known, such as weights: exact, of any width."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import INT64_BITS, MAX_WIDTH, integers, whole


@dataclass(frozen=True)
class Constants:
    """Numbers of a layer that are known, exactly: ``values * 2**exponent``, of any shape.

    The values are int64, or Python's integers if one has more than ``INT64_BITS``.
    """

    values: NDArray[np.int64]
    exponent: int

    @classmethod
    def of(cls, real: NDArray[np.floating]) -> Constants:
        """Real numbers as they are, in a unit that none of them is finer than."""
        real = np.asarray(real, dtype=np.float64)
        mantissas, exponents = np.frexp(real)
        places = cls(np.ldexp(mantissas, 53).astype(np.int64), -53).lowest + exponents
        exponent = int(places.min(initial=0, where=mantissas != 0))
        return cls(whole(np.ldexp(real, -exponent)), exponent)

    @property
    def real(self) -> NDArray[np.float64]:
        """The numbers in floating point, as alkaid takes them."""
        return np.ldexp(self.values.astype(np.float64), self.exponent)

    @property
    def fractions(self) -> list[Fraction]:
        """The numbers exactly, flat."""
        return [int(value) * Fraction(2) ** self.exponent for value in self.values.ravel()]

    @property
    def lowest(self) -> NDArray[np.int64]:
        """Exponent of the lowest bit of each that is set; for a 0, which has none, one above all others."""
        zeros = np.frexp((self.values & -self.values).astype(np.float64))[1] - 1
        return np.where(self.values == 0, MAX_WIDTH // 2, zeros) + self.exponent

    def at(self, exponent: int) -> NDArray[np.int64]:
        """The numbers in units of ``2**exponent``, rounded down."""
        places = self.exponent - exponent
        return integers(self.values.astype(object) * 2**places) if places >= 0 else self.values >> min(-places, 63)


def products(first: NDArray[np.int64], second: NDArray[np.int64], terms: int = 1) -> NDArray[np.int64]:
    """Exact products, element by element, as int64 if so many of them can be added up in it."""
    bits = sum(int(np.abs(factor).max(initial=0)).bit_length() for factor in (first, second)) + terms.bit_length()
    return first * second if bits <= INT64_BITS else first.astype(object) * second
