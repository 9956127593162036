"""RTL that Vitis HLS makes of an hls4ml project, driven by the protocol that its ports tell."""

from l1ml.verification.vitis.project import ProjectCpp
from l1ml.verification.vitis.simulation import VitisSimulation, simulate_vitis, verify_vitis
from l1ml.verification.vitis.sources import holds_rtl

__all__ = ["ProjectCpp", "VitisSimulation", "holds_rtl", "simulate_vitis", "verify_vitis"]
