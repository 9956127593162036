"""The Verilog of an hls4ml model whose C++ project has been written."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.compiler.emit import emit
from l1ml.compiler.network import network_of
from l1ml.compiler.options import EmitOptions
from l1ml.layers.activations.lowering import uses_table
from l1ml.reference.tables import CppTables

log = logging.getLogger(__name__)


def write_rtl(model: Any, project: Path, folder: Path) -> Design:
    """Write the Verilog of an hls4ml model whose C++ project has been written.

    Args:
        model: hls4ml ``ModelGraph`` of this backend.
        project: Folder of its C++ project, from which lookup tables are taken.
        folder: Where to write; Verilog that is there goes.

    Raises:
        L1mlError: If a layer has no lowering.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.sv"):
        old.unlink()
    layers = list(model.get_layers())
    tables = CppTables(
        softmaxes=[layer for layer in layers if layer.class_name == "Softmax"],
        elementwise=[layer for layer in layers if uses_table(layer)],
        project=project,
    )
    config = model.config.get_config_value
    options = EmitOptions(
        stage_delay=float(config("StageDelay", EmitOptions.stage_delay)),
        part=str(config("Part")),
        clock_ns=float(config("ClockPeriod")),
    )
    design = emit(network_of(model), tables, folder, options)
    log.info("wrote %s: latency %d cycles, II %d", folder, design.latency, design.initiation_interval)
    return design
