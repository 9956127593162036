"""Where hls4ml finds the backend "Verilog"; light, as hls4ml loads it while it is being imported itself."""

from __future__ import annotations

from collections.abc import Callable


def register(register_backend: Callable[..., None], register_writer: Callable[..., None]) -> None:
    """Entry point for hls4ml's plugin loader."""
    from l1ml.frontends.hls4ml.backend import VerilogBackend, VerilogWriter
    from l1ml.layers.hls4ml import load

    register_writer("Verilog", VerilogWriter)
    register_backend("Verilog", VerilogBackend)
    load()
