"""Offsets and shifts found from events: what fits, what saturates, and that all objects of a kind share a unit."""

from __future__ import annotations

import numpy as np

from l1ml.fixed import FixedType
from l1ml.triggers.anomaly_vae.hardware_objects import HIGHEST, INPUTS, LOWEST, kind_slices
from l1ml.triggers.anomaly_vae.scaling import FITTING, Scaling

RESULT = FixedType.parse("fixed<8,4,RND_CONV,SAT>")
OBJECTS = np.random.default_rng(8).integers(LOWEST, HIGHEST + 1, (4000, len(INPUTS))).astype(np.float32)
OBJECTS[:, 54:] = 0  # the last jet is never there


def test_almost_all_values_fit_and_half_the_range_would_be_too_small() -> None:
    scaling = Scaling.fit(OBJECTS, RESULT)
    jets = np.ravel_multi_index(np.meshgrid(np.arange(9, 18), [0], indexing="ij"), (19, 3)).ravel()
    exact = np.abs(OBJECTS - scaling.offsets)[:, jets] / 2.0 ** scaling.shifts[jets]
    largest = RESULT.maximum * RESULT.lsb
    assert np.mean(exact <= largest) >= FITTING - 1e-3
    assert np.mean(exact <= largest / 2) < FITTING
    scaled = scaling.run(OBJECTS)[:, jets]
    np.testing.assert_allclose(np.abs(scaled), np.minimum(exact, largest + RESULT.lsb), atol=RESULT.lsb)


def test_all_objects_of_a_kind_share_a_unit_and_one_that_is_never_there_has_no_offset() -> None:
    scaling = Scaling.fit(OBJECTS, RESULT)
    for place in kind_slices().values():
        assert (np.ptp(scaling.shifts.reshape(19, 3)[place], axis=0) == 0).all()
    np.testing.assert_array_equal(scaling.offsets[54:], 0)
    np.testing.assert_array_equal(scaling.run(OBJECTS)[:, 54:], 0)


def test_nothing_that_the_hardware_can_send_wraps() -> None:
    scaling = Scaling.fit(OBJECTS, RESULT)
    low, high = scaling.run(np.stack([LOWEST, HIGHEST]).astype(np.float32))
    assert (low <= high).all()
