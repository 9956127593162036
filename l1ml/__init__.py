"""L1ML: real-time trigger firmware from trained networks.

``l1ml.build`` makes a project of ``hls_projects/`` from data to verified firmware, ``l1ml.scan`` one for each value
of a key of its spec; ``l1ml.simulate`` and ``l1ml.verify`` serve any hls4ml model converted with ``backend="Verilog"``.
"""

from __future__ import annotations

from l1ml.api import BuildResult, SimulationResult, build, scan, simulate, verify
from l1ml.errors import L1mlError

__version__ = "0.1.0"
__all__ = ["BuildResult", "L1mlError", "SimulationResult", "__version__", "build", "scan", "simulate", "verify"]
