"""Digit-serial distributed arithmetic: a dense layer's sums from the digits of its inputs.

With x = sum_t 2^(d t) x_t, where x_t are digits of d bits, W x = sum_t 2^(d t) W x_t: the same small constant
kernel serves all digits (A. Croisier et al., US patent 3,777,130; S. White, IEEE ASSP Magazine 6 (1989) 4). Digits
come least significant first, so that the low bits of the sums are finished early and the accumulators stay as
narrow as the kernel's results.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from alkaid.trace import FVArray
from alkaid.types import CombLogic
from numpy.typing import NDArray

from l1ml.compiler.circuit import Net
from l1ml.compiler.programs.exact import is_narrow, matrix_product, reach
from l1ml.compiler.programs.operations import product_by_parts
from l1ml.compiler.programs.trace import HARDWARE, Interval, symbol, trace_program
from l1ml.constants import Constants

Later = tuple[tuple[int, int], ...]
"""Constants that are added with later digits than the first: the digit, and the constant in LSB of that digit's sum."""


@dataclass(frozen=True)
class DigitPlan:
    """How the inputs are cut into digits.

    Attributes:
        digit_bits: Bits of a digit.
        digits: Number of digits, one in each clock cycle.
        signed: Whether the last digit carries a sign.
        flipped: Whether the top bit of the inputs is inverted, which adds 2**(bits - 1) to each and leaves no sign;
            the accumulators start lower by what that adds.
        lsb: Worth of the lowest bit of the first digit.
        bits: Bits of an input from that one on.
    """

    digit_bits: int
    digits: int
    signed: bool
    flipped: bool
    lsb: float
    bits: int

    @property
    def kernel_bits(self) -> int:
        """Bits of a digit as the kernel sees it."""
        return self.digit_bits + int(self.signed)

    @property
    def padded_bits(self) -> int:
        """Bits of all digits."""
        return self.digit_bits * self.digits

    @property
    def phase_bits(self) -> int:
        """Bits of a counter of the digits."""
        return max(1, (self.digits - 1).bit_length())


def digit_net(plan: DigitPlan, index: int) -> Net:
    """The present digit of an input."""
    return Net(f"d{index}", plan.kernel_bits)


@dataclass(frozen=True)
class Accumulator:
    """The sum of one output.

    Attributes:
        start: What it starts from, in LSB of the first digit's sum.
        low, high: What it can hold after any digit.
        final: Lowest and highest value after the last digit.
        later: What it gets from the kernel with later digits.
    """

    start: int
    low: int
    high: int
    final: tuple[int, int]
    later: Later = ()

    @property
    def width(self) -> int:
        """Bits, two's complement."""
        return max((-self.low - 1).bit_length() if self.low < 0 else 0, self.high.bit_length(), 0) + 1


def plan_digits(intervals: list[Interval], reuse_factor: int) -> list[DigitPlan]:
    """Cut inputs into at most ``reuse_factor`` digits of as few bits as possible.

    Args:
        intervals: What each input can be; constants are left out by the caller.
        reuse_factor: Clock cycles there are.

    Returns:
        The ways to do it: one for unsigned inputs, two for signed ones.
    """
    lsb = min(step for _, _, step in intervals)
    signed = any(low < 0 for low, _, _ in intervals)
    ends = [end * int(step / lsb) for low, high, step in intervals for end in reach(low, high, step)]
    bits = max(max(ends).bit_length(), (-min(ends) - 1).bit_length() if signed else 0) + int(signed)
    digit_bits = ceil(bits / reuse_factor)
    digits = ceil(bits / digit_bits)
    if not signed:
        return [DigitPlan(digit_bits, digits, False, False, lsb, bits)]
    return [DigitPlan(digit_bits, digits, signed, not signed, lsb, bits) for signed in (True, False)]


def trace_kernel(weights: NDArray[np.int64], plan: DigitPlan) -> CombLogic:
    """The constant kernel: integer digits in, integer sums out.

    Args:
        weights: Integers, shape (n_in, n_out); no column without a weight.
        plan: The digits.
    """
    low, high = (-1 << (plan.digit_bits - 1)) if plan.signed else 0, (1 << plan.digit_bits) - 1
    digits = FVArray(np.array([symbol(low, high, 1.0) for _ in weights]), hwconf=HARDWARE)
    inputs = list(np.asarray(digits))
    if is_narrow(inputs, Constants(weights, 0)):
        return trace_program(inputs, np.asarray(product_by_parts(digits, weights.astype(np.float64))))
    return trace_program(inputs, matrix_product(inputs, Constants(weights, 0)))


def accumulator(weights: NDArray[np.int64], start: int, plan: DigitPlan, later: Later = ()) -> Accumulator:
    """Bounds of one output's accumulator, digit after digit.

    Args:
        weights: Integers of its column, shape (n_in,).
        start: What it starts from, in LSB of the first digit's sum.
        plan: The digits.
        later: What it gets from the kernel with later digits.
    """
    positive, negative = (sum(weights[chosen].tolist()) for chosen in (weights > 0, weights < 0))
    top = (1 << plan.digit_bits) - 1
    low = high = start
    lows, highs = [], []
    for digit in range(plan.digits):
        smallest, largest = 0, top
        if plan.signed and digit == plan.digits - 1:
            smallest, largest = -(1 << (plan.digit_bits - 1)), (1 << (plan.digit_bits - 1)) - 1
        if digit:
            low, high = low >> plan.digit_bits, high >> plan.digit_bits
        constant = sum(given for at, given in later if at == digit)
        low += positive * smallest + negative * largest + constant
        high += positive * largest + negative * smallest + constant
        lows.append(low)
        highs.append(high)
    return Accumulator(start, min(lows), max(highs), (low, high), later)
