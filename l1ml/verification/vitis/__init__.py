"""RTL that Vitis HLS makes of an hls4ml project, driven by the protocol that its ports tell."""

from l1ml.verification.vitis.simulation import simulate_vitis, verify_vitis

__all__ = ["simulate_vitis", "verify_vitis"]
