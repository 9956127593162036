"""What an autoencoder of trigger objects is to reconstruct, and what each input counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.anomaly_vae.hardware_objects import AXES, INPUTS, OBJECTS

if TYPE_CHECKING:
    from l1ml.learning.train import Objective, Sample

SMALLEST_SPREAD = 0.05
"""Spread that an input is at least taken to have, scaled; objects that are hardly ever there have none."""
SMALLEST_POWER = -12
"""Power of two for inputs that do not count; what is missed of them is then below any step."""


def input_weights(scaled: NDArray[np.float32], angle_weight: float) -> NDArray[np.float64]:
    """What the square of an error counts for, for each input.

    Inputs count in units of their spread, so that many GeV of a jet are no more than few of a muon.

    Args:
        scaled: Scaled inputs of background events, shape (n, 57).
        angle_weight: What η and φ count for, beside 1 for pT.

    Returns:
        Shape (57,).
    """
    spread = np.maximum(scaled.std(axis=0), SMALLEST_SPREAD)
    axis = np.tile([1.0] + [angle_weight] * (len(AXES) - 1), len(OBJECTS))
    return np.asarray(axis / spread**2)


def powers_of_two(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """k for each weight, such that (2^k x)² is nearest to the weight times x²; shape as that of the weights."""
    smallest = 4.0**SMALLEST_POWER
    return np.rint(np.log2(np.maximum(weights, smallest)) / 2).astype(np.int64)


def where_there(objects: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Inputs that mean something: pT always, η and φ where there is an object; shape (n, 57) as that of ``objects``."""
    there = np.repeat(objects[:, :: len(AXES)] > 0, len(AXES), axis=1)
    return there | (np.arange(len(INPUTS)) % len(AXES) == 0)


def weighted_sample(inputs: list[NDArray[np.float32]], wanted: list[NDArray[Any]], weights: list[Any]) -> Sample:
    """A sample for `weighted_errors`.

    Args:
        inputs: Scaled inputs for training and validation.
        wanted: What is to be reconstructed, shape as that of the inputs.
        weights: What the square of an error counts for, shape as that of the inputs or (57,).
    """
    from l1ml.learning.train import Sample

    both = [
        np.concatenate([values, np.broadcast_to(weight, values.shape)], axis=1).astype(np.float32)
        for values, weight in zip(wanted, weights, strict=True)
    ]
    return Sample(inputs[0], both[0], inputs[1], both[1])


def weighted_errors() -> Objective:
    """Half the sum of the weighted squares of what is missed: minus the log likelihood of normal errors."""
    import tensorflow as tf

    from l1ml.learning.train import Objective

    def loss(wanted: Any, found: Any) -> Any:
        values, weights = tf.split(wanted, 2, axis=-1)
        return tf.reduce_sum(weights * tf.square(values - found), axis=-1) / 2

    return Objective(lambda: loss)
