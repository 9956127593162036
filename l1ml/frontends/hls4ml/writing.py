"""The Verilog of an hls4ml model whose C++ project has been written."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.compiler.emit import emit
from l1ml.compiler.options import EmitOptions
from l1ml.folders import model_digest
from l1ml.frontends.hls4ml.checks import check_stage_delay
from l1ml.frontends.hls4ml.network import network_of
from l1ml.layers.registry import family_of
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
    config = model.config.get_config_value
    options = EmitOptions(
        stage_delay=check_stage_delay(config("StageDelay", EmitOptions.stage_delay)),
        part=str(config("Part", EmitOptions.part)),
        clock_ns=float(config("ClockPeriod", EmitOptions.clock_ns)),
        model=model_digest(project),
    )
    design = emit(network_of(model), cpp_tables(model, project), folder, options)
    log.info("wrote %s: latency %d cycles, II %d", folder, design.latency, design.initiation_interval)
    return design


def cpp_tables(model: Any, project: Path) -> CppTables:
    """The tables of the layers of a model, as the C++ of its project fills them."""
    dumps = [family_of(layer).table_dump(layer) for layer in model.get_layers()]
    return CppTables([dump for dump in dumps if dump], project)
