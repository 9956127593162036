"""Between integers of a tensor's elements and the bytes on a bus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Tensor, beats_of


def bus_bytes(tensors: Sequence[Tensor]) -> int:
    """Bytes that hold a word of the packed bus of some tensors."""
    return (sum(t.bits for t in tensors) + 7) // 8


def pack(values: NDArray[np.int64], tensors: Sequence[Tensor]) -> NDArray[np.uint8]:
    """Pack elements from the least significant bit on, each two's complement.

    Args:
        values: Integers in LSB, shape (events, elements of all tensors in order).
        tensors: The tensors on the bus.

    Returns:
        Bytes of each word, least significant first, shape (events × words of an event, ``bus_bytes``).
    """
    columns, position = [], 0
    words = len(values) * beats_of(tensors)
    for tensor in tensors:
        block = values[:, position : position + tensor.size].reshape(words, tensor.word)
        bits = (block[:, :, None] >> np.arange(tensor.type.width)) & 1
        columns.append(bits.reshape(words, tensor.bits).astype(np.uint8))
        position += tensor.size
    return np.packbits(np.concatenate(columns, axis=1), axis=1, bitorder="little")


def unpack(rows: NDArray[np.uint8], tensors: Sequence[Tensor]) -> NDArray[np.int64]:
    """Inverse of ``pack``."""
    bits = np.unpackbits(rows, axis=1, bitorder="little")
    columns, position = [], 0
    events = len(rows) // beats_of(tensors)
    for tensor in tensors:
        width = tensor.type.width
        block = bits[:, position : position + tensor.bits].reshape(len(rows), tensor.word, width)
        weights = np.int64(1) << np.arange(width, dtype=np.int64)
        if tensor.type.signed:
            weights[-1] = -weights[-1]
        columns.append((block.astype(np.int64) @ weights).reshape(events, tensor.size))
        position += tensor.bits
    return np.concatenate(columns, axis=1)
