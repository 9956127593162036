"""Random networks of HGQ2 held against their C++, in a process of their own: it has one Keras, and HGQ2 needs Keras 3.

python hgq2_program.py FOLDER SEED NETWORKS EVENTS

prints what it found as JSON.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from typing import Any

from random_hgq2 import Networks

ATTEMPTS = 4
"""How often networks are drawn again."""

UNLUCKY = ("stops: it rounds to steps", "has more values; give that")
"""Of what HGQ2 makes of a drawing: steps at which hls4ml's C++ itself stops, a table that it reads beyond its end."""


def main(folder: str, seed: int, networks: int, events: int) -> dict[str, Any]:
    """Hold the Verilog of some networks against their C++, on vectors and on real numbers."""
    import hls4ml
    from graphs import compile_graph, hold_real_inputs, quiet
    from hgq.utils import trace_minmax

    import l1ml
    from l1ml.errors import L1mlError
    from l1ml.frontends.hls4ml.network import network_of

    for attempt in count():
        drawn = Networks(seed + 1000 * attempt)
        model = drawn.model(networks)
        print(*drawn.story, sep="\n", file=sys.stderr)
        trace_minmax(model, drawn.events(1000), verbose=0)
        config = {"Model": {"Precision": "fixed<1,0>", "ReuseFactor": 1}, "LayerName": drawn.options}
        try:
            with quiet():
                graph = hls4ml.converters.convert_from_keras_model(
                    model, hls_config=config, backend="Verilog", output_dir=folder, project_name="net"
                )
            compile_graph(graph)
            break
        except L1mlError as error:
            if attempt == ATTEMPTS or not any(reason in str(error) for reason in UNLUCKY):
                raise
            print(error, file=sys.stderr)
    result = l1ml.verify(graph, events=events)
    names = [tensor.name for tensor in network_of(graph).outputs for _ in range(tensor.size)]
    first = result.first_mismatch
    if first is None:
        hold_real_inputs(graph)
    return {
        "networks": networks,
        "layers": dict(drawn.drawn),
        "casts": sum(layer.class_name == "FixedPointQuantizer" for layer in graph.get_layers()),
        "events": result.events,
        "mismatches": result.mismatches,
        "first": None if first is None else f"{names[first.output]}: {first}",
        "interval": result.simulation.initiation_interval,
        "factor": max([1, *(option["ReuseFactor"] for option in drawn.options.values())]),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *(int(text) for text in sys.argv[2:]))))
