"""Thresholds on a score that depend on transverse energy, pseudorapidity and pile-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tf_keras.layers import Layer


class BinnedThresholds(Layer):
    """Trigger bits: the score is above a line in the pile-up that belongs to a bin of ET and |eta|.

    An edge belongs to the bin above it. The last bin of ET is open; below the first edge of ET and outside of the edges
    of |eta| no bit is set. ATLAS corrects its electron thresholds for pile-up this way (arXiv:1902.04655).

    Args:
        et_edges: Lower edges of the bins of ET, ascending, in the unit of the input.
        eta_edges: Edges of the bins of |eta|, ascending, one more than there are bins.
        intercept: Thresholds without pile-up, shape (working points, bins of ET, bins of eta).
        slope: What one collision adds to them, same shape.
        intercept_bits: Bits of the intercepts in firmware, sign included, at most 24.
        slope_bits: Bits of the slopes.
        kwargs: As for any Keras layer.

    Inputs: score, ET, eta (with or without sign), pile-up, each (batch, 1). Output: (batch, working points), 0 or 1.
    Firmware: ``l1ml.layers.binned_thresholds.arithmetic``.

    Raises:
        ValueError: For edges that do not ascend, negative edges of eta, or numbers whose shape is another.
    """

    def __init__(
        self,
        et_edges: Sequence[float],
        eta_edges: Sequence[float],
        intercept: Any,
        slope: Any,
        intercept_bits: int = 16,
        slope_bits: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.et_edges, self.eta_edges = [float(e) for e in et_edges], [float(e) for e in eta_edges]
        self.intercept, self.slope = (np.asarray(v, dtype=np.float64).tolist() for v in (intercept, slope))
        self.intercept_bits, self.slope_bits = int(intercept_bits), int(slope_bits)
        self._check()

    def _check(self) -> None:
        for name, edges, least in (("et_edges", self.et_edges, 1), ("eta_edges", self.eta_edges, 2)):
            if len(edges) < least or not np.all(np.diff(edges) > 0) or not np.all(np.isfinite(edges)):
                raise ValueError(f"{name} must be at least {least} finite numbers, each above the last; got {edges}")
        if self.eta_edges[0] < 0:
            raise ValueError(f"eta_edges are sizes, which are not negative; got {self.eta_edges}")
        bins = (len(self.et_edges), len(self.eta_edges) - 1)
        for name, values in (("intercept", self.intercept), ("slope", self.slope)):
            shape = np.shape(values)
            if len(shape) != 3 or shape[1:] != bins or not np.all(np.isfinite(values)):
                raise ValueError(f"{name} must be finite, of shape (working points, {bins[0]}, {bins[1]}); got {shape}")
        if np.shape(self.intercept) != np.shape(self.slope):
            raise ValueError(f"intercept has {len(self.intercept)} working points, slope {len(self.slope)}")
        for name in ("intercept_bits", "slope_bits"):
            if not 1 <= getattr(self, name) <= 24:
                raise ValueError(f"{name} must lie in 1..24, got {getattr(self, name)}")

    def call(self, inputs: Any) -> Any:
        """Decide."""
        score, et, eta, pileup = (tf.cast(values[..., 0], tf.float32) for values in inputs)
        row = tf.searchsorted(tf.constant(self.et_edges), et, side="right") - 1
        column = tf.searchsorted(tf.constant(self.eta_edges), tf.abs(eta), side="right") - 1
        inside = (row >= 0) & (column >= 0) & (column < len(self.eta_edges) - 1)
        index = tf.where(inside, row * (len(self.eta_edges) - 1) + column, 0)
        intercept, slope = (
            tf.gather(tf.reshape(tf.constant(values, tf.float32), (len(values), -1)), index, axis=1)
            for values in (self.intercept, self.slope)
        )
        return tf.cast(tf.transpose((score > intercept + slope * pileup) & inside), tf.float32)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        names = ("et_edges", "eta_edges", "intercept", "slope", "intercept_bits", "slope_bits")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
