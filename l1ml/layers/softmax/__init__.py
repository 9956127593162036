"""Softmax, by hls4ml's tables or as the place of the largest value."""

from __future__ import annotations

from typing import Any

import numpy as np

from l1ml.layers.family import Family
from l1ml.templates import render

TABLE_BITS = 16
"""Of the longest address of a table."""


class _Softmax(Family):
    """Softmax, whose outputs depend on all inputs."""

    def choose_strategy(self, layer: Any) -> None:
        """Check the strategy, and give a ``keras.layers.Softmax`` the C++ of an activation.

        hls4ml 1.3.0 names a configuration in the C++ after the Keras class and then asks for ``softmax_config``.
        """
        super().choose_strategy(layer)
        layer.set_attr("activation", "softmax")

    def table_dump(self, layer: Any) -> str:
        """The exponentials, the inverses, and the types that address them."""
        from l1ml.layers.indexing import table_size

        for key in ("exp_table_size", "inv_table_size"):
            if layer.get_attr(key) is None:
                table_size(layer, bits=TABLE_BITS)
            else:  # HGQ2 has an entry for each value of a quantizer
                table_size(layer, key, TABLE_BITS, ", or give the quantizers of its tables fewer bits")
        implementation = layer.get_attr("implementation", "stable")
        if implementation == "legacy":
            result = layer.get_output_variable().type.name
            return render("softmax/legacy.cpp.j2", layer=layer.name, index=layer.index, result=result)
        stable = implementation == "stable"
        address = "config::inp_norm_t" if stable else layer.get_input_variable().type.name
        values = {"layer": layer.name, "index": layer.index, "address": address, "negative": str(stable).lower()}
        return render("softmax/tables.cpp.j2", **values)

    def remark(self, layer: Any, inputs: Any, output: Any) -> str:
        """Whether the largest output is elsewhere than the largest input; equal ones count as the first of them."""
        cube = (len(output), int(layer.get_attr("n_outer", 1)), -1, int(layer.get_attr("n_inner", 1)))
        found, wanted = (values.reshape(cube).argmax(axis=2) for values in (output, inputs[0]))
        moved = float(np.mean((found != wanted).any(axis=(1, 2))))
        if not moved:
            return ""
        return (
            f"in {100 * moved:.2g} % of events its tables make another output the largest than the input that is: "
            "give exp_table, inv_table and the result more bits and a larger table_size, or leave softmax out of the "
            "firmware, as the logits have the same order"
        )


FAMILY = _Softmax(__name__, ("Softmax",), opens_segment=True)
