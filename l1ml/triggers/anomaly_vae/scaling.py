"""Offsets and powers of two that bring hardware integers to the range of a small type, found from background events.

An offset is the median of its input, in steps of 0.5; an object that is seldom there has one of 0. The power of two is
common to an axis of all objects of a kind, so that a GeV or a step in φ is worth the same for each of them: the
smallest with which almost all values of objects that are there fit the type.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.layers.parameters import exact_type
from l1ml.triggers.anomaly_vae.hardware_objects import AXES, OBJECTS, kind_slices

HARDWARE = FixedType(13, 13)
"""Type of the hardware integers: signed, and wide enough for those of any kind."""

WORK = FixedType(18, 13)
"""Type in which the firmware subtracts and shifts, as that of CMS's AXOL1TL; no difference overflows it."""

FITTING = 0.999
"""Share of the values that the type must hold; others saturate."""


@dataclass(frozen=True)
class Scaling:
    """What the input scaler does to each input.

    Attributes:
        offsets: In hardware units, shape (57,).
        shifts: Places to the right, negative ones to the left, shape (57,).
        result: Type of the scaled inputs.
    """

    offsets: NDArray[np.float64]
    shifts: NDArray[np.int64]
    result: FixedType

    @classmethod
    def fit(cls, objects: NDArray[np.floating], result: FixedType) -> Scaling:
        """Find them.

        Args:
            objects: Hardware integers of background events, shape (n, 57).
            result: Type of the scaled inputs.
        """
        offsets = np.round(2 * np.median(objects, axis=0)) / 2
        distances = np.abs(objects - offsets).reshape(len(objects), len(OBJECTS), len(AXES))
        there = objects.reshape(distances.shape)[..., 0] > 0
        shifts = np.zeros((len(OBJECTS), len(AXES)), dtype=np.int64)
        for place in kind_slices().values():
            for axis in range(len(AXES)):
                found = distances[:, place, axis][there[:, place]]
                largest = np.quantile(found, FITTING) if len(found) else 0.0
                if largest > 0:
                    shifts[place, axis] = np.ceil(np.log2(largest / (result.maximum * result.lsb)))
        return cls(offsets, shifts.ravel(), result)

    def run(self, objects: NDArray[np.floating]) -> NDArray[np.float32]:
        """What the firmware makes of hardware integers, shape (n, 57), bit by bit."""
        kind = exact_type(self.offsets)
        arithmetic = InputScalerArithmetic(
            HARDWARE, kind, WORK, self.result, kind.quantize(self.offsets), self.shifts
        )  # fmt: skip
        return self.result.to_float(arithmetic.run(HARDWARE.quantize(objects))).astype(np.float32)
