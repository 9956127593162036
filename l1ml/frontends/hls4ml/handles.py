"""Whether the files of a model are still its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l1ml.errors import L1mlError
from l1ml.folders import project_stamp


def check_handle(hls_model: Any) -> None:
    """See that the folder of a model holds what this very model wrote.

    Raises:
        L1mlError: If another conversion into the same folder wrote over it, or the model is of another backend.
    """
    config = hls_model.config
    backend = config.get_config_value("Backend")
    if backend != "Verilog":
        raise L1mlError(f"this model is of hls4ml's backend {backend}; convert it with backend='Verilog'")
    folder, stamp = Path(config.get_output_dir()), config.get_config_value("Stamp")
    written = project_stamp(folder)
    if stamp is not None and written is not None and written != stamp:
        raise L1mlError(
            f"{folder} holds the files of another conversion, which wrote over those of this model: write it again "
            "(hls_model.compile()), or give each model an output_dir of its own"
        )
