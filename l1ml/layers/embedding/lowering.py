"""Embedding: ``res[j, i] = result_t(embeddings[data[j], i])`` (``nnet_embed.h``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.compiler.programs.operations import MAX_ADDRESS_BITS, read
from l1ml.errors import L1mlError
from l1ml.layers.parameters import constants, input_type, output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Embedding``: a table for each column, addressed by each index.

    Raises:
        L1mlError: If an index can be none of the table's rows, or the table is too large.
    """
    rows, columns = int(layer.get_attr("vocab_size")), int(layer.get_attr("n_out"))
    index, result = np.asarray(inputs[0]), output_type(layer)
    least, most = min(v.low for v in index), max(v.high for v in index)
    if input_type(layer).fraction > 0:
        raise L1mlError(f"layer {layer.name!r}: its input is an index; give it an integer type, such as uint<4>")
    if least < 0 or most >= rows:
        raise L1mlError(
            f"layer {layer.name!r}: its index can be {least:.0f} to {most:.0f}, and it has {rows} rows; let it read an "
            "input of the model, or a layer that gives nothing else"
        )
    if rows > 1 << MAX_ADDRESS_BITS:
        raise L1mlError(f"layer {layer.name!r}: a table of {rows} rows; at most {1 << MAX_ADDRESS_BITS} are supported")
    entries = constants(layer, "embeddings")
    words = result.to_float(result.cast(entries.values.reshape(rows, columns), -entries.exponent))
    return FVArray(
        np.array([read(word, v) for v in index for word in words.T]), inputs[0].solver_options, inputs[0].hwconf
    )
