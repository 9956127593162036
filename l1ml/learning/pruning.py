"""Pruning with tfmot: weights one by one, or in the blocks that a multiplier of the firmware serves.

At reuse factor R a multiplier takes R consecutive inputs of one neuron, one in each clock cycle. It vanishes only if
all of their weights are zero. tfmot has blocks of its own; they are not used, as it looks for the smallest blocks on
another grid than it removes them on where R does not divide the number of inputs, and fails if R reaches that number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ramp:
    """How the sparsity of each layer grows (polynomial decay, arXiv:1710.01878).

    Attributes:
        sparsity: Share of the blocks of each layer that are zero in the end.
        steps: Batches after which it is reached.
        frequency: Batches from one choice of blocks to the next.
    """

    sparsity: float
    steps: int
    frequency: int


def add_pruning(model: Any, ramp: Ramp, blocks: Mapping[str, int], layers: Sequence[str] | None = None) -> Any:
    """Wrap the layers of a model for pruning.

    The output layer keeps as many blocks as it has outputs, and the largest of each output, even if the ramp asks for
    less: a class without weights is never found.

    Args:
        model: Model of ``tf_keras``.
        ramp: How the sparsity grows.
        blocks: Consecutive inputs of a neuron that are pruned together, by layer; 1 for those left out.
        layers: Layers to prune, in the order of the data, of which the last is the output layer; None for all of a
            model that ends in a dense layer.

    Returns:
        A model that shares the weights of the given one; to be trained with tfmot's ``UpdatePruningStep``.
    """
    import tf_keras
    from tensorflow_model_optimization.sparsity import keras as sparsity

    names = [layer.name for layer in model.layers] if layers is None else layers

    def wrapped(layer: Any) -> Any:
        if layer.name not in names:
            return layer
        size = blocks.get(layer.name, 1)
        share = ramp.sparsity
        is_output = layer.name == names[-1]
        if size > 1 and is_output:
            share = min(share, 1 - 1 / block_rows(layer.kernel.shape[0], size))
        schedule = sparsity.PolynomialDecay(0.0, share, 0, ramp.steps, frequency=ramp.frequency)
        if size == 1:
            return sparsity.prune_low_magnitude(layer, pruning_schedule=schedule)
        return _block_wrapper()(layer, schedule, size, keep_outputs=is_output)

    return tf_keras.models.clone_model(model, clone_function=wrapped)


def _block_wrapper() -> type[Any]:
    """tfmot's wrapper of a layer with blocks of ``size`` inputs; made here, as importing tfmot takes seconds."""
    import tensorflow as tf
    from tensorflow_model_optimization.python.core.sparsity.keras.pruning_impl import Pruning
    from tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper import PruneLowMagnitude

    class Blocks(Pruning):
        def __init__(self, wrapper: Any, size: int, keep_outputs: bool) -> None:
            super().__init__(
                lambda: wrapper.pruning_step, wrapper.pruning_vars, wrapper.pruning_schedule, (1, 1), "AVG"
            )
            self.size, self.keep_outputs = size, keep_outputs

        def _maybe_update_block_mask(self, weights: Any) -> tuple[Any, Any]:
            inputs, outputs = weights.shape
            rows = block_rows(inputs, self.size)
            padded = tf.pad(weights, [[0, rows * self.size - inputs], [0, 0]])
            # The sum, not the mean: a short last block costs as much as a full one.
            worth = tf.reduce_sum(tf.reshape(padded, [rows, self.size, outputs]) ** 2, axis=1)
            if self.keep_outputs:
                worth += tf.where(worth == tf.reduce_max(worth, axis=0), tf.reduce_sum(worth), 0.0)
            threshold, mask = self._update_mask(worth)
            return threshold, tf.repeat(mask, self.size, axis=0)[:inputs]

    class PruneBlocks(PruneLowMagnitude):
        def __init__(self, layer: Any, schedule: Any, size: int, keep_outputs: bool) -> None:
            super().__init__(layer, pruning_schedule=schedule)
            self.size, self.keep_outputs = size, keep_outputs

        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.pruning_obj = Blocks(self, self.size, self.keep_outputs)

    return PruneBlocks


def block_rows(inputs: int, size: int) -> int:
    """Blocks of one neuron; the last one may be short, and a size beyond the inputs takes all of them."""
    return -(-inputs // size)


def used_blocks(weights: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    """Blocks that hold a weight other than zero.

    Args:
        weights: Weights of a dense layer, shape (inputs, outputs).
        size: Consecutive inputs of an output in a block.

    Returns:
        Shape (blocks of an output, outputs).
    """
    return np.logical_or.reduceat(weights != 0, np.arange(0, len(weights), size), axis=0)
