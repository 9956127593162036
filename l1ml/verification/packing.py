"""Between integers of a tensor's elements and the bytes on a bus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Tensor, beats_of
from l1ml.errors import L1mlError


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
        bits = (block[:, :, None] >> np.minimum(np.arange(tensor.type.width), 63)) & 1  # above, all are the sign
        columns.append(bits.reshape(words, tensor.bits).astype(np.uint8))
        position += tensor.size
    return np.packbits(np.concatenate(columns, axis=1), axis=1, bitorder="little")


def unpack(rows: NDArray[np.uint8], tensors: Sequence[Tensor]) -> NDArray[np.int64]:
    """Inverse of ``pack``.

    Raises:
        L1mlError: If an integer does not fit 64 bits with a sign, which no correct core gives.
    """
    bits = np.unpackbits(rows, axis=1, bitorder="little")
    columns, position = [], 0
    events = len(rows) // beats_of(tensors)
    for tensor in tensors:
        width = tensor.type.width
        block = bits[:, position : position + tensor.bits].reshape(len(rows), tensor.word, width)
        weights = np.int64(1) << np.arange(min(width, 64), dtype=np.int64)
        if tensor.type.signed and width < 64:  # the highest bit of an int64 is negative by itself
            weights[-1] = -weights[-1]
        # Of a wider element, the bits above are the sign once more, if nothing is wrong.
        beyond = block[..., 63:] != block[..., 63:64]
        if np.any(beyond[..., 1:] if tensor.type.signed else block[..., 63:]):
            raise L1mlError(f"an element of {tensor.name} ({tensor.type}) has a value of more than 63 bits")
        columns.append((block[..., :64].astype(np.int64) @ weights).reshape(events, tensor.size))
        position += tensor.bits
    return np.concatenate(columns, axis=1)
